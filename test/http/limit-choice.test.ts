import { inspect } from 'node:util';

import express, { type Express } from 'express';
import request from 'supertest';

import {
  createSignIn,
  memory,
  restRouter,
  sessionErrors,
  signInLimiter,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type SignInFacts,
} from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';
import { documented } from '../support/openapi';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let events: SessionEvent[];

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  events = [];
  use();
});

function use(options: IdentitySessionOptions = {}): void {
  const report = (event: SessionEvent) => events.push(event);
  manager = managerOn({ store, clock, report, maxSessionsPerUser: 2, onLimit: 'ask', ...options });
}

/** An app with the REST routes, in which everybody can sign in. Failed sign-ins are limited to one. */
function appOf({ errors = [] as unknown[] } = {}): Express {
  const app = express();
  const signIn = createSignIn(manager);
  app.post('/sign-in', express.json(), signInLimiter(manager, { limit: 1 }), (req, res, next) => {
    signIn(req, res, req.body as SignInFacts).then((signedIn) => res.json(signedIn), next);
  });
  app.use(documented());
  app.use(restRouter(manager));
  app.use((error: unknown, _req: express.Request, _res: express.Response, next: express.NextFunction) => {
    errors.push(error);
    next(error);
  });
  app.use(sessionErrors(manager));
  return app;
}

const idsOf = async (userId = 'alice') =>
  (await manager.list({ userId })).sessions.map(({ sessionId }) => sessionId);

async function fill(count = 2): Promise<string[]> {
  for (let i = 0; i < count; i++) {
    await manager.open({ userId: 'alice' });
    clock.advance(1000);
  }
  return idsOf();
}

async function refused(browser: Browser, facts: object = { userId: 'alice' }): Promise<string> {
  const { status, body } = await browser.post('/sign-in', facts);
  expect([status, body.code]).toEqual([409, 'session-limit-reached']);
  return body.ticket as string;
}

describe('limitChoice in REST', () => {
  it('lets the holder of a ticket end a session and be signed in', async () => {
    const [newer, older] = await fill();
    const browser = new Browser(appOf());
    const { status, body } = await browser.post('/sign-in', { userId: 'alice', staySignedIn: true });
    expect([status, body]).toEqual([
      409,
      {
        title: 'Conflict',
        status: 409,
        detail: 'No more than 2 sessions are allowed at a time.',
        code: 'session-limit-reached',
        ticket: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        expires: new Date(clock.now() + 120_000).toISOString(),
        routes: { sessions: 'GET /session/choice', signIn: 'POST /session/choice' },
      },
    ]);
    expect(browser.cookies.get('__Host-Http-identity-ticket')).toMatch(
      new RegExp(`^${body.ticket}\\..{43}$`),
    );
    const listed = await browser.get('/session/choice');
    expect(listed.body.sessions).toEqual([
      expect.objectContaining({ id: newer, current: false }),
      expect.objectContaining({ id: older, current: false }),
    ]);
    const opened = await browser.post('/session/choice', { ends: [older] });
    expect([opened.status, opened.body.session.current]).toEqual([200, true]);
    expect(opened.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^__Host-Http-identity=.+; Max-Age=604800;/),
      '__Host-Http-identity-ticket=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect(await idsOf()).toEqual([opened.body.session.id, newer]);
    expect((await browser.get('/session')).body.session.id).toBe(opened.body.session.id);
    expect(await store.find(older!)).toMatchObject({ endReason: 'revoked', endedBy: 'alice' });
  });

  it('keeps the facts of the sign-in, and takes the request from the choice', async () => {
    const [, older] = await fill();
    const facts = { userId: 'alice', clientId: 'mail', data: { cart: ['schön'] }, extraProperties: { a: 1 } };
    const browser = new Browser(appOf(), { 'User-Agent': 'Own/1' });
    await refused(browser, facts);
    const opened = await browser.post('/session/choice', { ends: [older] });
    expect(await store.find(opened.body.session.id as string)).toMatchObject({
      ...facts,
      userAgent: 'Own/1',
    });
  });

  it('returns a token to a client without cookies, which shows the ticket in a header', async () => {
    const [, older] = await fill();
    const app = appOf();
    const response = await request(app).post('/sign-in').send({ userId: 'alice', transport: 'bearer' });
    expect([response.status, response.get('Set-Cookie')]).toEqual([409, undefined]);
    const Authorization = `Ticket ${response.body.ticket}`;
    expect((await request(app).get('/session/choice').set({ Authorization })).body.sessions).toHaveLength(2);
    const opened = await request(app)
      .post('/session/choice')
      .set({ Authorization })
      .send({ ends: [older] });
    expect([opened.status, opened.get('Set-Cookie')]).toEqual([200, undefined]);
    const bearer = { Authorization: `Bearer ${opened.body.token}` };
    expect((await request(app).get('/session').set(bearer)).status).toBe(200);
  });

  it('accepts the ticket in a header from its own browser only', async () => {
    const [, older] = await fill();
    const app = appOf();
    const [browser, other] = [new Browser(app), new Browser(app)];
    const Authorization = `Ticket ${await refused(browser)}`;
    await refused(other);
    for (const Cookie of ['', other.cookieHeader]) {
      const send = () =>
        request(app)
          .post('/session/choice')
          .set({ Authorization, Cookie })
          .send({ ends: [older] });
      expect((await send()).body.code).toBe('ticket-invalid');
      const list = await request(app).get('/session/choice').set({ Authorization, Cookie });
      expect(list.body.code).toBe('ticket-invalid');
    }
    const headers = { Authorization, Cookie: browser.cookieHeader };
    expect(
      (
        await request(app)
          .post('/session/choice')
          .set(headers)
          .send({ ends: [older] })
      ).status,
    ).toBe(200);
  });

  it('ends nothing if the choice is not enough, and lets the holder choose again', async () => {
    const ids = await fill();
    use({ maxSessionsPerUser: 1 });
    const browser = new Browser(appOf());
    await refused(browser);
    for (const ends of [[], ids.slice(0, 1), ['x'], ['0'.repeat(32)]]) {
      const response = await browser.post('/session/choice', { ends });
      expect([response.status, response.body.code]).toEqual([409, 'session-limit-reached']);
      expect(await idsOf()).toEqual(ids);
    }
    expect((await browser.post('/session/choice', { ends: ids })).status).toBe(200);
    expect(await idsOf()).toHaveLength(1);
  });

  it('does not end sessions of others', async () => {
    await fill();
    const { session } = await manager.open({ userId: 'bob' });
    const browser = new Browser(appOf());
    await refused(browser);
    expect((await browser.post('/session/choice', { ends: [session.sessionId] })).status).toBe(409);
    expect(await idsOf('bob')).toEqual([session.sessionId]);
  });

  it.each([
    [
      'was used',
      async (browser: Browser, ids: string[]) => {
        const jar = new Map(browser.cookies);
        await browser.post('/session/choice', { ends: ids.slice(1) });
        for (const [name, value] of jar) browser.cookies.set(name, value);
      },
    ],
    ['has expired', async () => clock.advance(120_000)],
    [
      'is forged',
      async (browser: Browser) => {
        browser.cookies.set('__Host-Http-identity-ticket', `${'a'.repeat(43)}.${'b'.repeat(43)}`);
      },
    ],
    [
      'is malformed',
      async (browser: Browser) => void browser.cookies.set('__Host-Http-identity-ticket', 'x'),
    ],
    ['is missing', async (browser: Browser) => void browser.cookies.delete('__Host-Http-identity-ticket')],
  ])('refuses a ticket that %s, always with the same response', async (_, spoil) => {
    const ids = await fill();
    const browser = new Browser(appOf());
    await refused(browser);
    await spoil(browser, ids);
    const before = await idsOf();
    const responses = [
      await browser.get('/session/choice'),
      await browser.post('/session/choice', { ends: before }),
    ];
    for (const response of responses) {
      expect([response.status, response.body]).toEqual([
        401,
        {
          title: 'Unauthorized',
          status: 401,
          detail: 'The sign-in took too long or was already completed; sign in again.',
          code: 'ticket-invalid',
        },
      ]);
    }
    expect(await idsOf()).toEqual(before);
  });

  it('refuses the choice if the credentials changed after the sign-in was refused', async () => {
    const ids = await fill();
    const browser = new Browser(appOf());
    await refused(browser);
    clock.advance(1);
    await manager.onCredentialChange({ userId: 'alice', tenantId: null }, { keep: ids[0]! });
    const response = await browser.post('/session/choice', { ends: ids });
    expect([response.status, response.body.code]).toEqual([401, 'credential-changed']);
    expect(await idsOf()).toEqual([ids[0]]);
  });

  it('refuses the choice if the credentials changed while the sign-in was in progress', async () => {
    const ids = await fill();
    const app = express();
    const signIn = createSignIn(manager);
    app.post('/sign-in', (req, res, next) => {
      const signingIn = signIn(req, res, { userId: 'alice' });
      signingIn.catch(next);
    });
    const insert = store.insert.bind(store);
    store.insert = async (...given) => {
      store.insert = insert;
      try {
        return await insert(...given);
      } finally {
        clock.advance(10);
        await store.changeCredentials({ userId: 'alice' }, clock.now() - 5);
      }
    };
    app.use(restRouter(manager), sessionErrors(manager));
    const browser = new Browser(app);
    await refused(browser);
    expect((await browser.post('/session/choice', { ends: ids })).body.code).toBe('credential-changed');
  });

  it('refuses a choice that another site sends', async () => {
    const ids = await fill();
    const app = appOf();
    const browser = new Browser(app);
    await refused(browser);
    const response = await request(app)
      .post('/session/choice')
      .set({ Cookie: browser.cookieHeader, 'Sec-Fetch-Site': 'cross-site' })
      .send({ ends: ids });
    expect([response.status, response.body.code]).toEqual([403, 'cross-site']);
    expect(await idsOf()).toEqual(ids);
  });

  it('does not count as a failed sign-in', async () => {
    const ids = await fill();
    const browser = new Browser(appOf());
    for (let i = 0; i < 3; i++) await refused(browser);
    expect((await browser.post('/session/choice', { ends: ids })).status).toBe(200);
  });

  it('opens one session if the choice is sent many times at once', async () => {
    const ids = await fill();
    const browser = new Browser(appOf());
    await refused(browser);
    const sent = Array.from({ length: 8 }, () => browser.post('/session/choice', { ends: ids }));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, ...Array<number>(7).fill(401)]);
    expect(await idsOf()).toHaveLength(1);
  });

  it('shows sessions that the options hide, so that they cannot lock their user out', async () => {
    use({ clientBlacklist: ['eas'], globalLookup: false, nodeId: 'one' });
    for (let i = 0; i < 2; i++) await manager.open({ userId: 'alice', clientId: 'eas' });
    expect(await idsOf()).toEqual([]);
    use({ clientBlacklist: ['eas'], globalLookup: false, nodeId: 'two' });
    const browser = new Browser(appOf());
    await refused(browser);
    const { sessions } = (await browser.get('/session/choice')).body as { sessions: { id: string }[] };
    expect(sessions).toHaveLength(2);
    expect((await browser.post('/session/choice', { ends: [sessions[0]!.id] })).status).toBe(200);
  });

  it('shows only the sessions that count for the limit that was reached', async () => {
    use({ maxSessionsPerUser: Infinity, maxSessionsPerClient: 1 });
    const mail = await manager.open({ userId: 'alice', clientId: 'mail' });
    await manager.open({ userId: 'alice', clientId: 'drive' });
    await manager.open({ userId: 'alice', clientId: 'mail', actor: 'support' });
    const browser = new Browser(appOf());
    await refused(browser, { userId: 'alice', clientId: 'mail' });
    const { sessions } = (await browser.get('/session/choice')).body as { sessions: { id: string }[] };
    expect(sessions.map(({ id }) => id)).toEqual([mail.session.sessionId]);
  });

  it('offers no ticket for a limit that refuses', async () => {
    await fill();
    use({ onLimit: 'refuse' });
    const { status, body, headers } = await new Browser(appOf()).post('/sign-in', { userId: 'alice' });
    expect([status, body.ticket, body.routes, headers['set-cookie']]).toEqual([
      409,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([{ ends: 1 }, { ends: { id: 'x' } }, { ends: Array<string>(401).fill('x') }])(
    'refuses the body %j and leaves the ticket valid',
    async (body) => {
      const ids = await fill();
      const browser = new Browser(appOf());
      await refused(browser);
      const response = await browser.post('/session/choice', body);
      expect([response.status, response.body.code]).toEqual([400, 'invalid-request']);
      expect((await browser.post('/session/choice', { ends: ids })).status).toBe(200);
    },
  );

  it('takes no session to end from the facts of a sign-in', async () => {
    const ids = await fill();
    await refused(new Browser(appOf()), { userId: 'alice', ends: ids });
    expect(await idsOf()).toEqual(ids);
  });

  it('shows the ticket in no error, event or log of an error', async () => {
    await fill();
    const errors: unknown[] = [];
    const browser = new Browser(appOf({ errors }));
    const ticket = await refused(browser);
    const [, secret] = browser.cookies.get('__Host-Http-identity-ticket')!.split('.');
    const seen = inspect([errors, events], { depth: 10 }) + JSON.stringify([errors, events]);
    for (const each of [ticket, secret!]) expect(seen).not.toContain(each);
    expect(errors).toHaveLength(1);
  });
});
