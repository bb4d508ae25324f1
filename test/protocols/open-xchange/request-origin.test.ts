import { expectError, json, OpenXchangeApp, UI, type Client } from '../../support/open-xchange';

const ox = new OpenXchangeApp();

const FROM_ELSEWHERE = ['Sec-Fetch-Site: cross-site', 'Origin: https://evil.example'];

describe('checkRequestOrigin', () => {
  const targetsOf = (client: Client) => [
    ...['store', 'refreshSecret', 'changeip', 'hasAutologin', 'autologin', 'logout', 'nonsense', ''].map(
      (action) => `login?action=${action}&session=${client.session}&client=${UI}&clientIP=192.0.2.1`,
    ),
    ...['all', 'clear', 'delete', 'nonsense', ''].map(
      (action) => `sessionmanagement?action=${action}&session=${client.session}`,
    ),
  ];

  it('refuses every action of a page of another site, also with the session id, and changes nothing', async () => {
    await ox.arrange({ router: { trustedClients: '127.0.0.1' } });
    const [client, other] = [await ox.signedIn(), await ox.signedIn()];
    await client.act('store');
    const cookies = [...client.jar];
    const before = await ox.database.knex('identity_sessions').orderBy('session_id');
    for (const target of targetsOf(client)) {
      for (const method of ['GET', 'POST']) {
        const answer = await client.send(method, `/ajax/${target}`, '', FROM_ELSEWHERE);
        expectError(answer, 'LGI-0026', ['Another site started this request.'], 403);
      }
    }
    expect(await ox.database.knex('identity_sessions').orderBy('session_id')).toEqual(before);
    expect([...client.jar]).toEqual(cookies);
    for (const one of [client, other]) expect(json(await one.use())).toEqual({ data: 'alice' });
  });

  it('accepts the actions of pages in `origins`', async () => {
    await ox.arrange({ options: { origins: ['https://portal.example'] } });
    const client = await ox.signedIn();
    const portal = ['Sec-Fetch-Site: cross-site', 'Referer: https://portal.example/'];
    const target = `/ajax/login?action=logout&session=${client.session}`;
    expect((await client.send('GET', target, '', portal)).status).toBe(200);
  });

  it('refuses a login before the password is checked or a failure is counted', async () => {
    const authenticate = jest.fn();
    await ox.arrange({ router: { authenticate, limits: { login: { limit: 1 } } } });
    const login = (headers: string[]) =>
      ox.client().send('POST', '/ajax/login?action=login', 'name=alice&password=x', headers);
    for (let i = 0; i < 3; i++) expect((await login(FROM_ELSEWHERE)).status).toBe(403);
    expect(authenticate).not.toHaveBeenCalled();
    expectError(await login([]), 'LGI-0006');
  });
});
