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
import { CHROME, Client, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { listenToWire, valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('the Open-Xchange dialect', () => {
  it('works with the sign-in route of an app', async () => {
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

  it('has no bearer tokens', async () => {
    await ox.arrange();
    expect(() => ox.dialect.token('id', 'secret')).toThrow(TypeError);
  });

  it('reads the revocation from bodies of all kinds, and rejects invalid ones', async () => {
    await ox.arrange();
    await ox.signedIn();
    const {
      sessions: [session],
    } = await ox.manager.list({ userId: 'alice' });
    const asked = (body: unknown) => ox.dialect.revocation({ body } as Request, session!);
    expect(asked(['a', 'b'])).toMatchObject({ only: ['a', 'b'] });
    expect(() => asked('x')).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});

describe('the verbs with the Open-Xchange dialect', () => {
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
    'clear the cookies at sign-out, also if the session had already ended: %s',
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
        expect((await ox.manager.list({ userId: 'alice' })).sessions).toEqual([]);
      }
    },
  );

  it('clear the cookies of the request if its session is unknown', async () => {
    const client = await server.open(UI);
    await client.send('POST', `/sign-out?session=${'0'.repeat(32)}&client=${UI}`);
    expect(client.jar.size).toBe(0);
  });

  it('clear the cookies only if the current session is among those that end', async () => {
    const [one, two] = [await server.open(UI), await server.open(UI)];
    const end = (ids: string[]) =>
      one.send('PUT', `/sessions?session=${one.session}`, JSON.stringify(ids), JSON_BODY);
    expect(valuesOf(await end([two.session]), 'Set-Cookie')).toEqual([]);
    expect(valuesOf(await end([one.session]), 'Set-Cookie')).toHaveLength(1);
    expect(one.jar.size).toBe(0);
  });

  it('describe sessions in the language of the request', async () => {
    const client = await server.open('open-xchange-appsuite');
    for (const path of ['/session', '/sessions']) {
      const target = `${path}?session=${client.session}`;
      const german = Buffer.from((await client.send('GET', target, '', IN_GERMAN)).body, 'latin1').toString();
      expect(german).toContain('"displayName":"OX App Suite, Chrome 65 auf Linux"');
      expect((await client.send('GET', target)).body).toContain('Chrome 65 on Linux');
    }
  });

  it('revive the session and issue both cookies again', async () => {
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
