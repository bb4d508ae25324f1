import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';

import {
  createSignIn,
  memory,
  rest,
  SessionError,
  sessionErrors,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SignInFacts,
  type VerbOptions,
} from '../../lib';
import type { OpenedSession } from '../../lib/protocols';
import type { AdministeredStore } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

const COOKIE = /^__Host-identity=[0-9a-f]{32}\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/;

let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  store = memory();
  use();
});

/** An app that believes whoever posts. */
function use(options: IdentitySessionOptions = {}, verb?: VerbOptions): void {
  manager = managerOn({ store, clock: new FakeClock(), ...options });
  const signIn = createSignIn(manager, verb);
  app = express();
  app.set('trust proxy', true);
  app.post('/', express.json(), (request_, response, next) => {
    response.append('Set-Cookie', 'theme=dark');
    signIn(request_, response, request_.body as SignInFacts).then(
      (signedIn) => response.json(signedIn),
      next,
    );
  });
  app.use(sessionErrors(manager, verb));
}

function signingIn(facts: object = { userId: 'alice' }, headers: Record<string, string> = {}) {
  return request(app).post('/').set(headers).send(facts);
}

const ours = (response: request.Response) =>
  (response.get('Set-Cookie') ?? []).filter((cookie) => !cookie.startsWith('theme='));
const sessionsOf = (userId: string) => manager.list({ userId });

describe('signing in', () => {
  it('opens a session and sets one cookie, which ends with the browser; the app answers as it likes', async () => {
    const response = await signingIn();
    expect([response.status, response.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(response.get('Set-Cookie')).toEqual(['theme=dark', expect.stringMatching(COOKIE)]);
    expect(response.body).toEqual({ session: expect.objectContaining({ userId: 'alice' }) });
    const [session] = await sessionsOf('alice');
    expect(ours(response)[0]).toContain(`=${session!.sessionId}.`);
  });

  it('leaves the kind of the answer to the app', async () => {
    const signIn = createSignIn(manager);
    app.post('/page', async (request_, response) => {
      await signIn(request_, response, { userId: 'alice' });
      response.send('<p>Welcome</p>');
    });
    const response = await request(app).post('/page');
    expect(response.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(ours(response)).toHaveLength(1);
  });

  it('sets a cookie for the long lifetime for who stays signed in', async () => {
    const response = await signingIn({ userId: 'alice', staySignedIn: true });
    expect(ours(response)).toEqual([expect.stringContaining('; Max-Age=604800; ')]);
  });

  it('gives a client that keeps no cookies a token instead, wherever it comes from', async () => {
    const response = await signingIn(
      { userId: 'alice', transport: 'bearer' },
      { 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(ours(response)).toEqual([]);
    const { sessionId } = (await sessionsOf('alice'))[0]!;
    expect(response.body.token).toMatch(new RegExp(`^eis_${sessionId}\\.[A-Za-z0-9_-]{43}$`));
  });

  it('notes with what and from where, by the request alone: nobody is believed who says otherwise', async () => {
    const victim = await manager.open({ userId: 'bob' });
    const { sessionId } = victim.session;
    const claims = {
      userId: 'alice',
      userAgent: 'claimed',
      ipAddress: '198.51.100.7',
      replaces: { sessionId, secret: victim.secret },
      secretForm: 'hex',
    };
    const response = await signingIn(claims, { 'User-Agent': 'curl/8.5.0', 'X-Forwarded-For': '192.0.2.1' });
    expect((await sessionsOf('alice'))[0]).toMatchObject({
      userAgent: 'curl/8.5.0',
      ipAddresses: ['192.0.2.1'],
    });
    expect(ours(response)).toEqual([expect.stringMatching(COOKIE)]);
    expect(await sessionsOf('bob')).toHaveLength(1);
  });

  it('keeps the beginning of a user agent of 15 KB', async () => {
    await signingIn({ userId: 'alice' }, { 'User-Agent': 'x'.repeat(15_000) });
    expect((await sessionsOf('alice'))[0]?.userAgent).toBe('x'.repeat(512));
  });

  it.each(['garbage', '<script>alert(1)</script>'])('keeps no address of %j', async (address) => {
    const response = await signingIn({ userId: 'alice' }, { 'X-Forwarded-For': address });
    expect(response.body.session.ipAddresses).toEqual([]);
  });
});

describe('signing in again', () => {
  it.each(['alice', 'bob'])('as %s ends the session whose credentials came in', async (userId) => {
    const before = [await manager.open({ userId: 'alice' }), await manager.open({ userId: 'alice' })];
    await signingIn({ userId }, { Cookie: cookieOf(before[0]!) });
    await signingIn({ userId, transport: 'bearer' }, { Authorization: bearerOf(before[1]!) });
    for (const { session } of before) {
      expect(await store.find(session.sessionId)).toMatchObject({ endReason: 'replaced' });
    }
    expect(await sessionsOf(userId)).toHaveLength(2);
  });

  it('never takes over an id that the client brought along', async () => {
    const planted = `${'0'.repeat(32)}.${'A'.repeat(43)}`;
    const response = await signingIn({ userId: 'alice' }, { Cookie: `__Host-identity=${planted}` });
    expect(response.body.session.sessionId).not.toBe('0'.repeat(32));
    expect(ours(response)[0]).not.toContain('A'.repeat(43));
  });

  it('ends no session whose id somebody knows, and not its secret', async () => {
    const { session } = await manager.open({ userId: 'bob' });
    const response = await signingIn(
      { userId: 'alice' },
      { Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) },
    );
    expect(response.status).toBe(200);
    expect(await sessionsOf('bob')).toHaveLength(1);
  });

  it('lets in who brings a cookie that nobody can read: that is how to get rid of it', async () => {
    const response = await signingIn({ userId: 'alice' }, { Cookie: '__Host-identity=junk' });
    expect([response.status, ours(response)]).toEqual([200, [expect.stringMatching(COOKIE)]]);
  });
});

describe('signing in is refused', () => {
  async function expectRefusal(response: request.Response, status: number, code: string): Promise<void> {
    expect(response.body).toMatchObject({ status, code });
    expect(response.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
    expect(ours(response)).toEqual([]);
    expect(await sessionsOf('alice')).toEqual([]);
  }

  it('to what another site started', async () => {
    await expectRefusal(
      await signingIn({ userId: 'alice' }, { 'Sec-Fetch-Site': 'cross-site' }),
      403,
      'cross-site',
    );
  });

  it('to what another site started, also for a token, when it would end the session of the cookie', async () => {
    const bob = await manager.open({ userId: 'bob' });
    for (const transport of ['bearer', 'cookie']) {
      const headers = { Cookie: cookieOf(bob), 'Sec-Fetch-Site': 'cross-site' };
      await expectRefusal(await signingIn({ userId: 'alice', transport }, headers), 403, 'cross-site');
    }
    expect(await sessionsOf('bob')).toHaveLength(1);
  });

  it.each(['Cookie', 'Bearer', '', null, 1, ['bearer']])(
    'by the transport %j, which is none',
    async (transport) => {
      const headers = { 'Sec-Fetch-Site': 'same-origin' };
      await expectRefusal(await signingIn({ userId: 'alice', transport }, headers), 400, 'invalid-request');
    },
  );

  it('with two session cookies, because it is not clear which of them goes', async () => {
    const cookies = '__Host-identity=a; __Host-identity=b';
    await expectRefusal(
      await signingIn({ userId: 'alice' }, { Cookie: cookies }),
      400,
      'credentials-ambiguous',
    );
  });

  it.each([
    { userId: 'a\0b' },
    { userId: 'x'.repeat(300) },
    { userId: '' },
    { userId: 'alice', clientId: ['a'] },
    { userId: 'alice', clientId: { $ne: 1 } },
    { userId: 'alice', clientId: 'x'.repeat(65) },
    { userId: 'alice', device: '\ud800' },
    { userId: 'alice', extraProperties: { a: '\0' } },
  ])('with %j, which nobody could keep', async (facts) => {
    await expectRefusal(await signingIn(facts), 400, 'invalid-request');
  });

  it('to one more than the limit allows', async () => {
    use({ maxSessionsPerUser: 1, onLimit: 'refuse' });
    expect((await signingIn()).status).toBe(200);
    const response = await signingIn();
    expect(response.body).toMatchObject({ status: 409, code: 'session-limit-reached' });
    expect(ours(response)).toEqual([]);
    expect(await sessionsOf('alice')).toHaveLength(1);
  });

  it.each<[IdentitySessionOptions, string]>([
    [{ maxSessionsPerUser: 1 }, 'No more than one session is allowed at a time.'],
    [{ maxSessionsPerUser: 2 }, 'No more than 2 sessions are allowed at a time.'],
    [{ maxSessionsPerClient: 1 }, 'No more than one session is allowed at a time with this client.'],
    [{ maxSessionsPerDevice: 2 }, 'No more than 2 sessions are allowed at a time on devices of this kind.'],
  ])('and says how many that is, and of what: %j', async (limit, detail) => {
    use({ ...limit, onLimit: 'refuse' });
    const [most = 0] = Object.values(limit) as number[];
    for (let i = 0; i < most; i++) await signingIn();
    expect((await signingIn()).body).toMatchObject({ code: 'session-limit-reached', detail });
  });

  it('while the database is away', async () => {
    store.insert = () => Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));
    const response = await signingIn();
    expect(response.get('Retry-After')).toBe('1');
    await expectRefusal(response, 503, 'store-unavailable');
  });
});

describe('errors that are no refusals', () => {
  function handled(error: Error, _: Request, response: Response, __: NextFunction): void {
    response.status(500).send(`${error.name}: ${error.message}`);
  }

  it("are the app's to handle, such as a user id that is no text", async () => {
    app.use(handled);
    const response = await signingIn({ userId: 42 });
    expect(response.status).toBe(500);
    expect(response.text).toMatch(/^TypeError: .*write `String\(user\.id\)`/);
  });

  it('are none when a refusal comes too late to be answered', async () => {
    app = express();
    app.get('/', (_, response) => {
      response.send('answered');
      throw new SessionError('session-expired', 'Too late.');
    });
    const handler = jest.fn(handled);
    app.use(sessionErrors(manager), handler);
    const response = await request(app).get('/');
    expect([response.status, response.text]).toEqual([200, 'answered']);
    expect(handler).not.toHaveBeenCalled();
  });
});

describe('on a wire of its own', () => {
  it('credentials and refusals are worded as the wire does, and its secrets have its form', async () => {
    const say = (status: number, body: string) => ({ status, headers: {}, cookies: [], body });
    const cookieFor = ({ secret, transport }: OpenedSession) => `${transport}=${secret}`;
    const dialect = {
      ...rest(manager.settings),
      sameOrigin: false,
      secretForm: 'hex',
      opened: (opened: OpenedSession) => ({ ...say(299, 'not sent'), cookies: [cookieFor(opened)] }),
      token: (_: string, secret: string) => `own ${secret}`,
      refusal: ({ code }: SessionError) => say(418, code),
    } as const;
    use({}, { dialect });

    const response = await signingIn({ userId: 'alice' }, { 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, ours(response)]).toEqual([
      200,
      [expect.stringMatching(/^cookie=[0-9a-f]{32}$/)],
    ]);
    const { token } = (await signingIn({ userId: 'alice', transport: 'bearer' })).body;
    expect(token).toMatch(/^own [0-9a-f]{32}$/);
    const refused = await signingIn({ userId: '' });
    expect([refused.status, refused.text]).toEqual([418, 'invalid-request']);
  });
});
