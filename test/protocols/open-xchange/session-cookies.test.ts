import { expectError, json, OpenXchangeApp } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('the actions store and refreshSecret', () => {
  it.each(['store', 'refreshSecret'])('refuse the same requests as the guard: %s', async (action) => {
    await ox.arrange();
    expectError(await ox.client().send('GET', `/ajax/login?action=${action}`), 'SES-0201');
    const client = await ox.signedIn();
    const stranger = ox.client();
    expectError(
      await stranger.send('GET', `/ajax/login?action=${action}&session=${client.session}`),
      'SES-0203',
      [client.session],
    );
  });

  it('work by POST, with parameters in the form', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    const answer = await client.send('POST', '/ajax/login', `action=store&session=${client.session}`);
    expect(answer.body).toBe('{"data":"1"}');
    expect(client.jar.size).toBe(2);
  });

  it('are disabled if autologin is off, as is autologin itself', async () => {
    await ox.arrange({ options: { autologin: false } });
    const client = ox.client();
    expect(valuesOf(await client.login(), 'Set-Cookie')[0]).not.toContain('expires');
    expectError(await client.act('store'), 'SVL-0015', ['store']);
    expectError(await client.autologin(), 'SVL-0015', ['autologin']);
    expect(json(await client.act('hasAutologin'))).toEqual({ data: false });
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it('include refreshSecret, which sends the same secret again with its full lifetime', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    const before = [...client.jar];
    ox.clock.advance(10_000);
    const answer = await client.act('refreshSecret');
    expect(answer.body).toBe('{"data":"1"}');
    expect(valuesOf(answer, 'Set-Cookie')[0]).toContain('expires=Tue, 24-May-2011 13:29:09 GMT');
    expect([...client.jar]).toEqual(before);
  });
});
