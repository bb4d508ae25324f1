import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  createReauthentication,
  memory,
  requireRecent,
  sessionErrors,
  sessionSecretGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type Opened,
  type ReauthenticationFacts,
  type SessionEvent,
  type SignIn,
} from '../../lib';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { HOUR } from '../support/sessions';

let clock: FakeClock;
let events: SessionEvent[];
let manager: IdentitySessionManager;
let app: Express;
let facts: ReauthenticationFacts | undefined;

beforeEach(() => use());

function use(options: IdentitySessionOptions = {}): void {
  clock = new FakeClock();
  events = [];
  facts = { acr: 'aal2', amr: ['pwd', 'otp'] };
  manager = managerOn({
    store: memory(),
    clock,
    shortLifetime: '12H',
    absoluteLifetime: '24H',
    report: (event) => events.push(event),
    ...options,
  });
  const reauthenticated = createReauthentication(manager);
  app = express();
  app.use(sessionSecretGuard(manager));
  app.post('/confirm', (request_, response, next) => {
    reauthenticated(request_, response, facts).then(
      (result) => response.json({ ...result, seen: request_.identitySession }),
      next,
    );
  });
  app.get(
    '/recent',
    requireRecent(manager, { maxAge: '10M', acr: 'aal2', amr: ['otp'] }),
    (_request, response) => void response.sendStatus(204),
  );
  app.use(sessionErrors(manager));
}
afterEach(() => manager.close());

const opened = (said: Partial<SignIn> = {}) => manager.open({ userId: 'alice', ...said });
const confirming = (session: Opened, headers: Record<string, string> = {}): Promise<Response> =>
  request(app)
    .post('/confirm')
    .set({ Cookie: cookieOf(session), ...headers });
const newCookie = (response: Response) => response.get('Set-Cookie')![0]!.split(';')[0]!;
const recent = async (cookie: string) => (await request(app).get('/recent').set('Cookie', cookie)).status;

describe('the function of createReauthentication', () => {
  it(
    satisfies(
      'renews the assurance and the secret, and keeps id, row and data',
      'ASVS 7.2.4',
      'ASVS 7.5.1',
      'NIST 5.2',
    ),
    async () => {
      const session = await opened({ data: { cart: 1 }, staySignedIn: true });
      clock.advance(HOUR);
      expect(await recent(cookieOf(session))).toBe(401);

      const response = await confirming(session);
      expect([response.status, response.get('Cache-Control')]).toEqual([200, 'no-store']);
      const cookie = newCookie(response);
      expect(cookie).not.toBe(cookieOf(session));
      expect(cookie.split('.')[0]).toBe(cookieOf(session).split('.')[0]);
      expect(response.get('Set-Cookie')![0]).toContain('; Max-Age=604800; HttpOnly; Secure; SameSite=Lax');
      expect(response.body).not.toHaveProperty('token');
      const assurance = { authenticatedAt: clock.now(), acr: 'aal2', amr: ['pwd', 'otp'] };
      expect(response.body.session).toMatchObject({ ...assurance, data: { cart: 1 } });
      expect(response.body.seen).toEqual(response.body.session);

      expect(await recent(cookie)).toBe(204);
      const { sessions } = await manager.list({ userId: 'alice' });
      expect(sessions).toEqual([
        expect.objectContaining({
          ...assurance,
          sessionId: session.session.sessionId,
          signedIn: session.session.signedIn,
          data: { cart: 1 },
        }),
      ]);
      expect(events).toContainEqual({
        type: 'reauthenticated',
        session: expect.objectContaining({ sessionId: session.session.sessionId }),
      });
    },
  );

  it(
    satisfies(
      'never lets a stolen copy of the earlier secret have the new assurance',
      'ASVS 7.2.4',
      'NIST 5.1 assurance',
    ),
    async () => {
      const session = await opened();
      const stolen = cookieOf(session);
      const cookie = newCookie(await confirming(session));
      const asThief = (path: string) => request(app).get(path).set('Cookie', stolen);

      // Requests of other tabs are still on their way.
      const within = await asThief('/recent');
      expect([within.status, within.body.code]).toEqual([401, 'authentication-insufficient']);
      expect(within.get('Set-Cookie')).toBeUndefined();
      expect((await asThief('/')).status).toBe(404);
      clock.advance(60_001);
      const after = await asThief('/');
      expect([after.status, after.get('Set-Cookie')]).toEqual([401, undefined]);
      expect(cookie).not.toBe(stolen);
    },
  );

  it(satisfies('starts the absolute timeout anew', 'NIST 5.2'), async () => {
    const session = await opened();
    clock.advance(11 * HOUR);
    const cookie = newCookie(await confirming(session));
    for (const hours of [11, 11]) {
      clock.advance(hours * HOUR);
      expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(404);
    }
    clock.advance(2 * HOUR);
    expect((await request(app).get('/').set('Cookie', cookie)).body.code).toBe('session-expired');
  });

  it('returns a new token to a client that signed in with one', async () => {
    const session = await opened({ transport: 'bearer' });
    const headers = { Authorization: bearerOf(session) };
    const { body, headers: answered } = await request(app).post('/confirm').set(headers);
    expect(answered['set-cookie']).toBeUndefined();
    expect(body.token).toMatch(new RegExp(`^eis_${session.session.sessionId}\\.`));
    const later = await request(app)
      .get('/recent')
      .set('Authorization', `Bearer ${body.token as string}`);
    expect(later.status).toBe(204);
  });

  it('carries one new token if the guard of the request has replaced the token too', async () => {
    use({ rotateBearerTokens: true, rotateAfter: '1H' });
    const session = await opened({ transport: 'bearer' });
    clock.advance(HOUR);
    const { body, headers } = await request(app).post('/confirm').set('Authorization', bearerOf(session));
    expect(headers['identity-session-token']).toBe(body.token);
    clock.advance(HOUR - 1);
    const later = await request(app)
      .get('/recent')
      .set('Authorization', `Bearer ${headers['identity-session-token']}`);
    expect(later.body).toMatchObject({ code: 'authentication-insufficient' });
  });

  it('refuses a user of the same id in another tenant, but not the own user', async () => {
    const session = await opened({ tenantId: 'shop' });
    for (const tenantId of [undefined, null, 'bank']) {
      facts = { userId: 'alice', tenantId };
      const { status, body } = await confirming(session);
      expect([status, body.code]).toEqual([401, 'credentials-invalid']);
    }
    facts = { userId: 'alice', tenantId: 'shop' };
    expect((await confirming(session)).status).toBe(200);
    const impersonation = await opened({ tenantId: 'shop', actor: 'admin' });
    expect((await confirming(impersonation)).status).toBe(401);
    facts = { userId: 'admin' };
    expect((await confirming(impersonation)).status).toBe(200);
  });

  it('replaces level and methods also if they are left out', async () => {
    const session = await opened({ acr: 'aal2', amr: ['otp'] });
    facts = undefined;
    const { body } = await confirming(session);
    expect(body.session).toMatchObject({ acr: null, amr: [], authenticatedAt: clock.now() });
  });

  it('records an authentication of the past, and never one in the future', async () => {
    const session = await opened();
    facts = { authenticatedAt: new Date(clock.now() - HOUR) };
    const first = await confirming(session);
    expect(first.body.session.authenticatedAt).toBe(clock.now() - HOUR);
    facts = { authenticatedAt: new Date(clock.now() + HOUR) };
    const second = await request(app).post('/confirm').set('Cookie', newCookie(first));
    expect(second.body.session.authenticatedAt).toBe(clock.now());
  });

  it.each<[string, ReauthenticationFacts, Record<string, string>, number, string]>([
    ['another user was authenticated', { userId: 'mallory' }, {}, 401, 'credentials-invalid'],
    ['another site sent the request', {}, { 'Sec-Fetch-Site': 'cross-site' }, 403, 'cross-site'],
    ['the level is invalid', { acr: 'a b' }, {}, 400, 'invalid-request'],
    ['a method is invalid', { amr: ['x\ny'] }, {}, 400, 'invalid-request'],
  ])('refuses and changes nothing if %s', async (_, given, headers, status, code) => {
    const session = await opened();
    clock.advance(1000);
    facts = given;
    const response = await confirming(session, headers);
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect((await manager.list({ userId: 'alice' })).sessions[0]).toMatchObject({
      authenticatedAt: session.session.authenticatedAt,
    });
    facts = { userId: 'alice' };
    expect((await confirming(session)).status).toBe(200);
  });

  it('refuses an authentication with credentials that have changed since', async () => {
    const session = await opened();
    facts = { credentialsCheckedAt: new Date(clock.now()) };
    clock.advance(1000);
    await manager.onCredentialChange('alice', { keep: session.session.sessionId });
    const response = await confirming(session);
    expect([response.status, response.body.code]).toEqual([401, 'credential-changed']);
  });

  it('throws a TypeError for times that are no dates, for unknown facts, without a guard, and after the response', async () => {
    const session = await opened();
    const failures: unknown[] = [];
    app.use(((error, _request, response, _next) => {
      failures.push(error);
      response.sendStatus(500);
    }) as express.ErrorRequestHandler);
    for (const given of [
      { authenticatedAt: 5 },
      { credentialsCheckedAt: new Date(NaN) },
      { user: 'alice' },
    ]) {
      facts = given as never;
      expect((await confirming(session)).status).toBe(500);
    }
    expect(failures.every((error) => error instanceof TypeError)).toBe(true);
    const reauthenticated = createReauthentication(manager);
    await expect(reauthenticated({} as never, {} as never)).rejects.toThrow('mount the guard before it');
    const late = reauthenticated(
      { identitySession: session.session } as never,
      { headersSent: true } as never,
    );
    await expect(late).rejects.toThrow('The response has already started');
  });
});
