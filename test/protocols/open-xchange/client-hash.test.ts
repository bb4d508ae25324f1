import { CHROME, expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';

const ox = new OpenXchangeApp();

describe('the names of the cookies', () => {
  it('differ for two user agents and two clients in one cookie jar', async () => {
    await ox.arrange();
    const jar = new Map<string, string>();
    const clients = [FIREFOX, CHROME].flatMap((agent) =>
      [UI, 'open-xchange-appsuite'].map((client) => ox.client(agent, client, jar)),
    );
    for (const [at, client] of clients.entries()) {
      await client.login(`user${at}`);
      await client.act('store');
    }
    expect(jar.size).toBe(8);
    for (const [at, client] of clients.entries()) {
      expect(json(await client.use())).toEqual({ data: `user${at}` });
      expect(json(await client.autologin())).toMatchObject({ session: client.session, user: `user${at}` });
    }
    expect((await clients[0]!.act('logout')).status).toBe(200);
    expect(jar.size).toBe(6);
    expect(json(await clients[1]!.use())).toEqual({ data: 'user1' });
  });

  it.each([
    ['calculate', false],
    ['remember', true],
  ] as const)('with cookieHash %s, another user agent is accepted: %s', async (cookieHash, passes) => {
    await ox.arrange({ protocol: { cookieHash } });
    const client = await ox.signedIn();
    const updated = ox.client(FIREFOX.replace('4.0.1', '5.0'), UI, client.jar);
    const answer = json(await updated.use(client.session));
    expect(answer).toEqual(passes ? { data: 'alice' } : expect.objectContaining({ code: 'SES-0203' }));
  });

  it.each(['AppleCoreMedia/1.0', 'stagefright/1.2', 'Mozilla/5.0 (Trident/7.0; rv:11.0) like Gecko'])(
    'are found for %s, which sends another user agent than at sign-in',
    async (agent) => {
      await ox.arrange();
      const client = await ox.signedIn();
      expect(json(await ox.client(agent, UI, client.jar).use(client.session))).toEqual({ data: 'alice' });
    },
  );

  it('differ by the further headers that are hashed', async () => {
    await ox.arrange({ protocol: { cookieHashFields: ['X-Tenant'] } });
    const client = ox.client();
    const target = `/ajax/login?action=login&client=${UI}`;
    const answer = await client.send('POST', target, 'name=alice&password=somePassword', ['X-Tenant: one']);
    client.session = json(answer)['session'] as string;
    const use = (headers: string[]) =>
      client.send('GET', `/ajax/config/gui?session=${client.session}`, '', headers);
    expect(json(await use(['X-Tenant: one']))).toEqual({ data: 'alice' });
    expectError(await use(['X-Tenant: two']), 'SES-0203', [client.session]);
  });

  it('use the user agent in the parameters of the login, if there is one', async () => {
    await ox.arrange({ router: { trustedClients: '127.0.0.1' } });
    const client = ox.client('a proxy');
    await client.login('alice', `&clientUserAgent=${encodeURIComponent(CHROME)}`);
    expect(json(await ox.client(CHROME, UI, client.jar).use(client.session))).toEqual({ data: 'alice' });
    expect((await ox.manager.list({ userId: 'alice' })).sessions[0]!.userAgent).toBe(CHROME);
  });
});
