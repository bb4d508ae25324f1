import express, { type Express } from 'express';
import request from 'supertest';

import {
  createReauthentication,
  createSignIn,
  restRouter,
  sessionErrors,
  sessionOf,
  sessionSecretGuard,
  requireRecent,
  type IdentitySessionManager,
} from '../lib';
import { Browser } from './support/browser';
import { FakeClock } from './support/clock';
import { satisfies } from './support/compliance';
import { createDatabase, type TestDatabase } from './support/database';
import { managerOn } from './support/manager';
import { HOUR } from './support/sessions';

const MINUTE = 60_000;

let database: TestDatabase;
let clock: FakeClock;
let manager: IdentitySessionManager;
let app: Express;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());
beforeEach(async () => {
  await database.empty();
  clock = new FakeClock();
  manager = managerOn({ knex: database.knex, clock, preset: 'asvs-l2' });
  app = appOf(manager);
});
afterEach(() => manager.close());

/** An app that sets the preset, authenticates users again, and protects the change of the mail address. */
function appOf(of: IdentitySessionManager): Express {
  const created = express();
  const signIn = createSignIn(of);
  const reauthenticated = createReauthentication(of);
  const guard = sessionSecretGuard(of);
  created.post('/sign-in', express.json(), async (req, res) => {
    const { authenticatedAt = clock.now() } = req.body as { authenticatedAt?: number };
    const facts = { userId: 'alice', staySignedIn: true, authenticatedAt: new Date(authenticatedAt) };
    res.json((await signIn(req, res, facts)).session);
  });
  created.post('/confirm', guard, async (req, res) => {
    await reauthenticated(req, res, { amr: ['pwd'] });
    res.sendStatus(204);
  });
  created.post('/email', guard, requireRecent(of), (_req, res) => void res.sendStatus(204));
  created.get('/private', guard, (req, res) => void res.json(sessionOf(req)));
  created.use(restRouter(of), sessionErrors(of));
  return created;
}

async function signedIn(facts = {}): Promise<Browser> {
  const browser = new Browser(app);
  expect((await browser.post('/sign-in', facts)).status).toBe(200);
  return browser;
}

/** Uses the session every half an hour. */
async function use(browser: Browser, time: number): Promise<void> {
  for (let passed = 0; passed < time; passed += HOUR / 2) {
    clock.advance(HOUR / 2);
    expect((await browser.get('/private')).status).toBe(200);
  }
}

const codeOf = async (browser: Browser) => (await browser.get('/private')).body.code as unknown;

describe('an app with REST and the preset asvs-l2', () => {
  it(
    satisfies(
      'ends an unused session after an hour, although the user chose to stay signed in and tries autologin',
      'ASVS 7.3.1',
      'NIST 5.1 remember',
      'NIST 5.1 limits',
    ),
    async () => {
      const alice = await signedIn();
      clock.advance(HOUR - MINUTE);
      expect(await codeOf(alice)).toBeUndefined();
      clock.advance(HOUR + MINUTE);
      expect(await codeOf(alice)).toBe('session-expired');
      expect((await alice.post('/session/autologin')).body.code).toBe('session-expired');
    },
  );

  it(
    satisfies(
      'ends a session in use after 24 hours, unless its user is authenticated again',
      'ASVS 7.3.2',
      'NIST 5.1 limits',
      'NIST 5.2',
    ),
    async () => {
      const alice = await signedIn();
      await use(alice, 23 * HOUR);
      expect((await alice.post('/confirm')).status).toBe(204);
      await use(alice, 23.5 * HOUR);
      clock.advance(HOUR / 2);
      expect(await codeOf(alice)).toBe('session-expired');
    },
  );

  it(
    satisfies(
      'shows all sessions, and ends others and changes the account only after a new authentication',
      'ASVS 7.5.1',
      'ASVS 7.5.2',
      'ASVS 7.5.3',
    ),
    async () => {
      const [alice, phone] = [await signedIn(), await signedIn()];
      for (const half of [1, 2]) {
        clock.advance(HOUR / 2 + half);
        for (const browser of [alice, phone]) expect(await codeOf(browser)).toBeUndefined();
      }
      expect((await alice.get('/sessions')).body.sessions).toHaveLength(2);
      for (const refused of [await alice.delete('/sessions/others'), await alice.post('/email')]) {
        expect(refused.body.code).toBe('authentication-insufficient');
      }
      expect(await codeOf(phone)).toBeUndefined();

      expect((await alice.post('/confirm')).status).toBe(204);
      expect((await alice.post('/email')).status).toBe(204);
      expect((await alice.delete('/sessions/others')).status).toBe(204);
      expect(await codeOf(phone)).toBe('session-ended');
    },
  );

  it(
    satisfies(
      'gives a new token at each authentication, and refuses the one before',
      'ASVS 7.2.4',
      'ASVS 7.4.1',
    ),
    async () => {
      const alice = await signedIn();
      const first = alice.cookieHeader;
      await alice.post('/confirm');
      const second = alice.cookieHeader;
      expect(second).not.toBe(first);
      clock.advance(2 * MINUTE);
      const refused = async (cookie: string) =>
        (await request(app).get('/private').set('Cookie', cookie)).status;
      expect(await refused(first)).toBe(401);
      await alice.post('/sign-in', {});
      expect(alice.cookieHeader).not.toBe(second);
      expect(await refused(second)).toBe(401);
    },
  );

  it(
    satisfies(
      'refuses all sessions of a user whose account was disabled, and lets no sign-in in progress continue',
      'ASVS 7.4.2',
      'ASVS 7.4.3',
    ),
    async () => {
      const [alice, phone] = [await signedIn(), await signedIn()];
      const credentialsCheckedAt = new Date(clock.now() - 1);
      await manager.onCredentialChange({ userId: 'alice' });
      for (const browser of [alice, phone]) expect(await codeOf(browser)).toBe('session-ended');
      await expect(manager.open({ userId: 'alice', credentialsCheckedAt })).rejects.toMatchObject({
        code: 'credential-changed',
      });
    },
  );

  it(
    satisfies(
      'counts from the authentication at the identity provider, whose time the app passes',
      'ASVS 7.1.3',
      'ASVS 7.6.1',
      'NIST 5.1.2 tokens',
    ),
    async () => {
      const alice = await signedIn({ authenticatedAt: clock.now() - 2 * HOUR });
      expect((await alice.post('/email')).body.code).toBe('authentication-insufficient');
      await use(alice, 21.5 * HOUR);
      clock.advance(HOUR / 2);
      expect(await codeOf(alice)).toBe('session-expired');
    },
  );
});
