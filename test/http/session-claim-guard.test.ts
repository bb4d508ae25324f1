import express, { type Express } from 'express';
import express4 from 'express4';
import request from 'supertest';

import {
  claims,
  memory,
  sessionClaimGuard,
  type GuardOptions,
  type IdentitySessionManager,
  type SessionClaims,
} from '../../lib';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';
import { HOUR } from '../support/sessions';

let clock: FakeClock;
let manager: IdentitySessionManager;

beforeEach(() => {
  clock = new FakeClock();
  manager = managerOn({ store: memory(), clock });
});

/** An app that trusts a header. A real app would verify the signature of a token. */
function appOn(framework: typeof express, options: GuardOptions = {}): Express {
  const app = framework();
  const claimsOf = (req: express.Request) => {
    const token = req.get('X-Verified-Token');
    return token === undefined ? undefined : (JSON.parse(token) as SessionClaims);
  };
  app.get('/', sessionClaimGuard(manager, { claimsOf, ...options }), (req, res) => {
    res.json({ user: req.identitySession?.userId });
  });
  return app;
}

const get = (app: Express, token?: object | null) =>
  token === undefined
    ? request(app).get('/')
    : request(app).get('/').set('X-Verified-Token', JSON.stringify(token));

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('sessionClaimGuard in %s', (_, framework) => {
  it('accepts a request whose token names a live session', async () => {
    const session = await manager.create({ userId: 'alice' });
    const response = await get(appOn(framework), claims(session));
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ user: 'alice' });
  });

  it('returns 401 with code session-ended and the reason after the session was revoked', async () => {
    const session = await manager.create({ userId: 'alice' });
    await manager.administration.revoke(session.sessionId);
    const response = await get(appOn(framework), claims(session));
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'session-ended', reason: 'administrator' });
  });

  it('with optional: true passes on a request whose token names no live session as a guest', async () => {
    const session = await manager.create({ userId: 'alice' });
    const app = appOn(framework, { optional: true });
    expect((await get(app, claims(session))).body).toEqual({ user: 'alice' });
    await manager.administration.revoke(session.sessionId);
    for (const token of [claims(session), {}, undefined]) {
      const { status, body } = await get(app, token);
      expect([status, body]).toEqual([200, {}]);
    }
  });

  it.each([
    [undefined, 'credentials-missing'],
    [null, 'credentials-missing'],
    [{}, 'credentials-invalid'],
    [{ sid: 'junk' }, 'credentials-invalid'],
    [{ sid: '0'.repeat(32) }, 'credentials-invalid'],
  ])('returns 401 for the token %j with code %s', async (token, code) => {
    const response = await get(appOn(framework), token);
    expect(response.status).toBe(401);
    expect(response.body.code).toBe(code);
  });
});

it('sessionClaimGuard records the last use of the session unless activity is false', async () => {
  const session = await manager.create({ userId: 'alice' });
  clock.advance(HOUR / 2);
  await get(appOn(express, { activity: false }), claims(session));
  expect((await manager.administration.get(session.sessionId)).lastAccessed).toBeNull();
  await get(appOn(express), claims(session));
  expect((await manager.administration.get(session.sessionId)).lastAccessed).toBe(clock.now());
});

it('sessionClaimGuard throws a TypeError with the correct line if claimsOf is missing', () => {
  expect(() => sessionClaimGuard(manager, {} as never)).toThrow(
    /write `sessionClaimGuard\(manager, \{ claimsOf/,
  );
  expect(() => sessionClaimGuard(manager, undefined as never)).toThrow(TypeError);
});

describe('sessionClaimGuard with subjectOf', () => {
  const asking = async (subject: unknown, sessionId: string) => {
    const app = express();
    const subjectOf = () => subject as string;
    app.use(sessionClaimGuard(manager, { claimsOf: () => ({ sid: sessionId }), subjectOf }));
    app.use((req, res) => void res.json({ user: req.identitySession?.userId }));
    app.use(((error: Error, _req, res, _next) => {
      res.status(500).send(`${error.name}: ${error.message}`);
    }) satisfies express.ErrorRequestHandler);
    return request(app).get('/');
  };

  it.each(['alice', { userId: 'alice', tenantId: 'acme' }])(
    'accepts a token whose user owns the session: %j',
    async (subject) => {
      const { sessionId } = await manager.create({ userId: 'alice', tenantId: 'acme' });
      expect((await asking(subject, sessionId)).body).toEqual({ user: 'alice' });
    },
  );

  it.each(['bob', 'Alice', '', null, undefined, { userId: 'alice' }, { userId: 'alice', tenantId: 'other' }])(
    'returns 401 with code credentials-invalid for the subject %j and records no use',
    async (subject) => {
      const { sessionId } = await manager.create({ userId: 'alice', tenantId: 'acme' });
      const refused = await asking(subject, sessionId);
      expect([refused.status, refused.body.code]).toEqual([401, 'credentials-invalid']);
      expect((await manager.administration.get(sessionId)).lastAccessed).toBeNull();
    },
  );

  it('passes a TypeError on for a number', async () => {
    const { sessionId } = await manager.create({ userId: '5' });
    const { status, text } = await asking(5, sessionId);
    expect(status).toBe(500);
    expect(text).toContain('write `String(request.auth.sub)`');
  });
});
