import express, { type Express, type RequestHandler } from 'express';
import request from 'supertest';

import {
  autologin,
  createSignIn,
  rest,
  restRouter,
  revokeRoute,
  sessionClaimGuard,
  sessionErrors,
  sessionSecretGuard,
  signOut,
  type IdentitySession,
  type IdentitySessionManager,
  type Opened,
} from '../../lib';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const CLEARED = ['__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'];

let database: TestDatabase;
let manager: IdentitySessionManager;
let app: Express;
/** The session of a token that the app signed. */
let claimed: IdentitySession;
/** A session of the same user, in a cookie. */
let other: Opened;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  manager = managerOn({ knex: database.knex, clock: new FakeClock() });
  app = express();
  [claimed, other] = [await manager.create({ userId: 'alice' }), await manager.open({ userId: 'alice' })];
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

/** A guard for tokens of the app, which a test passes as `Bearer <session id>`. */
const claimGuard = () =>
  sessionClaimGuard(manager, {
    claimsOf: ({ headers }) => ({ sid: headers.authorization?.replace('Bearer ', '') }),
  });

/** A guard that an app wrote itself. Requests without a session pass. */
const homemadeGuard = (): RequestHandler => async (request, _response, next) => {
  const credentials = rest(manager.settings).credentials(request);
  if (credentials !== undefined) request.identitySession = await manager.verify(credentials);
  next();
};

const token = () => ({ Authorization: `Bearer ${claimed.sessionId}` });
const reasonOf = async ({ sessionId }: IdentitySession) =>
  (await manager.administration.get(sessionId)).endReason;

describe('signOut behind sessionClaimGuard', () => {
  beforeEach(() => app.delete('/', claimGuard(), signOut(manager)));
  const signingOut = (headers: Record<string, string>) => request(app).delete('/').set(headers);

  it('ends the session of the token and clears no cookie', async () => {
    const response = await signingOut(token());
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await manager.administration.get(claimed.sessionId)).toMatchObject({
      endReason: 'signed-out',
      endedBy: 'alice',
    });
    expect((await signingOut(token())).body).toMatchObject({ code: 'session-ended', reason: 'signed-out' });
  });

  it('does not touch the session and the cookie of other credentials in the request', async () => {
    const response = await signingOut({ ...token(), Cookie: cookieOf(other) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await reasonOf(claimed)).toBe('signed-out');
    expect(await reasonOf(other.session)).toBeNull();
  });

  it('ends the session of the token if the request also has malformed cookies', async () => {
    for (const cookie of ['__Host-Http-identity=junk', `${cookieOf(other)}; ${cookieOf(other)}`]) {
      claimed = await manager.create({ userId: 'alice' });
      expect((await signingOut({ ...token(), Cookie: cookie })).status).toBe(204);
      expect(await reasonOf(claimed)).toBe('signed-out');
    }
  });
});

describe('signOut behind other guards', () => {
  it("ends the session of an app's own guard and clears its cookie", async () => {
    app.post('/', homemadeGuard(), signOut(manager));
    const response = await request(app).post('/').set('Cookie', cookieOf(other));
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, CLEARED]);
    expect(await reasonOf(other.session)).toBe('signed-out');
    expect((await request(app).post('/')).status).toBe(204);
  });

  it('clears no cookie for a bearer token', async () => {
    app.post('/', sessionSecretGuard(manager), signOut(manager));
    const response = await request(app)
      .post('/')
      .set({ Authorization: bearerOf(other), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await reasonOf(other.session)).toBe('signed-out');
  });

  it('refuses a request from another site if the guard did not read a bearer token', async () => {
    app.use((request, _response, next) => {
      request.identitySession = claimed;
      next();
    });
    app.get('/', signOut(manager));
    const refused = await request(app).get('/').set('Sec-Fetch-Site', 'cross-site');
    expect([refused.status, refused.body.code]).toEqual([403, 'cross-site']);
    expect(await reasonOf(claimed)).toBeNull();
  });
});

describe('restRouter behind sessionClaimGuard', () => {
  it('signs the session of the token out with DELETE /session', async () => {
    app.use(claimGuard(), restRouter(manager));
    expect((await request(app).delete('/session').set(token())).status).toBe(204);
    expect(await reasonOf(claimed)).toBe('signed-out');
  });
});

describe('revokeRoute behind sessionClaimGuard', () => {
  it('ends the session of the token and keeps the cookie of another session', async () => {
    app.delete('/:id', claimGuard(), revokeRoute(manager));
    const response = await request(app)
      .delete(`/${claimed.sessionId}`)
      .set({ ...token(), Cookie: cookieOf(other) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect([await reasonOf(claimed), await reasonOf(other.session)]).toEqual(['revoked', null]);
  });

  it('answers 204 for a request with two cookies, because it does not read them', async () => {
    app.delete('/', claimGuard(), revokeRoute(manager, { which: 'all' }));
    const response = await request(app)
      .delete('/')
      .set({ ...token(), Cookie: `${cookieOf(other)}; ${cookieOf(other)}` });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await reasonOf(claimed)).toBe('revoked');
  });
});

describe('verbs that act on credentials behind sessionClaimGuard', () => {
  async function expectAmbiguous(path: string): Promise<void> {
    const refused = await request(app)
      .post(path)
      .set({ ...token(), Cookie: cookieOf(other) });
    expect([refused.status, refused.body.code]).toEqual([400, 'credentials-ambiguous']);
    expect((await manager.list({ userId: 'alice' })).sessions).toHaveLength(2);
  }

  it('autologin refuses a cookie of another session', async () => {
    app.post('/', claimGuard(), autologin(manager));
    await expectAmbiguous('/');
    expect((await request(app).post('/').set(token())).body.code).toBe('credentials-missing');
  });

  it('a sign-in replaces the session of the guard and refuses a cookie of another session', async () => {
    const signIn = createSignIn(manager);
    app.post('/', claimGuard(), (request, response, next) => {
      signIn(request, response, { userId: 'bob' }).then(() => response.sendStatus(200), next);
    });
    app.use(sessionErrors(manager));
    await expectAmbiguous('/');
    expect((await request(app).post('/').set(token())).status).toBe(200);
    expect([await reasonOf(claimed), await reasonOf(other.session)]).toEqual(['replaced', null]);
  });

  it('a second guard refuses the credentials of another session', async () => {
    app.use(claimGuard(), sessionSecretGuard(manager), (_request, response) => void response.sendStatus(200));
    await expectAmbiguous('/');
    app = express();
    app.use(homemadeGuard(), claimGuard(), (_request, response) => void response.sendStatus(200));
    await expectAmbiguous('/');
  });

  it('a second guard accepts the same session', async () => {
    app.use(homemadeGuard(), sessionSecretGuard(manager), (_, response) => void response.sendStatus(200));
    expect((await request(app).post('/').set('Cookie', cookieOf(other))).status).toBe(200);
  });
});
