import type { Express } from 'express';
import request from 'supertest';

import type { IdentitySessionManager, IdentitySessionOptions, SessionEvent } from '../lib';
import { abpRouter } from '../lib/protocols/abp';
import { openXchangeRouter } from '../lib/protocols/open-xchange';
import { appOn } from './support/app';
import { Browser } from './support/browser';
import { createDatabase, type TestDatabase } from './support/database';
import { managerOn } from './support/manager';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

jest.setTimeout(240_000);

let database: TestDatabase;
let manager: IdentitySessionManager;
let app: Express;
let ended: SessionEvent[];

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());
beforeEach(() => database.empty());
afterEach(() => manager.close());

async function arrange(options: IdentitySessionOptions = {}): Promise<Browser> {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  ended = [];
  const report = (event: SessionEvent) => void (event.type === 'ended' && ended.push(event));
  manager = managerOn({ knex: database.knex, isCleanupEnabled: false, report, ...options });
  app = appOn(manager);
  app.use('/api', abpRouter(manager, { isGranted: () => false }));
  app.use('/ajax', openXchangeRouter(manager, { authenticate: () => ({ userId: 'mallory' }) }));
  return signedIn();
}

async function signedIn(): Promise<Browser> {
  const browser = new Browser(app, { 'User-Agent': FIREFOX });
  expect((await browser.post('/sign-in', { userId: 'mallory' })).status).toBe(200);
  return browser;
}

/** Inserts sessions of one user, each with another user agent, as an attacker can open them. */
async function insert(count: number): Promise<void> {
  await database.knex.raw(`
    insert into identity_sessions
      (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, last_accessed, active_day, user_agent, ip_addresses)
    select gen_random_uuid(), sha256(i::text::bytea), 'mallory', 'Web', true, moment, now(), current_date,
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || i || '.0.0.0 Safari/537.36', '192.0.2.1'
    from generate_series(1, ${count}) as i, lateral (select now() - interval '1 hour' - i * interval '1 ms') as at (moment)`);
  await database.knex.raw('analyze identity_sessions');
}

const live = async () => {
  const [row] = await database.knex('identity_sessions').whereNull('ended_at').count({ count: '*' });
  return Number(row!.count);
};

describe.each([5000])('a user with %p sessions', (count) => {
  it('reads lists in every protocol page by page', async () => {
    const browser = await arrange();
    await insert(count);
    const login = await request(app)
      .post('/ajax/login?action=login')
      .set('User-Agent', FIREFOX)
      .type('form')
      .send({ name: 'mallory', password: 'x' });
    const cookies = login
      .get('Set-Cookie')!
      .map((line) => line.split(';', 1)[0])
      .join('; ');
    const page = await browser.get('/sessions');
    expect(page.body.sessions).toHaveLength(100);
    expect(page.body.next).toEqual(expect.any(String));
    expect((await browser.get('/sessions?limit=1000')).body.sessions).toHaveLength(1000);
    const { body } = await browser.get('/api/account/sessions');
    expect([body.items.length, body.totalCount]).toEqual([10, count + 2]);
    const { text } = await request(app)
      .get(`/ajax/sessionmanagement?action=all&session=${JSON.parse(login.text).session}`)
      .set({ 'User-Agent': FIREFOX, Cookie: cookies });
    expect(JSON.parse(text).data).toHaveLength(1000);
  });

  it('ends all other sessions with one request, each with one event', async () => {
    const browser = await arrange();
    await insert(count);
    expect((await browser.delete('/sessions/others')).status).toBe(204);
    expect(await live()).toBe(1);
    expect(ended).toHaveLength(count);
  });

  it('ends all others by a sign-in under LogoutFromAllDevices', async () => {
    const browser = await arrange({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await insert(count);
    await signedIn();
    expect(await live()).toBe(1);
    expect(ended).toHaveLength(count + 1);
    expect((await browser.get('/session')).status).toBe(401);
  });

  it('ends all after a change of the password', async () => {
    await arrange();
    await insert(count);
    await manager.onCredentialChange({ userId: 'mallory' });
    expect(await live()).toBe(0);
  });

  it('has 500 sessions after a cleanup', async () => {
    await arrange();
    await insert(count);
    expect(await manager.runCleanup()).toMatchObject({ displaced: count + 1 - 500 });
    expect(await live()).toBe(500);
  });
});

it('signs a user in under a limit although far more sessions are open', async () => {
  await arrange({ maxSessionsPerUser: 3 });
  await insert(2500);
  await signedIn();
  expect(await live()).toBe(3);
  expect(ended).toHaveLength(2500 + 2 - 3);
});

it('acknowledges parallel revocations only when all sessions have ended', async () => {
  const browser = await arrange();
  await insert(2500);
  const counts = await Promise.all(
    [1, 2, 3].map(async () => {
      await browser.delete('/sessions/others');
      return live();
    }),
  );
  expect(counts).toEqual([1, 1, 1]);
  expect(ended).toHaveLength(2500);
});
