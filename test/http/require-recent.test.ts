import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  browserPages,
  memory,
  requireRecent,
  restRouter,
  revokeRoute,
  sessionSecretGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type Opened,
  type RequireRecentOptions,
  type SessionEvent,
  type SignIn,
} from '../../lib';
import { restDialect } from '../../lib/http/request';
import { recencyCheck, recentGuard } from '../../lib/http/require-recent';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

const MINUTE = 60_000;

let clock: FakeClock;
let events: SessionEvent[];
let manager: IdentitySessionManager;

beforeEach(() => use());
afterEach(() => manager.close());

function use(options: IdentitySessionOptions = {}): void {
  clock = new FakeClock();
  events = [];
  manager = managerOn({ store: memory(), clock, report: (event) => events.push(event), ...options });
}

const opened = (said: Partial<SignIn> = {}) => manager.open({ userId: 'alice', ...said });

function appWith(options?: RequireRecentOptions): Express {
  const app = express();
  const recent = requireRecent(manager, options);
  app.use('/', sessionSecretGuard(manager, options?.dialect && { dialect: options.dialect }), recent);
  app.use((_request, response) => response.sendStatus(204));
  return app;
}

const get = (app: Express, session: Opened): Promise<Response> =>
  request(app).get('/').set('Cookie', cookieOf(session));

describe('requireRecent', () => {
  it(
    satisfies(
      'accepts a request until the authentication is older than maxAge, however often the session is used',
      'ASVS 7.5.1',
    ),
    async () => {
      const app = appWith({ maxAge: '10M' });
      const session = await opened();
      for (let minute = 0; minute < 10; minute++) {
        clock.advance(MINUTE);
        expect((await get(app, session)).status).toBe(204);
      }
      clock.advance(1);
      expect((await get(app, session)).status).toBe(401);
    },
  );

  it('refuses with the challenge of RFC 9470 and a problem document, and reports it', async () => {
    const session = await opened();
    const app = appWith({ maxAge: '10M', acr: ['aal3', 'aal2'], amr: ['otp'] });
    const { status, body, headers } = await get(app, session);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", ' +
        'error_description="A more recent or a stronger authentication is required", ' +
        'acr_values="aal3 aal2", max_age="600"',
    );
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(headers['set-cookie']).toBeUndefined();
    expect(body).toEqual({
      title: 'Unauthorized',
      status: 401,
      detail: 'Confirm that it is you: sign in again to continue.',
      code: 'authentication-insufficient',
      required: { maxAge: 600, acr: ['aal3', 'aal2'], amr: ['otp'] },
    });
    expect(events).toContainEqual({
      type: 'refused',
      code: 'authentication-insufficient',
      session: expect.objectContaining({ userId: 'alice' }),
      ipAddress: '127.0.0.1',
    });
  });

  it('gives a client with a token the same challenge', async () => {
    const session = await opened({ transport: 'bearer' });
    const response = await request(appWith({ acr: 'aal2' }))
      .get('/')
      .set('Authorization', bearerOf(session));
    expect(response.status).toBe(401);
    expect(response.get('WWW-Authenticate')).toMatch(/^Bearer error="insufficient_user_authentication"/);
    expect(response.get('WWW-Authenticate')).not.toContain('max_age');
  });

  it.each<[RequireRecentOptions, Partial<SignIn>, number]>([
    [{ acr: 'aal2' }, { acr: 'aal2' }, 204],
    [{ acr: 'aal2' }, { acr: 'aal1' }, 401],
    [{ acr: ['aal2', 'aal3'] }, { acr: 'aal3' }, 204],
    [{ amr: ['otp'] }, { amr: ['pwd', 'otp'] }, 204],
    [{ amr: ['otp'] }, { amr: ['pwd'] }, 401],
    [{ maxAge: '1H' }, { authenticatedAt: null }, 401],
    [{ maxAge: '1H' }, { authenticatedAt: new Date(0) }, 401],
    [{ maxAge: '1H' }, { actor: 'support' }, 401],
  ])(
    satisfies('with %j and the sign-in %j responds with %d', 'ASVS 7.5.3'),
    async (options, signIn, status) => {
      expect((await get(appWith(options), await opened(signIn))).status).toBe(status);
    },
  );

  it('has the option recency of the manager as its default', async () => {
    use({ recency: '5M' });
    const [app, session] = [appWith(), await opened({ acr: 'aal1' })];
    clock.advance(5 * MINUTE);
    expect((await get(app, session)).status).toBe(204);
    clock.advance(1);
    expect((await get(app, session)).body.required).toEqual({ maxAge: 300 });
    expect((await get(appWith({ acr: 'aal1' }), session)).status).toBe(401);
    expect((await get(appWith({ maxAge: '6M' }), session)).status).toBe(204);
  });

  it('leads a browser to the sign-in page, and back to the page that it asked for', async () => {
    const app = appWith({
      maxAge: '10M',
      dialect: browserPages(manager.settings, { signIn: '/sign-in' }),
    });
    const session = await opened({ authenticatedAt: null });
    const response = await request(app)
      .get('/email?tab=2')
      .set({ Cookie: cookieOf(session), Accept: 'text/html' });
    expect(response.status).toBe(303);
    expect(response.get('Location')).toBe(
      '/sign-in?notice=authentication-insufficient&returnTo=%2Femail%3Ftab%3D2',
    );
  });

  it('throws a TypeError if nothing is required, an option is invalid or no guard is mounted before it', async () => {
    expect(() => requireRecent(manager)).toThrow('requireRecent requires nothing');
    expect(() => requireRecent(manager, { amr: [] })).toThrow('requireRecent requires nothing');
    expect(() => requireRecent({} as never)).toThrow('requireRecent(manager)');
    const invalid = [
      { maxAge: 0 },
      { maxAge: 'soon' },
      { acr: 'a b' },
      { acr: [] },
      { amr: 'otp' },
      { age: 1 },
    ];
    for (const options of invalid) {
      expect(() => requireRecent(manager, options as never)).toThrow(/requireRecent cannot be built/);
    }
    const app = express().use(requireRecent(manager, { maxAge: '1H' }));
    app.use(((error, _request, response, _next) => {
      response.status(500).send((error as Error).message);
    }) as express.ErrorRequestHandler);
    expect((await request(app).get('/')).text).toContain('mount the guard before it');
  });
});

describe('recentGuard and recencyCheck', () => {
  it('require nothing if the option is false, or neither it nor the manager requires something', async () => {
    const session = await opened({ authenticatedAt: null });
    const dialect = browserPages(manager.settings, { signIn: '/sign-in' });
    for (const recent of [false, {}] as const) {
      recencyCheck(manager, recent)({} as never, session.session);
      const app = express().use(sessionSecretGuard(manager), recentGuard(manager, dialect, recent));
      app.use((_request, response) => response.sendStatus(204));
      expect((await get(app, session)).status).toBe(204);
    }
  });
});

describe('with a preset that limits the recency', () => {
  it.each<[string, (manager: IdentitySessionManager) => unknown]>([
    ['`recent` is false', (limited) => restRouter(limited, { recent: false })],
    ['`recent` is false', (limited) => recentGuard(limited, restDialect(limited), false)],
    ['`maxAge` (7200000 ms) is too long', (limited) => revokeRoute(limited, { recent: { maxAge: '2H' } })],
    ['`maxAge` (7200000 ms) is too long', (limited) => requireRecent(limited, { maxAge: '2H', acr: 'aal2' })],
  ])('a route is not built if %s, and the clause is named', (problem, build) => {
    use({ preset: 'asvs-l2' });
    expect(() => build(manager)).toThrow(TypeError);
    expect(() => build(manager)).toThrow(`${problem} for the preset "asvs-l2": give at most "1H"`);
    expect(() => build(manager)).toThrow('(ASVS 5.0, 7.5.1 and 7.5.2)');
  });

  it('a route is built with a shorter time, or with none of its own', () => {
    use({ preset: 'asvs-l2' });
    expect(() => restRouter(manager, { recent: { maxAge: '1H' } })).not.toThrow();
    expect(() => requireRecent(manager, { acr: 'aal2' })).not.toThrow();
    use({ preset: 'asvs-l1' });
    expect(() => restRouter(manager, { recent: false })).not.toThrow();
  });
});
