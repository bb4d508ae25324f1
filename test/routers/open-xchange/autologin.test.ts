import { expectError, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('autologin', () => {
  it('goes on with the session, also after days', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    ox.clock.advance(6 * DAY);
    const answer = await client.autologin();
    expect(json(answer)).toMatchObject({ session: client.session, user: 'alice', locale: 'en_US' });
    expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(2);
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it.each(['secret', 'session'])('with the %s cookie alone forgets it', async (kept) => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    for (const name of client.jar.keys()) if (!name.includes(kept)) client.jar.delete(name);
    const answer = await client.autologin();
    expectError(answer, 'SVL-0003');
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([
      expect.stringMatching(
        /^open-xchange-\w+-\w+=[0-9a-f]{32}; expires=Thu, 01-Jan-1970 00:00:10 GMT; path=\//,
      ),
    ]);
    expect(client.jar.size).toBe(0);
  });

  it('without cookies sets none', async () => {
    await ox.arrange();
    const answer = await ox.client().autologin();
    expectError(answer, 'SVL-0003');
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
  });

  it('from another address ends the session where addresses are checked', async () => {
    await ox.arrange({ options: { ipCheck: { mode: 'strict' } } });
    const client = await ox.signedIn();
    await client.act('store');
    const target = `/ajax/login?action=autologin&client=${UI}`;
    expectError(await client.send('GET', target, '', ['X-Forwarded-For: 192.0.2.9']), 'SVL-0003');
    expect(client.jar.size).toBe(0);
    expect(await ox.manager.list({ userId: 'alice' })).toEqual([]);
  });
});
