import { AsyncResource } from 'node:async_hooks';

import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';

import {
  createSignIn,
  memory,
  rest,
  SessionError,
  sessionErrors,
  signInLimiter,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SignInFacts,
  type VerbOptions,
} from '../../lib';
import type { OpenedSession } from '../../lib/protocols';
import type { AdministeredStore } from '../../lib/store';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

const COOKIE =
  /^__Host-Http-identity=[0-9a-f]{32}\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/;

let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  store = memory();
  use();
});

/** An app that signs in the user of the request's body without a password. */
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
const sessionsOf = async (userId: string) => (await manager.list({ userId })).sessions;

describe('createSignIn', () => {
  it(
    satisfies(
      'opens a session, sets one session cookie, and leaves the response to the app',
      'ASVS 3.3.1',
      'ASVS 3.3.3',
      'ASVS 3.3.5',
      'NIST 5.1 restart',
      'NIST 5.1.1 attributes',
      'NIST 5.1.1 further',
      'NIST 5.1.1 personal',
    ),
    async () => {
      const response = await signingIn();
      expect([response.status, response.get('Cache-Control')]).toEqual([200, 'no-store']);
      expect(response.get('Set-Cookie')).toEqual(['theme=dark', expect.stringMatching(COOKIE)]);
      expect(response.body).toEqual({ session: expect.objectContaining({ userId: 'alice' }) });
      const [session] = await sessionsOf('alice');
      expect(ours(response)[0]).toContain(`=${session!.sessionId}.`);
    },
  );

  it('does not set the content type of the response', async () => {
    const signIn = createSignIn(manager);
    app.post('/page', async (request_, response) => {
      await signIn(request_, response, { userId: 'alice' });
      response.send('<p>Welcome</p>');
    });
    const response = await request(app).post('/page');
    expect(response.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(ours(response)).toHaveLength(1);
  });

  it.each([
    ['on', true],
    ['true', true],
    [1, true],
    ['off', false],
    ['', false],
    [null, false],
  ])('takes staySignedIn as forms send it: %j', async (staySignedIn, expected) => {
    const { body } = await signingIn({ userId: 'alice', staySignedIn });
    expect(body.session.staySignedIn).toBe(expected);
  });

  it('refuses other values of staySignedIn', async () => {
    const response = await signingIn({ userId: 'alice', staySignedIn: ['0', '1'] });
    expect([response.status, response.body.code]).toEqual([400, 'invalid-request']);
    expect(await sessionsOf('alice')).toEqual([]);
  });

  it('sets a cookie for the long lifetime with staySignedIn', async () => {
    const response = await signingIn({ userId: 'alice', staySignedIn: true });
    expect(ours(response)).toEqual([expect.stringContaining('; Max-Age=604800; ')]);
  });

  it('returns a token and sets no cookie with transport bearer, from any origin', async () => {
    const response = await signingIn(
      { userId: 'alice', transport: 'bearer' },
      { 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(ours(response)).toEqual([]);
    const { sessionId } = (await sessionsOf('alice'))[0]!;
    expect(response.body.token).toMatch(new RegExp(`^eis_${sessionId}\\.[A-Za-z0-9_-]{43}$`));
  });

  it('takes user agent, IP address and replaced session only from the request', async () => {
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

  it('stores the first 512 characters of a longer user agent', async () => {
    await signingIn({ userId: 'alice' }, { 'User-Agent': 'x'.repeat(15_000) });
    expect((await sessionsOf('alice'))[0]?.userAgent).toBe('x'.repeat(512));
  });

  it.each(['garbage', '<script>alert(1)</script>'])(
    'stores no IP address if the address of the request is %j',
    async (address) => {
      const response = await signingIn({ userId: 'alice' }, { 'X-Forwarded-For': address });
      expect(response.body.session.ipAddresses).toEqual([]);
    },
  );
});

describe('createSignIn with credentials of a previous session', () => {
  it.each(['alice', 'bob'])(
    'ends the session of the cookie or the token when %s signs in',
    async (userId) => {
      const before = [await manager.open({ userId: 'alice' }), await manager.open({ userId: 'alice' })];
      await signingIn({ userId }, { Cookie: cookieOf(before[0]!) });
      await signingIn({ userId, transport: 'bearer' }, { Authorization: bearerOf(before[1]!) });
      for (const { session } of before) {
        expect(await store.find(session.sessionId)).toMatchObject({ endReason: 'replaced' });
      }
      expect(await sessionsOf(userId)).toHaveLength(2);
    },
  );

  it("opens an impersonation beside the actor's own session, and replaces an impersonation", async () => {
    const own = await manager.open({ userId: 'support' });
    const { body } = await signingIn(
      { userId: 'alice', actor: 'support', transport: 'bearer' },
      { Authorization: bearerOf(own) },
    );
    expect(await store.find(own.session.sessionId)).toMatchObject({ endedAt: null });
    const next = { userId: 'bob', actor: 'support' };
    await signingIn(next, { Authorization: `Bearer ${body.token}` });
    expect(await store.find(body.session.sessionId)).toMatchObject({ endReason: 'replaced' });
  });

  it(satisfies('never reuses a session id from the request', 'ASVS 7.2.2'), async () => {
    const planted = `${'0'.repeat(32)}.${'A'.repeat(43)}`;
    const response = await signingIn({ userId: 'alice' }, { Cookie: `__Host-Http-identity=${planted}` });
    expect(response.body.session.sessionId).not.toBe('0'.repeat(32));
    expect(ours(response)[0]).not.toContain('A'.repeat(43));
  });

  it('does not end a session if the secret is wrong', async () => {
    const { session } = await manager.open({ userId: 'bob' });
    const response = await signingIn(
      { userId: 'alice' },
      { Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) },
    );
    expect(response.status).toBe(200);
    expect(await sessionsOf('bob')).toHaveLength(1);
  });

  it('replaces a malformed cookie', async () => {
    const response = await signingIn({ userId: 'alice' }, { Cookie: '__Host-Http-identity=junk' });
    expect([response.status, ours(response)]).toEqual([200, [expect.stringMatching(COOKIE)]]);
  });
});

describe('createSignIn behind signInLimiter, when the password changes', () => {
  const clock = new FakeClock();

  /** An app whose sign-in calls `during` after the password was checked. */
  function useSlowSignIn(during: () => Promise<unknown>): void {
    manager = managerOn({ store, clock });
    const signIn = createSignIn(manager);
    app = express();
    app.post('/', express.json(), signInLimiter(manager), (request_, response, next) => {
      during()
        .then(() => signIn(request_, response, request_.body as SignInFacts))
        .then(() => response.sendStatus(204), next);
    });
    app.use(sessionErrors(manager));
  }

  const change = (by: IdentitySessionManager) => by.onCredentialChange({ userId: 'alice', tenantId: null });

  it('refuses a sign-in that arrived before the change with credential-changed, and sets no cookie', async () => {
    const elsewhere = managerOn({ store, clock });
    // Another request changes the password, so the change runs outside the asynchronous context of the sign-in.
    const outside = new AsyncResource('outside');
    useSlowSignIn(async () => {
      clock.advance(50);
      await outside.runInAsyncScope(() => change(elsewhere));
    });
    const refused = await signingIn();
    expect([refused.status, refused.body.code]).toEqual([401, 'credential-changed']);
    expect(refused.get('Set-Cookie')).toBeUndefined();
    expect(await sessionsOf('alice')).toEqual([]);
  });

  it('signs the user in if the same request changed the password, as after a reset', async () => {
    useSlowSignIn(async () => {
      clock.advance(50);
      await change(manager);
      clock.advance(50);
    });
    expect((await signingIn()).status).toBe(204);
    expect(await sessionsOf('alice')).toHaveLength(1);
  });

  it('compares with credentialsCheckedAt if the app gives it', async () => {
    manager = managerOn({ store, clock });
    const before = new Date(clock.now());
    clock.advance(1000);
    await change(manager);
    await expect(manager.open({ userId: 'alice', credentialsCheckedAt: before })).rejects.toMatchObject({
      code: 'credential-changed',
    });
    await manager.open({ userId: 'alice', credentialsCheckedAt: new Date(clock.now() + 1000) });
    for (const wrong of [0, '2026-01-15', new Date(NaN), null]) {
      const facts = { userId: 'alice', credentialsCheckedAt: wrong } as unknown as SignInFacts;
      await expect(manager.open(facts)).rejects.toThrow('`credentialsCheckedAt` must be a valid Date');
    }
  });
});

describe('createSignIn refusals', () => {
  async function expectRefusal(response: request.Response, status: number, code: string): Promise<void> {
    expect(response.body).toMatchObject({ status, code });
    expect(response.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
    expect(ours(response)).toEqual([]);
    expect(await sessionsOf('alice')).toEqual([]);
  }

  it(
    satisfies(
      'returns 403 with code cross-site if another site sent the request',
      'ASVS 7.6.2',
      'ASVS 3.5.1',
    ),
    async () => {
      await expectRefusal(
        await signingIn({ userId: 'alice' }, { 'Sec-Fetch-Site': 'cross-site' }),
        403,
        'cross-site',
      );
    },
  );

  it('also checks the origin with a dialect that does not check the origin of requests with a session', async () => {
    use({}, { dialect: { ...rest(manager.settings), sameOrigin: false } });
    const refused = await signingIn({ userId: 'alice' }, { 'Sec-Fetch-Site': 'cross-site' });
    await expectRefusal(refused, 403, 'cross-site');
  });

  it('keeps a response with credentials out of caches, even if the app marks it as public', async () => {
    app = express();
    const signIn = createSignIn(manager);
    app.post('/', express.json(), async (request_, response) => {
      await signIn(request_, response, request_.body as SignInFacts);
      response.set('Cache-Control', 'public, max-age=60').end();
    });
    const response = await signingIn();
    expect(ours(response)).toHaveLength(1);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('returns 403 with code cross-site for transport bearer if the request has a session cookie', async () => {
    const bob = await manager.open({ userId: 'bob' });
    for (const transport of ['bearer', 'cookie']) {
      const headers = { Cookie: cookieOf(bob), 'Sec-Fetch-Site': 'cross-site' };
      await expectRefusal(await signingIn({ userId: 'alice', transport }, headers), 403, 'cross-site');
    }
    expect(await sessionsOf('bob')).toHaveLength(1);
  });

  it.each(['Cookie', 'Bearer', '', null, 1, ['bearer']])(
    'returns 400 with code invalid-request for the transport %j',
    async (transport) => {
      const headers = { 'Sec-Fetch-Site': 'same-origin' };
      await expectRefusal(await signingIn({ userId: 'alice', transport }, headers), 400, 'invalid-request');
    },
  );

  it('returns 400 with code credentials-ambiguous for two session cookies', async () => {
    const cookies = '__Host-Http-identity=a; __Host-Http-identity=b';
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
    { userId: 'alice', device: '' },
    { userId: 'alice', extraProperties: { a: '\0' } },
  ])('returns 400 with code invalid-request for values that cannot be stored: %j', async (facts) => {
    await expectRefusal(await signingIn(facts), 400, 'invalid-request');
  });

  it('returns 200 if descriptive text contains characters that cannot be stored', async () => {
    const text = 'a\0b\ud800';
    expect((await signingIn({ userId: 'alice', clientId: text, device: text })).status).toBe(200);
  });

  it('returns 409 with code session-limit-reached above the limit', async () => {
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
  ])('describes the limit in the message: %j', async (limit, detail) => {
    use({ ...limit, onLimit: 'refuse' });
    const [most = 0] = Object.values(limit) as number[];
    for (let i = 0; i < most; i++) await signingIn();
    expect((await signingIn()).body).toMatchObject({ code: 'session-limit-reached', detail });
  });

  it('returns 503 with Retry-After while the database is away', async () => {
    store.insert = () => Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));
    const response = await signingIn();
    expect(response.get('Retry-After')).toBe('1');
    await expectRefusal(response, 503, 'store-unavailable');
  });
});

describe('sessionErrors', () => {
  function handled(error: Error, _: Request, response: Response, __: NextFunction): void {
    response.status(500).send(`${error.name}: ${error.message}`);
  }

  it('passes a TypeError on to the app, such as for a user id that is not a string', async () => {
    app.use(handled);
    const response = await signingIn({ userId: 42 });
    expect(response.status).toBe(500);
    expect(response.text).toMatch(/^TypeError: .*write `String\(user\.id\)`/);
  });

  it('ignores a refusal after the response was sent', async () => {
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

describe('createSignIn and sessionErrors with a custom dialect', () => {
  it('send credentials and refusals in the form of the dialect, with secrets of its form', async () => {
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

    const response = await signingIn({ userId: 'alice' });
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
