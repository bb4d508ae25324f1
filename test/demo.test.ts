import { execFile, spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import type nodeCrypto from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { accountsToTry, authenticate, hashPassword } from '../examples/demo/accounts';
import { createApp } from '../examples/demo/app';
import { Mailbox } from '../examples/demo/mailbox';
import { startEmbeddedPostgres } from '../examples/demo/postgres';
import { sessionOptions } from '../examples/demo/session-options';
import { everySessionOf, type IdentitySession, type IdentitySessionManager } from '../lib';
import { satisfies } from './support/compliance';
import { Browser } from './support/browser';
import { Certificate } from './support/certificate';
import { FakeClock } from './support/clock';
import { createDatabase, type TestDatabase } from './support/database';
import { until } from './support/gate';
import { isInstalled } from './support/installed';
import { managerOn } from './support/manager';
import { HOUR } from './support/sessions';

// The demo's password hash is slow on purpose. Nearly every test here signs in, so each hash is computed once.
jest.mock('node:crypto', () => {
  const crypto = jest.requireActual<typeof nodeCrypto>('node:crypto');
  const hashes = new Map<string, Buffer>();
  function scrypt(
    password: string,
    salt: Buffer,
    length: number,
    cost: object,
    done: (error: null, hash: Buffer) => void,
  ): void {
    const key = JSON.stringify([password, salt.toString('hex'), length, cost]);
    const hash = hashes.get(key) ?? crypto.scryptSync(password, salt, length, cost);
    hashes.set(key, hash);
    done(null, hash);
  }
  return Object.assign(Object.create(crypto), { scrypt });
});

const PROJECT = join(__dirname, '..');

/** Separates the answers to the lines of a script. */
const END = '-- next line --';

/** Starts PostgreSQL as every program of the demo does, in a folder that may be in use. */
const ALREADY_RUNNING = `
  const { startEmbeddedPostgres } = require('./examples/demo/postgres');
  const dataFolder = process.env.DATA_FOLDER;
  require('./examples/demo/run').run(() => startEmbeddedPostgres({ dataFolder }));`;

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/18.5 Mobile/15E148 Safari/604.1';
const HOSTILE = `"><script>alert('owned')</script><b title='`;

const COOKIE = '__Host-Http-identity';
const MINUTE = 60_000;
const ALICE = { name: 'alice', password: 'wonderland' };
const BOB = { name: 'bob', password: 'builder' };
const ADMIN = { name: 'admin', password: 'looking-glass' };

let database: TestDatabase;
let clock: FakeClock;
let manager: IdentitySessionManager;
let mailbox: Mailbox;
let app: Express;
let server: Server;
let address: string;

beforeAll(async () => {
  database = await createDatabase();
  server = createServer((request, response) => app(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await database.destroy();
});

beforeEach(async () => {
  await database.empty();
  clock = new FakeClock();
  start();
});

afterEach(() => manager.close());

/** Creates the demo as `main.ts` does, but with a fake clock. */
function start(): void {
  mailbox = new Mailbox();
  const notMeLink = (session: IdentitySession) => manager.notMeLink(session, { url: `${address}/not-me` });
  manager = managerOn({ knex: database.knex, clock, ...sessionOptions({ mailbox, notMeLink }) });
  app = createApp({ manager, mailbox });
}

/** A person with a browser, which shows pages and sends forms. */
function person(userAgent = FIREFOX, headers: Record<string, string> = {}): Browser {
  return new Browser(address, {
    Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Content-Type': 'application/x-www-form-urlencoded',
    'User-Agent': userAgent,
    ...headers,
  });
}

/** A program, which sends and accepts JSON. */
function program(headers: Record<string, string> = {}): Browser {
  return new Browser(address, { Accept: 'application/json', ...headers });
}

async function signedIn(browser: Browser, account: object): Promise<Browser> {
  const response = await browser.post('/sign-in', account);
  expect([200, 303]).toContain(response.status);
  return browser;
}

/** The page on which users see their sessions, and that of administrators. */
const PAGE = '/account/sessions';
const ALL_USERS = '/admin/sessions';
const RETURN = 'returnTo=%2Faccount%2Fsessions';

/** Returns the names of all buttons of a page, as a screen reader reads them, without those of the dialog. */
function buttons(page: string): string[] {
  return [...page.split('<dialog')[0]!.matchAll(/<button([^>]*)>(.*?)<\/button>/gs)].map(
    ([, attributes = '', content = '']) => /aria-label="([^"]*)"/.exec(attributes)?.[1] ?? content.trim(),
  );
}

/** Returns the form that the button of a session sends. */
function formOf(page: string, button: string): string {
  for (const [, attributes = ''] of page.matchAll(/<button([^>]*)>/g)) {
    if (!attributes.includes(`aria-label="${button}"`)) continue;
    return `id=${/value="([^"]*)"/.exec(attributes)![1]}`;
  }
  throw new Error(`No button "${button}" among: ${buttons(page).join(', ')}`);
}

/** Presses the button of a session on the page of the browser, and confirms it. */
async function press(browser: Browser, button: string): Promise<Response> {
  const form = formOf((await browser.get(PAGE)).text, button);
  expect((await browser.post(`${PAGE}/confirm`, form)).status).toBe(200);
  return browser.post(`${PAGE}/end`, form);
}

describe('the sign-in of the demo', () => {
  it('redirects to the sessions page after the form was sent', async () => {
    const alice = person();
    const response = await alice.post('/sign-in', ALICE);

    expect(response.status).toBe(303);
    expect(response.headers['location']).toBe('/');
    expect((await alice.get('/')).headers['location']).toBe(PAGE);
    expect((await alice.get(PAGE)).text).toContain('Firefox 140 on Linux');
  });

  it('answers a JSON request with JSON', async () => {
    const alice = program();
    const response = await alice.post('/sign-in', ALICE);

    expect(response.status).toBe(200);
    expect(response.body).toEqual({ user: 'alice' });
    expect((await alice.get('/profile')).body).toEqual({ user: 'alice' });
  });

  it('accepts every account that the sign-in page lists', async () => {
    for (const { name, password } of accountsToTry) {
      expect(await authenticate(name, password)).toMatchObject({ name });
    }
  });

  it('hashes the same password differently each time, because of the salt', async () => {
    const [one, other] = await Promise.all([hashPassword('wonderland'), hashPassword('wonderland')]);
    expect(one).not.toContain('wonderland');
    expect(one).not.toBe(other);
  });

  it('answers a wrong password and an unknown name with the same 401', async () => {
    const wrong = await program().post('/sign-in', { name: 'alice', password: 'builder' });
    const unknown = await program().post('/sign-in', { name: 'carol', password: 'builder' });

    expect(wrong.status).toBe(401);
    expect(wrong.get('Set-Cookie')).toBeUndefined();
    expect({ status: unknown.status, body: unknown.body }).toEqual({ status: 401, body: wrong.body });
  });

  it.each([{}, { name: 'alice' }, { name: ['alice'], password: { length: 10 } }])(
    'returns 401 if name or password is missing or not a string: %j',
    async (nonsense) => {
      expect((await program().post('/sign-in', nonsense)).status).toBe(401);
    },
  );

  it.each([
    ['application/json', '{"name": "alice"'],
    ['application/json; charset=klingon', '{}'],
    ['application/x-www-form-urlencoded', 'a=1&'.repeat(2000)],
  ])('returns 400 without a stack for a malformed body: %s', async (type, body) => {
    const response = await request(server)
      .post('/sign-in')
      .set({ Accept: 'application/json', 'Content-Type': type })
      .send(body);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'invalid-request', detail: 'The request cannot be read.' });
  });

  it('shows the form again after a wrong password, with an error message and the name filled in', async () => {
    const { status, text } = await person().post('/sign-in', { name: '"alice"', password: 'wrong' });

    expect(status).toBe(401);
    expect(text).toContain('role="alert"');
    expect(text).toContain('value="&quot;alice&quot;"');
  });

  it('fills in the name of the previous sign-in', async () => {
    const alice = await signedIn(person(), ALICE);
    await alice.post('/sign-out');
    expect((await alice.get('/sign-in')).text).toContain('value="alice"');
  });

  it('sets a persistent cookie only if the user chose to stay signed in', async () => {
    const cookieOf = async (account: object) =>
      (await person().post('/sign-in', account))
        .get('Set-Cookie')!
        .find((line) => line.includes('identity='));

    expect(await cookieOf({ ...ALICE, staySignedIn: 'on' })).toContain('Max-Age=604800');
    expect(await cookieOf(ALICE)).not.toContain('Max-Age');
  });

  it.each([ALICE, { name: 'alice', password: 'a guess' }])(
    'returns 403 if another site sent the form, for right and wrong passwords: %j',
    async (account) => {
      const lured = person(FIREFOX, { 'Sec-Fetch-Site': 'cross-site' });
      const response = await lured.post('/sign-in', account);

      expect(response.status).toBe(403);
      expect(response.get('Set-Cookie')).toBeUndefined();
    },
  );
});

describe('a request to the demo without a session', () => {
  it.each([PAGE, '/profile', ALL_USERS])('redirects a browser from %s to the sign-in page', async (path) => {
    const response = await person().get(path);
    expect(response.status).toBe(303);
    expect(response.headers['location']).toBe(`/sign-in?returnTo=${encodeURIComponent(path)}`);
  });

  it('returns a person after the sign-in to the page that they wanted', async () => {
    const alice = person();
    const { text } = await alice.get((await alice.get('/profile')).headers['location']!);
    const [, returnTo] = /name="returnTo" value="([^"]*)"/.exec(text)!;
    const wrong = await alice.post('/sign-in', { ...ALICE, password: 'wrong', returnTo });
    expect(wrong.text).toContain('name="returnTo" value="/profile"');
    expect((await alice.post('/sign-in', { ...ALICE, returnTo })).headers['location']).toBe('/profile');
  });

  it('never leads a person to another site', async () => {
    const alice = person();
    expect((await alice.get('/sign-in?returnTo=//evil.example')).text).not.toContain('evil');
    const response = await alice.post('/sign-in', { ...ALICE, returnTo: '//evil.example' });
    expect(response.headers['location']).toBe('/');
  });

  it('answers a program with 401 and a problem document', async () => {
    const response = await program().get('/profile');
    expect(response.status).toBe(401);
    expect(response.type).toBe('application/problem+json');
    expect(response.body).toMatchObject({ code: 'credentials-missing' });
  });
});

describe('two sessions of one user of the demo', () => {
  let desk: Browser;
  let phone: Browser;

  beforeEach(async () => {
    desk = await signedIn(person(FIREFOX), ALICE);
    phone = await signedIn(person(IPHONE), ALICE);
  });

  it('are both listed in both browsers, with the current one marked', async () => {
    const [atDesk, atPhone] = await Promise.all([desk.get(PAGE), phone.get(PAGE)]);

    for (const { text } of [atDesk, atPhone]) {
      expect(text).toContain('Firefox 140 on Linux');
      expect(text).toContain('Mobile Safari 18 on iOS 18.5');
    }
    expect(atDesk.text).toMatch(/Firefox 140 on Linux<\/a><\/bdi>\s*<span class="eis-badge">This browser/);
    expect(atPhone.text).toMatch(
      /Mobile Safari 18 on iOS 18.5<\/a><\/bdi>\s*<span class="eis-badge">This browser/,
    );
  });

  it('can end each other, and the ended one gets the reason at its next request', async () => {
    const ending = await press(desk, 'Sign out Mobile Safari 18 on iOS 18.5');
    expect(ending.headers['location']).toBe(`${PAGE}?notice=ended&count=1`);

    const refused = await phone.get('/profile');
    expect(refused.status).toBe(303);
    expect(refused.headers['location']).toBe('/sign-in?notice=revoked&returnTo=%2Fprofile');
    const page = (await phone.get('/sign-in?notice=revoked')).text;
    expect(page).toContain('Your session was ended.');
    expect(page).toContain('You ended it from another session.');

    expect((await desk.get('/profile')).status).toBe(200);
  });

  it('give a program the reason as JSON after one was ended', async () => {
    await desk.post(`${PAGE}/end`, 'which=others');

    const script = program();
    script.cookies.set('__Host-Http-identity', phone.cookies.get('__Host-Http-identity')!);
    const response = await script.get('/profile');
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'session-ended', reason: 'revoked' });
  });

  it('include all others and not the current one in "Sign out all other sessions"', async () => {
    const tablet = await signedIn(person(), ALICE);
    expect(buttons((await desk.get(PAGE)).text)).toContain('Sign out all 2 other sessions');
    await desk.post(`${PAGE}/end`, 'which=others');

    expect((await phone.get('/profile')).status).toBe(303);
    expect((await tablet.get('/profile')).status).toBe(303);
    const left = (await desk.get(`${PAGE}?notice=ended`)).text;
    expect(left).toContain('role="status"');
    expect(buttons(left)).toEqual(['Sign out', 'Sign out Firefox 140 on Linux']);
  });

  it('get buttons with different names, even if two browsers are of the same kind', async () => {
    await signedIn(person(FIREFOX), ALICE);
    const names = buttons((await desk.get(PAGE)).text);
    expect(names).toContain('Sign out Firefox 140 on Linux');
    expect(names).toContain('Sign out Firefox 140 on Linux (2)');
    expect(new Set(names).size).toBe(names.length);
  });

  it('can be listed and ended by a program through the REST routes', async () => {
    const script = await signedIn(program(), ALICE);
    const { sessions } = (await script.get('/sessions')).body;
    expect(sessions).toHaveLength(3);

    const { id } = (sessions as { id: string; userAgent: string }[]).find(
      (each) => each.userAgent === IPHONE,
    )!;
    expect((await script.delete(`/sessions/${id}`)).status).toBe(204);
    expect((await phone.get('/profile')).headers['location']).toBe(
      '/sign-in?notice=revoked&returnTo=%2Fprofile',
    );
  });

  it('cannot be ended by another site', async () => {
    const lured = person(FIREFOX, { 'Sec-Fetch-Site': 'cross-site' });
    for (const [name, value] of desk.cookies) lured.cookies.set(name, value);

    expect((await lured.post(`${PAGE}/end`, 'which=others')).status).toBe(403);
    expect((await lured.post('/sign-out')).status).toBe(403);
    expect((await desk.get('/profile')).status).toBe(200);
    expect((await phone.get('/profile')).status).toBe(200);
  });

  it('cannot be ended by another user', async () => {
    const bob = await signedIn(person(), BOB);
    const form = formOf((await desk.get(PAGE)).text, 'Sign out Mobile Safari 18 on iOS 18.5');

    const answer = await bob.post(`${PAGE}/end`, form);
    expect(answer.headers['location']).toBe(`${PAGE}?notice=session-not-found`);
    expect((await phone.get('/profile')).status).toBe(200);
  });
});

describe('a sign-in of the demo on a new device', () => {
  /** The mail about a sign-in is written after the response. */
  async function mails(): Promise<string> {
    await until(() => mailbox.mails.length > 0);
    return (await person().get('/mails')).text;
  }

  it('causes a mail with a link, which ends all sessions of the user', async () => {
    const desk = await signedIn(person(), ALICE);
    expect((await desk.get('/mails')).text).toContain('There is no mail yet.');
    const thief = await signedIn(person(IPHONE), ALICE);
    const text = await mails();
    expect(text).toContain('To alice');
    expect(text).toContain('Mobile Safari 18 on iOS 18.5, Intranet');
    const [, link] = /href="([^"]*\/not-me\/[^"]*)"/.exec(text)!;
    const { pathname, origin } = new URL(link!);
    expect(origin).toBe(address);
    const owner = person();
    expect((await owner.get(pathname)).text).toContain('Was this you?');
    expect((await thief.get('/profile')).status).toBe(200);
    expect((await owner.post(pathname)).headers['location']).toBe('/not-me/done');
    expect((await thief.get(PAGE)).headers['location']).toBe(`/sign-in?notice=revoked&${RETURN}`);
    expect((await desk.get(PAGE)).headers['location']).toBe(`/sign-in?notice=credential-changed&${RETURN}`);
    expect((await person().get('/mails')).text).toContain('Your account is safe again');
  });

  it('causes no mail for a browser that was signed in before', async () => {
    const [desk, phone] = [await signedIn(person(), ALICE), await signedIn(person(IPHONE), ALICE)];
    await mails();
    for (const browser of [desk, phone]) {
      await browser.post('/sign-out');
      await signedIn(browser, ALICE);
    }
    expect(mailbox.mails).toHaveLength(1);
  });
});

describe('the fourth session of a user of the demo', () => {
  it('asks which session to end', async () => {
    const first = await signedIn(person(IPHONE), ALICE);
    for (let i = 0; i < 2; i++) await signedIn(person(), ALICE);
    const fourth = person();
    const refused = await fourth.post('/sign-in', { ...ALICE, returnTo: '/profile' });
    expect(refused.headers['location']).toBe('/sign-in/choice');
    const { text } = await fourth.get('/sign-in/choice');
    const [, id] = /value="(\w+)" aria-label="Select Mobile Safari 18 on iOS 18.5"/.exec(text)!;
    const chosen = await fourth.post('/sign-in/choice', `selected=${id}`);
    expect(chosen.headers['location']).toBe('/profile');
    expect((await fourth.get('/profile')).status).toBe(200);
    expect((await first.get(PAGE)).headers['location']).toBe(`/sign-in?notice=revoked&${RETURN}`);
  });
});

describe('repeated failures to sign in to the demo', () => {
  it('cause a mail to the user', async () => {
    for (let i = 0; i < 5; i++) await person().post('/sign-in', { ...ALICE, password: 'a guess' });
    await until(() => mailbox.mails.length > 0);
    const { text } = await person().get('/mails');
    expect(text).toMatch(
      /5 attempts to sign in to your account have failed\. The last one came from 127\.0\.0\.1/,
    );
  });
});

describe('the demo in German', () => {
  it.each([
    ['/sign-in', 'Angemeldet bleiben'],
    ['/mails', 'Noch gibt es keine E-Mail.'],
    ['/profile', 'Sie sind angemeldet als'],
    ['/element', 'Sitzungen in einer anderen Oberfläche'],
  ])('has its own texts on %s', async (path, text) => {
    const alice = await signedIn(person(FIREFOX, { 'Accept-Language': 'de-DE' }), ALICE);
    expect((await alice.get(path)).text).toContain(text);
  });
});

describe('the sign-out of the demo', () => {
  it('ends the session and clears its cookie', async () => {
    const alice = await signedIn(person(), ALICE);
    const kept = new Map(alice.cookies);

    const response = await alice.post('/sign-out');
    expect(response.headers['location']).toBe('/sign-in?notice=signed-out');
    expect(alice.cookies.has('__Host-Http-identity')).toBe(false);

    const thief = person();
    for (const [name, value] of kept) thief.cookies.set(name, value);
    expect((await thief.get('/profile')).headers['location']).toBe(
      '/sign-in?notice=signed-out&returnTo=%2Fprofile',
    );
  });

  it('clears the cookie of a session that has already ended', async () => {
    const alice = await signedIn(person(), ALICE);
    await manager.revoke(everySessionOf({ tenantId: null, userId: 'alice' }));

    expect((await alice.post('/sign-out')).headers['location']).toBe('/sign-in?notice=signed-out');
    expect(alice.cookies.has('__Host-Http-identity')).toBe(false);
  });

  it('clears the cookie after the button of the current session was used', async () => {
    const alice = await signedIn(person(), ALICE);
    await press(alice, 'Sign out Firefox 140 on Linux');
    expect(alice.cookies.has('__Host-Http-identity')).toBe(false);
  });
});

describe('a session of the demo', () => {
  it('hibernates with "Stay signed in", and autologin wakes it', async () => {
    const alice = await signedIn(person(), { ...ALICE, staySignedIn: 'on' });
    clock.advance(2 * HOUR);

    const response = await alice.post('/session/autologin');
    expect(response.status).toBe(200);
    expect(response.get('Set-Cookie')).toContainEqual(
      expect.stringMatching(/^__Host-Http-identity=.*Max-Age=604800/),
    );
    expect((await alice.get('/profile')).status).toBe(200);
  });

  it('ends after the short lifetime without "Stay signed in"', async () => {
    const alice = await signedIn(person(), ALICE);
    clock.advance(2 * HOUR);

    expect((await alice.post('/session/autologin')).status).toBe(401);
    expect((await alice.get(PAGE)).headers['location']).toBe(`/sign-in?notice=session-expired&${RETURN}`);
  });

  it('is not kept alive by an open page', async () => {
    const alice = await signedIn(person(), ALICE);
    for (let minute = 0; minute < 90; minute += 30) {
      await alice.get('/session');
      clock.advance(HOUR / 2);
    }
    expect((await alice.get(PAGE)).headers['location']).toBe(`/sign-in?notice=session-expired&${RETURN}`);
  });

  it('survives a restart of the server', async () => {
    const alice = await signedIn(person(), ALICE);
    await manager.close();
    start();

    expect((await alice.get('/profile')).status).toBe(200);
    expect((await alice.get(PAGE)).text).toContain('This browser');
  });
});

describe('the page for administrators', () => {
  it('ends the session of another user, who gets the reason', async () => {
    const bob = await signedIn(person(IPHONE), BOB);
    const admin = await signedIn(person(), ADMIN);

    const page = (await admin.get(`${ALL_USERS}?user=bob`)).text;
    const [, id] = /name="selected" value="(\w+)"/.exec(page.replace(/\s+/g, ' '))!;
    await admin.post(`${ALL_USERS}/end`, `selected=${id}`);
    expect((await bob.get(PAGE)).headers['location']).toBe(`/sign-in?notice=administrator&${RETURN}`);
  });

  it('returns 403 to other users, as a page or as a problem document', async () => {
    const alice = await signedIn(person(), ALICE);
    const page = await alice.get(ALL_USERS);
    expect(page).toMatchObject({ status: 403, type: 'text/html' });
    expect(page.text).toContain('You are not permitted to do this.');
    const script = await signedIn(program(), ALICE);
    expect(await script.get(ALL_USERS)).toMatchObject({ status: 403, type: 'application/problem+json' });
    expect((await alice.get(PAGE)).text).not.toContain('href="/admin');
  });
});

describe('the demo, long after the sign-in', () => {
  let alice: Browser;
  let phone: Browser;

  beforeEach(async () => {
    alice = await signedIn(person(), ALICE);
    phone = await signedIn(person(IPHONE), ALICE);
    clock.advance(10 * MINUTE);
  });

  const endOthers = () => alice.postOn(PAGE, `${PAGE}/end`, 'which=others');
  const confirm = (password: string, returnTo = PAGE) => alice.post('/confirm', { password, returnTo });

  it('asks for the password before other sessions are ended, and then ends them', async () => {
    const asked = await endOthers();
    expect(asked.status).toBe(303);
    const { text } = await alice.get(asked.headers['location']!);
    expect(text).toContain('Confirm that it is you');
    expect(text).toContain(`name="returnTo" value="${PAGE}"`);
    expect((await phone.get('/profile')).status).toBe(200);

    const before = alice.cookies.get(COOKIE);
    expect(await confirm(ALICE.password)).toMatchObject({ status: 303, headers: { location: PAGE } });
    expect(alice.cookies.get(COOKIE)).not.toBe(before);
    expect((await endOthers()).headers['location']).toBe(`${PAGE}?notice=ended&count=1`);
    expect((await phone.get('/profile')).status).toBe(303);
    expect((await alice.get('/profile')).status).toBe(200);
  });

  it('shows the form again after a wrong password, keeps the session, and warns about repeated failures', async () => {
    const wrong = await confirm(BOB.password);
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('The password is wrong.');
    expect(wrong.text).toContain(`name="returnTo" value="${PAGE}"`);
    expect((await alice.get('/profile')).status).toBe(200);
    expect((await endOthers()).headers['location']).toContain('notice=authentication-insufficient');

    for (let tries = 0; tries < 4; tries++) await confirm('a guess');
    await until(() => mailbox.mails.some(({ about }) => about === 'failures'));
  });

  it('asks administrators before they end the sessions of all users', async () => {
    const admin = await signedIn(person(), ADMIN);
    clock.advance(10 * MINUTE);
    const asked = await admin.post(`${ALL_USERS}/end`, 'selected=all');
    expect(asked.headers['location']).toBe('/sign-in?notice=authentication-insufficient');
    expect((await admin.get(ALL_USERS)).status).toBe(200);
    expect((await phone.get('/profile')).status).toBe(200);
  });

  it('asks a program with a problem document, which can send the password as JSON', async () => {
    const script = await signedIn(program(), BOB);
    clock.advance(10 * MINUTE);
    const refused = await script.delete('/sessions/others');
    expect(refused.body).toMatchObject({ code: 'authentication-insufficient', required: { maxAge: 300 } });
    expect((await script.post('/confirm', { password: 'a guess' })).status).toBe(401);
    expect((await script.post('/confirm', BOB)).body).toEqual({ user: 'bob' });
    expect((await script.delete('/sessions/others')).status).toBe(204);
  });

  it('shows the form of the sign-in to a browser whose session has ended meanwhile', async () => {
    await manager.revoke(everySessionOf({ userId: 'alice' }));
    const { text } = await alice.get('/sign-in?notice=authentication-insufficient');
    expect(text).not.toContain('action="/confirm"');
    expect(text).toContain('action="/sign-in"');
  });
});

describe('the ABP routes of the demo', () => {
  const EVERYBODY = '/api/identity/sessions';
  const OWN = '/api/account/sessions';
  const RULE = '/api/identity/settings/session';

  it('list the same sessions of a user as REST does', async () => {
    const [alice] = [await signedIn(program(), ALICE), await signedIn(person(IPHONE), ALICE)];
    await signedIn(program(), BOB);
    const { items, totalCount } = (await alice.get(OWN)).body;
    expect(totalCount).toBe(2);
    expect(items).toContainEqual(
      expect.objectContaining({ userName: 'alice', deviceInfo: 'Mobile Safari 18 on iOS 18.5' }),
    );
    expect((await alice.get('/sessions')).body.sessions).toHaveLength(2);
  });

  it('let administrators see and end all sessions', async () => {
    const [admin, phone] = [await signedIn(program(), ADMIN), await signedIn(person(IPHONE), ALICE)];
    const { items } = (await admin.get(`${EVERYBODY}?userId=alice`)).body as { items: { id: string }[] };
    expect((await admin.get(`${EVERYBODY}/${items[0]!.id}`)).body).toMatchObject({ userName: 'alice' });
    expect((await admin.delete(`${EVERYBODY}/${items[0]!.id}`)).status).toBe(204);
    expect((await phone.get(PAGE)).headers['location']).toBe(`/sign-in?notice=administrator&${RETURN}`);
  });

  it('let administrators set the sign-in rule, which also applies to sign-ins on the pages', async () => {
    const admin = await signedIn(program(), ADMIN);
    expect((await admin.put(RULE, { preventConcurrentLogin: 2 })).status).toBe(204);
    const [before, after] = [await signedIn(person(), ALICE), await signedIn(person(IPHONE), ALICE)];
    expect((await before.get(PAGE)).headers['location']).toBe(`/sign-in?notice=displaced&${RETURN}`);
    expect((await after.get(PAGE)).status).toBe(200);
  });

  it('let administrators choose a rule under which a mail app leaves the browser signed in', async () => {
    const admin = await signedIn(program(), ADMIN);
    expect((await admin.put(RULE, { preventConcurrentLogin: 1 })).status).toBe(204);
    const desk = await signedIn(person(), ALICE);
    const app = person(FIREFOX, { Accept: '*/*' });
    await app.post('/ajax/login?action=login&client=open-xchange-mailapp', ALICE);
    expect((await desk.get(PAGE)).status).toBe(200);
    await signedIn(person(IPHONE), ALICE);
    expect((await desk.get(PAGE)).headers['location']).toBe(`/sign-in?notice=displaced&${RETURN}`);
    const { items } = (await admin.get(`${EVERYBODY}?userId=alice&sorting=device`)).body as {
      items: { device: string }[];
    };
    expect(items.map(({ device }) => device)).toEqual(['Mobile', 'Web']);
  });

  it.each([ALICE, BOB])('return 403 to users who are not administrators: %j', async (account) => {
    const browser = await signedIn(program(), account);
    const answers = [await browser.get(EVERYBODY), await browser.get(RULE), await browser.put(RULE, {})];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});

describe('an Open-Xchange client of the demo', () => {
  const CLIENT = 'client=open-xchange-appsuite';

  /** Logs in as the client's user interface does. */
  async function loggedIn(name: string, at = '/ajax'): Promise<{ client: Browser; session: string }> {
    const client = person(FIREFOX, { Accept: '*/*' });
    const login = { name, password: 'wonderland' };
    const { text } = await client.post(`${at}/login?action=login&${CLIENT}`, login);
    const { session } = JSON.parse(text) as { session: string };
    expect(session).toMatch(/^[0-9a-f]{32}$/);
    return { client, session };
  }

  const used = async ({ client, session }: { client: Browser; session: string }, at = '/ajax') =>
    (await client.get(`${at}/config/gui?session=${session}`)).text;

  it.each(['/ajax', '/appsuite/api'])('logs in at %s with and without a context in the name', async (at) => {
    for (const name of ['alice', 'alice@anything']) {
      const client = await loggedIn(name, at);
      expect(JSON.parse(await used(client, at))).toEqual({ data: { user: 'alice' } });
    }
  });

  it('gets LGI-0006 for a wrong password or an unknown name', async () => {
    for (const name of ['alice', 'carol', '@', '@alice']) {
      const { text } = await person().post('/ajax/login?action=login', { name, password: 'builder' });
      expect(JSON.parse(text)).toMatchObject({ code: 'LGI-0006' });
    }
  });

  it('has a session that the pages and REST list and the pages can end', async () => {
    const ox = await loggedIn('alice@anything');
    const desk = await signedIn(person(IPHONE), ALICE);
    const { text } = await desk.get(PAGE);
    expect(text).toContain('OX App Suite, Firefox 140 on Linux');
    const script = await signedIn(program(), ALICE);
    const { sessions } = (await script.get('/sessions')).body as { sessions: { client: string | null }[] };
    expect(sessions).toHaveLength(3);
    expect(sessions.map(({ client }) => client)).toContain('open-xchange-appsuite');

    await press(desk, 'Sign out OX App Suite, Firefox 140 on Linux');
    expect(JSON.parse(await used(ox))).toMatchObject({ code: 'SES-0203' });
  });

  it('can list and end sessions that were opened on the pages', async () => {
    const ox = await loggedIn('alice');
    const phone = await signedIn(person(IPHONE), ALICE);
    await signedIn(person(), BOB);
    const all = await ox.client.get(`/ajax/sessionmanagement?action=all&session=${ox.session}`);
    const { data } = JSON.parse(all.text) as { data: { sessionId: string }[] };
    const ids = data.map(({ sessionId }) => sessionId);
    expect(ids).toHaveLength(2);

    const others = JSON.stringify(ids.filter((id) => id !== ox.session));
    await ox.client.put(`/ajax/sessionmanagement?action=delete&session=${ox.session}`, others);
    expect((await phone.get(PAGE)).headers['location']).toBe(`/sign-in?notice=revoked&${RETURN}`);
    expect(JSON.parse(await used(ox))).toEqual({ data: { user: 'alice' } });
  });

  it('is signed out after its logout and no longer listed', async () => {
    const ox = await loggedIn('alice');
    await ox.client.get(`/appsuite/api/login?action=logout&session=${ox.session}`);
    expect(ox.client.cookies.size).toBe(0);
    expect(JSON.parse(await used(ox))).toMatchObject({ code: expect.stringMatching(/^SES-/) });
    const alice = await signedIn(person(), ALICE);
    expect(buttons((await alice.get(PAGE)).text)).toEqual(['Sign out', 'Sign out Firefox 140 on Linux']);
  });
});

describe('the pages of the demo', () => {
  it('escape a hostile user agent', async () => {
    const alice = await signedIn(person(HOSTILE), ALICE);
    const id = alice.cookies.get('__Host-Http-identity')!.slice(0, 32);
    const pages = await Promise.all([alice.get(PAGE), alice.get(`${PAGE}/sessions/${id}`)]);

    for (const { text } of pages) {
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain("<b title='");
    }
    expect(pages[1].text).toContain('&quot;&gt;&lt;script&gt;alert(&#39;owned&#39;)');
  });

  it('show no text from the query', async () => {
    const { text } = await person().get('/sign-in?notice=<b>Send%20your%20password</b>');
    expect(text).not.toContain('Send your password');
    expect((await person().get('/sign-in?notice=constructor')).text).not.toContain('role="status"');
  });

  it.each(['/sign-in', '/mails', PAGE, '/profile', '/element', ALL_USERS])(
    '%s has no inline script or style, and a policy that forbids them',
    async (path) => {
      const admin = await signedIn(person(), ADMIN);
      const { status, headers, text } = await admin.get(path);

      expect(status).toBe(200);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers['cache-control']).toBe('no-store');
      expect(text).not.toMatch(/<script(?! src="\/[\w./-]+")|<style|\sstyle=|\son\w+=/);
    },
  );

  it('refer only to files that exist', async () => {
    const alice = await signedIn(person(), ALICE);
    const { text } = await alice.get(PAGE);
    const files = [...text.matchAll(/(?:src|href)="(\/[\w./-]+\.\w+)"/g)].map(([, path]) => path!);

    expect(files.map((file) => file.replace(/\.[\w-]{12}\./, '.'))).toEqual([
      '/account/sessions/assets/pages.css',
      '/account/sessions/assets/pages.js',
      '/favicon.svg',
      '/demo.css',
      '/renew-cookie.js',
    ]);
    for (const file of files) expect((await alice.get(file)).status).toBe(200);
  });

  it('show the name of the signed-in user on the profile page', async () => {
    const alice = await signedIn(person(), ALICE);
    expect((await alice.get('/profile')).text).toContain('<strong>alice</strong>');
  });
});

describe('the sign-out button of the demo', () => {
  it.each([PAGE, '/profile', '/element', '/mails', ALL_USERS])(
    satisfies('is on the page %s', 'ASVS 7.4.4'),
    async (path) => {
      const { text } = await (await signedIn(person(), ADMIN)).get(path);
      expect(text).toMatch(/<form method="post" action="\/sign-out">[^]*?<button[^>]*>Sign out<\/button>/);
    },
  );
});

describe('the command `npm start`', () => {
  let demo: ChildProcessByStdio<null, Readable, Readable>;
  /** The program's output on stderr. */
  let complaints: string;

  // SIGTERM also ends its nodes. If they were left over, the test run would not end.
  afterEach(async () => {
    if (demo.kill()) await once(demo, 'close');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'writes its buffered touches and exits with code 0 on %s',
    async (signal) => {
      const { url, text } = await started();
      for (const { name, password } of accountsToTry) expect(text).toContain(`${name} / ${password}`);

      const alice = await signedIn(new Browser(url, { Accept: 'application/json' }), ALICE);
      expect((await alice.get('/profile')).body).toEqual({ user: 'alice' });
      expect(await lastAccessed()).toBeNull();

      demo.kill(signal);
      demo.kill(signal);
      expect(await once(demo, 'exit')).toEqual([0, null]);
      expect(await lastAccessed()).not.toBeNull();
    },
  );

  const canRun = ['bash', 'curl'].every((name) => spawnSync(name, ['--version']).status === 0);

  (canRun ? it : it.skip)('answers every line of the documented Open-Xchange example', async () => {
    const lines = linesOfExample('action=login');
    const answers = await answersTo(lines, (await started()).url);
    expect(lines.map((line) => /action=\w+|config/.exec(line)?.[0])).toEqual([
      undefined,
      'action=login',
      undefined,
      'config',
      'action=store',
      'action=autologin',
      'action=all',
      'action=delete',
      'config',
      'action=logout',
      'action=autologin',
    ]);
    expect(answers).toEqual([
      undefined,
      undefined,
      undefined,
      { data: { user: 'alice' } },
      { data: '1' },
      expect.objectContaining({ session: expect.stringMatching(/^[0-9a-f]{32}$/), user: 'alice' }),
      { data: [expect.objectContaining({ location: 'Intranet' }), expect.anything()] },
      {},
      expect.objectContaining({ code: 'SES-0203' }),
      undefined,
      expect.objectContaining({ code: 'SVL-0003' }),
    ]);
  });

  it('starts three nodes, and a session that was ended at one is refused by all', async () => {
    spawnDemo('nodes', { NODE_ENV: 'development' });
    const text = await linesUntil((all) => all.split('http:').length > 3);
    for (const { name, password } of accountsToTry)
      expect(text.split(`${name} / ${password}`)).toHaveLength(2);
    expect(text.split('Press Ctrl-C to stop.')).toHaveLength(2);
    const [one, two, three] = [...text.matchAll(/http:\S+/g)].map(([url]) => new Browser(url));
    await one!.post('/sign-in', { name: 'alice', password: 'wonderland' });
    for (const node of [two!, three!]) for (const cookie of one!.cookies) node.cookies.set(...cookie);
    expect((await two!.get('/profile')).status).toBe(200);
    expect((await three!.get('/profile')).status).toBe(200);
    await two!.post('/sign-out');
    // Takes effect within the lease of two seconds, usually at once.
    for (let attempt = 0; attempt < 5000 && (await three!.get('/profile')).status === 200; attempt++);
    expect((await three!.get('/profile')).status).not.toBe(200);
    demo.kill('SIGTERM');
    expect(await once(demo, 'close')).toEqual([0, null]);
    expect(complaints.split('EIS_INSECURE_COOKIES')).toHaveLength(2);
  });

  const hasOpenssl = isInstalled('openssl', ['version']);

  (hasOpenssl ? it : it.skip)('offers to bind sessions to their device if it has a certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'demo-'));
    try {
      const certificate = new Certificate(folder, 'localhost');
      spawnDemo('main', { TLS_KEY: certificate.keyFile, TLS_CERT: certificate.file });
      const [url] = /https:\S+/.exec(await linesUntil((all) => all.includes('Ctrl-C')))!;
      const signedIn = await request(url).post('/sign-in').disableTLSCerts().send(ALICE);
      expect(signedIn.get('Secure-Session-Registration')).toMatch(/path="\/session\/binding"/);
      expect(complaints).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('prints advice without a stack if it is already running', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'demo-'));
    const postgres = await startEmbeddedPostgres({ dataFolder });
    try {
      spawnNode(['-e', ALREADY_RUNNING], { DATA_FOLDER: dataFolder });
      expect(await once(demo, 'close')).toEqual([1, null]);
      expect(complaints).toBe(
        `The demo is already running (its PostgreSQL is in ${dataFolder}). Stop it, or set DATABASE_URL and PORT.\n`,
      );
    } finally {
      await postgres.stop();
      rmSync(dataFolder, { recursive: true });
    }
  });

  it('prints the port if it is in use', async () => {
    const { port } = server.address() as AddressInfo;
    spawnDemo('main', { PORT: String(port) });
    expect(await once(demo, 'close')).toEqual([1, null]);
    expect(complaints).toContain(
      `Port ${port} is in use. Stop the program that listens on it, or set PORT.\n`,
    );
    expect(complaints).not.toMatch(/^ +at /m);
  });

  async function started(): Promise<{ url: string; text: string }> {
    spawnDemo('main');
    const text = await linesUntil((all) => all.includes('Ctrl-C'));
    return { url: /http:\S+/.exec(text)![0], text };
  }

  function spawnDemo(program: 'main' | 'nodes', env: NodeJS.ProcessEnv = {}): void {
    spawnNode([`examples/demo/${program}.ts`], { DATABASE_URL: database.url, HOST: '', PORT: '0', ...env });
  }

  function spawnNode(args: string[], env: NodeJS.ProcessEnv): void {
    demo = spawn(process.execPath, ['-r', 'sucrase/register/ts', ...args], {
      cwd: PROJECT,
      env: { ...process.env, NODE_ENV: 'test', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    complaints = '';
    demo.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  }

  async function linesUntil(enough: (text: string) => boolean): Promise<string> {
    let text = '';
    for await (const line of createInterface(demo.stdout)) {
      text += `${line}\n`;
      if (enough(text)) break;
    }
    return text;
  }

  /** Returns the lines of the shell example in README.md or docs/ that contains the text. */
  function linesOfExample(text: string): string[] {
    const docs = readdirSync(join(PROJECT, 'docs')).filter((name) => name.endsWith('.md'));
    const files = ['README.md', ...docs.map((name) => join('docs', name))];
    const pages = files.map((file) => readFileSync(join(PROJECT, file), 'utf8'));
    const examples = pages.flatMap((page) =>
      [...page.matchAll(/```sh\n(.*?)\n```/gs)].map(([, code]) => code!),
    );
    return examples.find((code) => code.includes(text))!.split('\n');
  }

  /** Runs a script line by line. Returns the answer of each line: parsed JSON, or undefined. */
  async function answersTo(lines: readonly string[], url: string): Promise<unknown[]> {
    const script = lines.join(`\necho '${END}'\n`).replaceAll('http://127.0.0.1:3000', url);
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
        cwd: folder,
        // Requests to the demo must not use a proxy.
        env: { ...process.env, no_proxy: '*' },
      });
      return stdout.split(END).map((text) => (text.trim() === '' ? undefined : JSON.parse(text)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async function lastAccessed(): Promise<unknown> {
    const [row] = await database
      .knex('identity_sessions')
      .where({ user_id: 'alice' })
      .select('last_accessed');
    return row.last_accessed;
  }
});
