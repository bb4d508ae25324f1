import express, { type Request } from 'express';

import {
  autologin,
  createSignIn,
  currentSession,
  revokeRoute,
  sessionLookup,
  sessionSecretGuard,
  signOut,
} from '../../../lib';
import { CHROME, Client, expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { listenToWire, valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('cookies', () => {
  it('of two user agents and two clients lie side by side in one jar', async () => {
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
  ] as const)('with %s, another user agent passes: %s', async (cookieHash, passes) => {
    await ox.arrange({ wire: { cookieHash } });
    const client = await ox.signedIn();
    const updated = ox.client(FIREFOX.replace('4.0.1', '5.0'), UI, client.jar);
    const answer = json(await updated.use(client.session));
    expect(answer).toEqual(passes ? { data: 'alice' } : expect.objectContaining({ code: 'SES-0203' }));
  });

  it.each(['AppleCoreMedia/1.0', 'stagefright/1.2', 'Mozilla/5.0 (Trident/7.0; rv:11.0) like Gecko'])(
    'are found under the name of the sign-in by %s, which changes its name',
    async (agent) => {
      await ox.arrange();
      const client = await ox.signedIn();
      expect(json(await ox.client(agent, UI, client.jar).use(client.session))).toEqual({ data: 'alice' });
    },
  );

  it('differ by further headers that are hashed', async () => {
    await ox.arrange({ wire: { cookieHashFields: ['X-Tenant'] } });
    const client = ox.client();
    const target = `/ajax/login?action=login&client=${UI}`;
    const answer = await client.send('POST', target, 'name=alice&password=somePassword', ['X-Tenant: one']);
    client.session = json(answer)['session'] as string;
    const use = (headers: string[]) =>
      client.send('GET', `/ajax/config/gui?session=${client.session}`, '', headers);
    expect(json(await use(['X-Tenant: one']))).toEqual({ data: 'alice' });
    expectError(await use(['X-Tenant: two']), 'SES-0203', [client.session]);
  });

  it('are named by the user agent that the login gives, where it gives one', async () => {
    await ox.arrange();
    const client = ox.client('a proxy');
    await client.login('alice', `&clientUserAgent=${encodeURIComponent(CHROME)}`);
    expect(json(await ox.client(CHROME, UI, client.jar).use(client.session))).toEqual({ data: 'alice' });
    expect((await ox.manager.list({ userId: 'alice' }))[0]!.userAgent).toBe(CHROME);
  });

  it('end with the browser where that is wanted', async () => {
    await ox.arrange({ wire: { cookieTtl: 'web-browser' } });
    const client = ox.client();
    const cookies = [await client.login(), await client.act('store')].flatMap((answer) =>
      valuesOf(answer, 'Set-Cookie'),
    );
    expect(cookies).toHaveLength(2);
    expect(cookies.join()).not.toContain('expires');
  });

  it('are sent again a seventh of their life time later, once, with the values that they have', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    const before = [...client.jar];
    const refreshed = async () => {
      const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
      return valuesOf(await client.send('GET', target), 'Set-Cookie');
    };
    ox.clock.advance(DAY);
    expect(await refreshed()).toEqual([]);
    ox.clock.advance(1);
    const cookies = await refreshed();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) expect(cookie).toContain('; expires=Wed, 25-May-2011 13:28:59 GMT; ');
    expect([...client.jar]).toEqual(before);
    expect(await refreshed()).toEqual([]);
  });

  it('of the session are not sent again to who did not store it', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    ox.clock.advance(DAY + 1);
    await client.all();
    expect([...client.jar.keys()].map((name) => name.split('-')[2])).toEqual(['secret']);
  });
});

describe('the public-session cookie', () => {
  const wire = { publicSession: true };
  const FIREFOX_70 = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:70.0) Gecko/20100101 Firefox/70.0';
  const namesOf = (answer: RawAnswer) =>
    valuesOf(answer, 'Set-Cookie').map((line) => /^open-xchange-(.+)-\w+=/.exec(line)?.[1]);
  const image = (client: Client, method = 'GET', parameters = '') =>
    client.send(method, `/ajax/image${parameters}`);

  it('comes with a login under the published name, as long as the secret, and not unless it is wanted', async () => {
    await ox.arrange();
    expect(namesOf(await ox.client().login())).toEqual(['secret']);
    await ox.restart({ wire });
    const client = ox.client(FIREFOX_70, 'open-xchange-appsuite');
    const [secret = '', publicly = ''] = valuesOf(await client.login(), 'Set-Cookie');
    expect(secret).toContain('open-xchange-secret-IaxgQLSrL7j1zE1Yceasg=');
    expect(publicly).toBe(
      `open-xchange-public-session-OF7B6xxx3jbjvxmcsELGdA=${client.session}; ${secret.split('; ').slice(1).join('; ')}`,
    );
  });

  it('is sent again with the secret, and at once where it is missing', async () => {
    await ox.arrange({ wire });
    const client = await ox.signedIn();
    expect(namesOf(await client.act('refreshSecret'))).toEqual(['secret', 'public-session']);
    const list = () => client.send('GET', `/ajax/sessionmanagement?action=all&session=${client.session}`);
    expect(namesOf(await list())).toEqual([]);
    for (const name of client.jar.keys()) if (name.includes('public')) client.jar.delete(name);
    expect(namesOf(await list())).toEqual(['public-session']);
    expect(namesOf(await list())).toEqual([]);
    ox.clock.advance(DAY + 1);
    expect(namesOf(await list())).toEqual(['secret', 'public-session']);
  });

  it('is not sent at once to the gateway of ActiveSync, which would lack it every time', async () => {
    await ox.arrange({ wire });
    const client = await ox.signedIn('alice', 'Open-Xchange USM HTTP Client', 'USM-EAS');
    for (const name of client.jar.keys()) if (name.includes('public')) client.jar.delete(name);
    const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    expect(namesOf(await client.send('GET', target))).toEqual([]);
  });

  it('is forgotten by a logout, and by an autologin that fails', async () => {
    await ox.arrange({ wire });
    const client = await ox.signedIn();
    expect(namesOf(await client.act('logout'))).toEqual(['secret', 'public-session']);
    expect(client.jar.size).toBe(0);

    const stale = await ox.signedIn();
    const other = ox.client(CHROME, UI, stale.jar);
    await other.login('bob');
    await stale.act('store');
    await ox.manager.revoke({ owner: { userId: 'alice' } });
    expect(namesOf(await stale.autologin())).toEqual(['secret', 'session', 'public-session']);
    expect([...stale.jar.values()]).toContain(other.session);
  });

  it('names the session of what is fetched without a parameter, and the secret proves it', async () => {
    await ox.arrange({ wire });
    const client = await ox.signedIn();
    expect(json(await image(client))).toEqual({ data: 'alice' });
    expect(json(await image(client, 'GET', `?session=${client.session}`))).toEqual({ data: 'alice' });
    const thief = ox.client(
      FIREFOX,
      UI,
      new Map([...client.jar].filter(([name]) => name.includes('public'))),
    );
    expectError(await image(thief), 'SES-0203', ['<invalid_sessionid>']);
    await client.act('logout');
    expectError(await image(client), 'SES-0201');
  });

  it('opens nothing else, and no writing', async () => {
    await ox.arrange({ wire });
    const client = await ox.signedIn();
    expectError(await image(client, 'POST'), 'SES-0201');
    expectError(await client.send('GET', '/ajax/config/gui'), 'SES-0201');
    expectError(await client.send('GET', '/ajax/sessionmanagement?action=all'), 'SES-0201');
  });

  it('of two users in one jar names neither', async () => {
    await ox.arrange({ wire, router: { authenticate: (userId) => ({ userId }) } });
    const client = await ox.signedIn('alice');
    await ox.client(FIREFOX, 'another', client.jar).login('bob');
    expectError(await image(client), 'SES-0203', ['<invalid_sessionid>']);
    client.jar.clear();
    client.jar.set('open-xchange-public-session-x', 'junk');
    expectError(await image(client), 'SES-0201');
  });
});

describe('the wire', () => {
  it('is spoken by the sign-in of an app’s own, too', async () => {
    await ox.arrange();
    const { manager, dialect } = ox;
    const app = express();
    const signIn = createSignIn(manager, { dialect });
    app.post('/sign-in', (request, response, next) => {
      signIn(request, response, { userId: 'alice' }).then(({ session }) => response.json(session), next);
    });
    app.get('/private', sessionSecretGuard(manager, { dialect }), (_request, response) => {
      response.json({ data: 'private' });
    });
    const wire = await listenToWire(app);
    try {
      const client = new Client(wire, CHROME, '', new Map());
      const session = json(await client.send('POST', '/sign-in'))['sessionId'] as string;
      expect([...client.jar.values()]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(json(await client.send('GET', `/private?session=${session}`))).toEqual({ data: 'private' });
    } finally {
      await wire.close();
    }
  });

  it('has no tokens, as its clients keep cookies', async () => {
    await ox.arrange();
    expect(() => ox.dialect.token('id', 'secret')).toThrow(TypeError);
  });

  it('reads what is to end from bodies of all kinds, and says what is wrong with one', async () => {
    await ox.arrange();
    await ox.signedIn();
    const [session] = await ox.manager.list({ userId: 'alice' });
    const asked = (body: unknown) => ox.dialect.revocation({ body } as Request, session!);
    expect(asked(['a', 'b'])).toMatchObject({ only: ['a', 'b'] });
    expect(() => asked('x')).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});

describe('the verbs of every wire', () => {
  /** An app that mounts them itself; its accounts have no locale. */
  async function mounted() {
    await ox.arrange({ router: { authenticate: (userId) => ({ userId }) } });
    const { manager, dialect } = ox;
    const app = express();
    app.post('/sign-in', (request, response, next) => {
      const clientId = request.query['client'] as string;
      createSignIn(manager, { dialect })(request, response, { userId: 'alice', clientId }).then(
        ({ session }) => response.json({ session: session.sessionId }),
        next,
      );
    });
    app.post('/autologin', autologin(manager, { dialect }));
    app.post('/sign-out', signOut(manager, { dialect }));
    app.use(sessionSecretGuard(manager, { dialect }));
    app.get('/session', currentSession(manager, { dialect }));
    app.get('/sessions', sessionLookup(manager, { dialect }));
    app.put('/sessions', express.json(), revokeRoute(manager, { dialect }));
    const wire = await listenToWire(app);
    const open = async (client: string) => {
      const one = new Client(wire, CHROME, client, new Map());
      one.session = json(await one.send('POST', `/sign-in?client=${client}`))['session'] as string;
      return one;
    };
    return { wire, open };
  }

  const IN_GERMAN = ['Accept-Language: de'];
  const JSON_BODY = ['Content-Type: application/json'];
  let server: Awaited<ReturnType<typeof mounted>>;
  beforeEach(async () => {
    server = await mounted();
  });
  afterEach(() => server.wire.close());

  it.each([UI, 'open-xchange-appsuite', 'my-script'])(
    'forget the cookies of a session that is signed out of, also when it had ended before: %s',
    async (id) => {
      for (const endedBefore of [false, true]) {
        const client = await server.open(id);
        expect(client.jar.size).toBe(1);
        if (endedBefore) await ox.manager.revoke({ owner: { userId: 'alice' } });
        const answer = await client.send('POST', `/sign-out?session=${client.session}`);
        expect([answer.status, answer.body, client.jar.size]).toEqual([200, '{}', 0]);
        expect(valuesOf(answer, 'Set-Cookie')).toEqual([
          expect.stringContaining('; expires=Thu, 01-Jan-1970 00:00:10 GMT; path=/'),
        ]);
        expect(await ox.manager.list({ userId: 'alice' })).toEqual([]);
      }
    },
  );

  it('forget what came along where no session is known', async () => {
    const client = await server.open(UI);
    await client.send('POST', `/sign-out?session=${'0'.repeat(32)}&client=${UI}`);
    expect(client.jar.size).toBe(0);
  });

  it('forget the cookies of the own session when it is ended with others, and keep them otherwise', async () => {
    const [one, two] = [await server.open(UI), await server.open(UI)];
    const end = (ids: string[]) =>
      one.send('PUT', `/sessions?session=${one.session}`, JSON.stringify(ids), JSON_BODY);
    expect(valuesOf(await end([two.session]), 'Set-Cookie')).toEqual([]);
    expect(valuesOf(await end([one.session]), 'Set-Cookie')).toHaveLength(1);
    expect(one.jar.size).toBe(0);
  });

  it('show sessions in the language of the request', async () => {
    const client = await server.open('open-xchange-appsuite');
    for (const path of ['/session', '/sessions']) {
      const target = `${path}?session=${client.session}`;
      const german = Buffer.from((await client.send('GET', target, '', IN_GERMAN)).body, 'latin1').toString();
      expect(german).toContain('"displayName":"OX App Suite, Chrome 65 auf Linux"');
      expect((await client.send('GET', target)).body).toContain('Chrome 65 on Linux');
    }
  });

  it('revive the session of the cookies, and issue both of them anew', async () => {
    const client = new Client(ox.wire, CHROME, UI, new Map());
    await client.login();
    await client.act('store');
    const before = [...client.jar];
    ox.clock.advance(DAY / 2);
    const returning = new Client(server.wire, CHROME, UI, client.jar);
    const answer = await returning.send('POST', `/autologin?client=${UI}`);
    expect(json(answer)).toMatchObject({ session: client.session });
    expect([...client.jar]).toEqual(before);
    const cookies = valuesOf(answer, 'Set-Cookie');
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) expect(cookie).toContain('; expires=Wed, 25-May-2011 01:28:59 GMT; ');
  });
});
