import type { IdentitySessionOptions } from '../../../lib';
import { expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('autologin', () => {
  it('continues the session, also after days', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    ox.clock.advance(6 * DAY);
    const answer = await client.autologin();
    expect(json(answer)).toMatchObject({ session: client.session, user: 'alice', locale: 'en_US' });
    expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(2);
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it.each(['secret', 'session'])('clears the %s cookie if it is the only one', async (kept) => {
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

  it('sets no cookies if the request has none', async () => {
    await ox.arrange();
    const answer = await ox.client().autologin();
    expectError(answer, 'SVL-0003');
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
  });

  describe('from another address', () => {
    async function returned(options: IdentitySessionOptions, address: string, client = UI) {
      await ox.arrange({ options });
      const one = await ox.signedIn('alice', FIREFOX, client);
      await one.act('store');
      ox.clock.advance(DAY);
      const target = `/ajax/login?action=autologin&client=${client}`;
      const answer = await one.send('GET', target, '', [`X-Forwarded-For: ${address}`]);
      return { client: one, answer };
    }

    it.each<[string, IdentitySessionOptions, string]>([
      ['by default', {}, '192.0.2.9'],
      ['with a strict check', { ipCheck: { mode: 'strict' } }, '192.0.2.9'],
      ['outside its subnet', { ipCheck: { maskV4: '/8' } }, '192.0.2.9'],
    ])('ends the session and clears its cookies: %s', async (_, options, address) => {
      const { client, answer } = await returned(options, address);
      expectError(answer, 'SVL-0003');
      expect(client.jar.size).toBe(0);
      const [row] = await ox.database.knex('identity_sessions').select('end_reason');
      expect(row).toEqual({ end_reason: 'ip-changed' });
    });

    it.each<[string, IdentitySessionOptions, string, string]>([
      ['continues the session if the address only has another spelling', {}, '::ffff:127.0.0.1', UI],
      ['continues the session with the mode none', { ipCheck: { mode: 'none' } }, '192.0.2.9', UI],
      ['continues the session within its subnet', { ipCheck: { maskV4: '/8' } }, '127.9.9.9', UI],
      [
        'continues the session of a client that may change its address',
        {},
        '192.0.2.9',
        'open-xchange-mailapp',
      ],
    ])('%s', async (_, options, address, client) => {
      const { client: one, answer } = await returned(options, address, client);
      expect(json(answer)).toMatchObject({ session: one.session });
    });

    it.each<[string, IdentitySessionOptions, boolean]>([
      ['by default', {}, false],
      ['with the mode none', { ipCheck: { mode: 'none' } }, true],
    ])('no other request moves the session before: %s', async (_, options, moves) => {
      await ox.arrange({ options });
      const client = await ox.signedIn();
      await client.act('store');
      const from = ['X-Forwarded-For: 192.0.2.9'];
      const use = await client.send('GET', `/ajax/config/gui?session=${client.session}`, '', from);
      if (moves) expect(json(use)).toEqual({ data: 'alice' });
      else expectError(use, 'SES-0205');
      const target = `/ajax/login?action=autologin&client=${UI}`;
      const answer = json(await client.send('GET', target, '', from));
      expect(answer['session']).toBe(moves ? client.session : undefined);
    });
  });
});
