import { execFile, spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Express } from 'express';
import request from 'supertest';
import { accountsToTry, authenticate, hashPassword } from '../examples/demo/accounts';
import { createApp } from '../examples/demo/app';
import { startEmbeddedPostgres } from '../examples/demo/postgres';
import { everySessionOf, type IdentitySessionManager } from '../lib';
import { Browser } from './support/browser';
import { FakeClock } from './support/clock';
import { createDatabase, type TestDatabase } from './support/database';
import { managerOn } from './support/manager';
import { HOUR } from './support/sessions';

const PROJECT = join(__dirname, '..');

/** What stands between the answers to the lines of a script. */
const END = '-- next line --';

/** The beginning of every program of the demo, in a folder that may be taken. */
const ALREADY_RUNNING = `
  const { startEmbeddedPostgres } = require('./examples/demo/postgres');
  const dataFolder = process.env.DATA_FOLDER;
  require('./examples/demo/run').run(() => startEmbeddedPostgres({ dataFolder }));`;

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/18.5 Mobile/15E148 Safari/604.1';
const HOSTILE = `"><script>alert('owned')</script><b title='`;

const ALICE = { name: 'alice', password: 'wonderland' };
const BOB = { name: 'bob', password: 'builder' };
const ADMIN = { name: 'admin', password: 'looking-glass' };

let database: TestDatabase;
let clock: FakeClock;
let manager: IdentitySessionManager;
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

/** The demo, as `main.ts` makes it, but with a clock that we move. */
function start(): void {
  manager = managerOn({ knex: database.knex, clock });
  app = createApp({ manager });
}

/** Somebody with a browser, who sees pages and sends forms. */
function person(userAgent = FIREFOX, headers: Record<string, string> = {}): Browser {
  return new Browser(address, {
    Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Content-Type': 'application/x-www-form-urlencoded',
    'User-Agent': userAgent,
    ...headers,
  });
}

/** A program, which speaks JSON. */
function program(headers: Record<string, string> = {}): Browser {
  return new Browser(address, { Accept: 'application/json', ...headers });
}

async function signedIn(browser: Browser, account: object): Promise<Browser> {
  const response = await browser.post('/sign-in', account);
  expect([200, 303]).toContain(response.status);
  return browser;
}

/** The names of all buttons of a page, as a screen reader says them. */
function buttons(page: string): string[] {
  return [...page.matchAll(/<button[^>]*>(.*?)<\/button>/gs)].map(([, content = '']) =>
    content.replace(/<[^>]*>/g, '').trim(),
  );
}

/** Where the form behind a button leads. */
function actionOf(page: string, button: string): string {
  const forms = [...page.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)];
  const form = forms.find(([, , content = '']) => buttons(content).includes(button));
  if (form === undefined) throw new Error(`No button "${button}" among: ${buttons(page).join(', ')}`);
  return form[1]!;
}

describe('signing in', () => {
  it('takes a form and leads to the sessions', async () => {
    const alice = person();
    const response = await alice.post('/sign-in', ALICE);

    expect(response.status).toBe(303);
    expect(response.headers['location']).toBe('/');
    expect((await alice.get('/')).text).toContain('Firefox 140 on Linux');
  });

  it('takes JSON and answers JSON', async () => {
    const alice = program();
    const response = await alice.post('/sign-in', ALICE);

    expect(response.status).toBe(200);
    expect(response.body).toEqual({ user: 'alice' });
    expect((await alice.get('/profile')).body).toEqual({ user: 'alice' });
  });

  it('knows every account that it tells people to try', async () => {
    for (const { name, password } of accountsToTry) {
      expect(await authenticate(name, password)).toMatchObject({ name });
    }
  });

  it('keeps of a password a salted hash', async () => {
    const [one, other] = await Promise.all([hashPassword('wonderland'), hashPassword('wonderland')]);
    expect(one).not.toContain('wonderland');
    expect(one).not.toBe(other);
  });

  it('answers a wrong password and an unknown name alike', async () => {
    const wrong = await program().post('/sign-in', { name: 'alice', password: 'builder' });
    const unknown = await program().post('/sign-in', { name: 'carol', password: 'builder' });

    expect(wrong.status).toBe(401);
    expect(wrong.get('Set-Cookie')).toBeUndefined();
    expect({ status: unknown.status, body: unknown.body }).toEqual({ status: 401, body: wrong.body });
  });

  it.each([{}, { name: 'alice' }, { name: ['alice'], password: { length: 10 } }])(
    'refuses what is no name and password: %j',
    async (nonsense) => {
      expect((await program().post('/sign-in', nonsense)).status).toBe(401);
    },
  );

  it.each([
    ['application/json', '{"name": "alice"'],
    ['application/json; charset=klingon', '{}'],
    ['application/x-www-form-urlencoded', 'a=1&'.repeat(2000)],
  ])('refuses what cannot be read, and shows nothing of itself: %s', async (type, body) => {
    const response = await request(server)
      .post('/sign-in')
      .set({ Accept: 'application/json', 'Content-Type': type })
      .send(body);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'invalid-request', detail: 'The body cannot be read.' });
  });

  it('shows the form again after a wrong password, with what went wrong and the name filled in', async () => {
    const { status, text } = await person().post('/sign-in', { name: '"alice"', password: 'wrong' });

    expect(status).toBe(401);
    expect(text).toContain('role="alert"');
    expect(text).toContain('value="&#34;alice&#34;"');
  });

  it('fills in the name of the last time', async () => {
    const alice = await signedIn(person(), ALICE);
    await alice.post('/sign-out');
    expect((await alice.get('/sign-in')).text).toContain('value="alice"');
  });

  it('gives a cookie that outlives the browser only to those who stay signed in', async () => {
    const cookieOf = async (account: object) =>
      (await person().post('/sign-in', account))
        .get('Set-Cookie')!
        .find((line) => line.includes('identity='));

    expect(await cookieOf({ ...ALICE, staySignedIn: 'on' })).toContain('Max-Age=604800');
    expect(await cookieOf(ALICE)).not.toContain('Max-Age');
  });

  it.each([ALICE, { name: 'alice', password: 'a guess' }])(
    'is refused when another site asks for it, whatever the password: %j',
    async (account) => {
      const lured = person(FIREFOX, { 'Sec-Fetch-Site': 'cross-site' });
      const response = await lured.post('/sign-in', account);

      expect(response.status).toBe(403);
      expect(response.get('Set-Cookie')).toBeUndefined();
    },
  );
});

describe('without a session', () => {
  it.each(['/', '/profile', '/admin'])('a person at %s is led to the sign-in', async (path) => {
    const response = await person().get(path);
    expect(response.status).toBe(303);
    expect(response.headers['location']).toBe('/sign-in');
  });

  it('a program is told in a problem document', async () => {
    const response = await program().get('/profile');
    expect(response.status).toBe(401);
    expect(response.type).toBe('application/problem+json');
    expect(response.body).toMatchObject({ code: 'credentials-missing' });
  });
});

describe('two browsers of one person', () => {
  let desk: Browser;
  let phone: Browser;

  beforeEach(async () => {
    desk = await signedIn(person(FIREFOX), ALICE);
    phone = await signedIn(person(IPHONE), ALICE);
  });

  it('both see both sessions, and which one is their own', async () => {
    const [atDesk, atPhone] = await Promise.all([desk.get('/'), phone.get('/')]);

    for (const { text } of [atDesk, atPhone]) {
      expect(text).toContain('Firefox 140 on Linux');
      expect(text).toContain('Mobile Safari 18 on iOS 18.5');
    }
    expect(atDesk.text).toMatch(/Firefox 140 on Linux\s*<span class="badge">This session/);
    expect(atPhone.text).toMatch(/Mobile Safari 18 on iOS 18.5\s*<span class="badge">This session/);
  });

  it('one ends the other, which is told why at its next request', async () => {
    const { text } = await desk.get('/');
    const ending = await desk.post(actionOf(text, 'Sign out Mobile Safari 18 on iOS 18.5'));
    expect(ending.headers['location']).toBe('/?notice=ended');

    const refused = await phone.get('/profile');
    expect(refused.status).toBe(303);
    expect(refused.headers['location']).toBe('/sign-in?notice=revoked');
    const page = (await phone.get('/sign-in?notice=revoked')).text;
    expect(page).toContain('This session was ended.');
    expect(page).toContain('It was signed out from another of your sessions.');

    expect((await desk.get('/profile')).status).toBe(200);
  });

  it('a program is told why, too', async () => {
    await desk.post('/sessions/others/end');

    const script = program();
    script.cookies.set('__Host-identity', phone.cookies.get('__Host-identity')!);
    const response = await script.get('/profile');
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'session-ended', reason: 'revoked' });
  });

  it('one signs out everywhere else, and stays', async () => {
    const tablet = await signedIn(person(), ALICE);
    const page = (await desk.get('/')).text;
    await desk.post(actionOf(page, 'Sign out everywhere else'));

    expect((await phone.get('/profile')).status).toBe(303);
    expect((await tablet.get('/profile')).status).toBe(303);
    const left = (await desk.get('/?notice=ended')).text;
    expect(left).toContain('role="status"');
    expect(buttons(left)).toEqual(['Sign out', 'Sign out Firefox 140 on Linux']);
  });

  it('every button says what it ends, also when two browsers are of one kind', async () => {
    await signedIn(person(FIREFOX), ALICE);
    const names = buttons((await desk.get('/')).text);
    expect(names).toContain('Sign out Firefox 140 on Linux');
    expect(names).toContain('Sign out Firefox 140 on Linux (2)');
    expect(new Set(names).size).toBe(names.length);
  });

  it('a program lists and ends sessions by the REST routes', async () => {
    const script = await signedIn(program(), ALICE);
    const { sessions } = (await script.get('/sessions')).body;
    expect(sessions).toHaveLength(3);

    const { id } = (sessions as { id: string; userAgent: string }[]).find(
      (each) => each.userAgent === IPHONE,
    )!;
    expect((await script.delete(`/sessions/${id}`)).status).toBe(204);
    expect((await phone.get('/profile')).headers['location']).toBe('/sign-in?notice=revoked');
  });

  it('another site cannot end a session', async () => {
    const lured = person(FIREFOX, { 'Sec-Fetch-Site': 'cross-site' });
    for (const [name, value] of desk.cookies) lured.cookies.set(name, value);

    expect((await lured.post('/sessions/others/end')).status).toBe(403);
    expect((await lured.post('/sign-out')).status).toBe(403);
    expect((await desk.get('/profile')).status).toBe(200);
    expect((await phone.get('/profile')).status).toBe(200);
  });

  it('nobody ends the session of somebody else', async () => {
    const bob = await signedIn(person(), BOB);
    const action = actionOf((await desk.get('/')).text, 'Sign out Mobile Safari 18 on iOS 18.5');

    expect((await bob.post(action)).headers['location']).toBe('/?notice=session-not-found');
    expect((await phone.get('/profile')).status).toBe(200);
  });
});

describe('signing out', () => {
  it('ends the session and forgets its cookie', async () => {
    const alice = await signedIn(person(), ALICE);
    const kept = new Map(alice.cookies);

    const response = await alice.post('/sign-out');
    expect(response.headers['location']).toBe('/sign-in?notice=signed-out');
    expect(alice.cookies.has('__Host-identity')).toBe(false);

    const thief = person();
    for (const [name, value] of kept) thief.cookies.set(name, value);
    expect((await thief.get('/profile')).headers['location']).toBe('/sign-in?notice=signed-out');
  });

  it('works for whoever was signed out in the meantime', async () => {
    const alice = await signedIn(person(), ALICE);
    await manager.revoke(everySessionOf({ tenantId: null, userId: 'alice' }));

    expect((await alice.post('/sign-out')).headers['location']).toBe('/sign-in?notice=signed-out');
    expect(alice.cookies.has('__Host-identity')).toBe(false);
  });

  it('by the button in the list forgets the cookie as well', async () => {
    const alice = await signedIn(person(), ALICE);
    await alice.post(actionOf((await alice.get('/')).text, 'Sign out Firefox 140 on Linux'));
    expect(alice.cookies.has('__Host-identity')).toBe(false);
  });
});

describe('a session', () => {
  it('that stays signed in goes to sleep, and autologin wakes it', async () => {
    const alice = await signedIn(person(), { ...ALICE, staySignedIn: 'on' });
    clock.advance(2 * HOUR);

    const response = await alice.post('/session/autologin');
    expect(response.status).toBe(200);
    expect(response.get('Set-Cookie')).toEqual([expect.stringContaining('Max-Age=604800')]);
    expect((await alice.get('/profile')).status).toBe(200);
  });

  it('that does not stay signed in ends instead', async () => {
    const alice = await signedIn(person(), ALICE);
    clock.advance(2 * HOUR);

    expect((await alice.post('/session/autologin')).status).toBe(401);
    expect((await alice.get('/')).headers['location']).toBe('/sign-in?notice=session-expired');
  });

  it('is not kept alive by a page that is left open', async () => {
    const alice = await signedIn(person(), ALICE);
    for (let minute = 0; minute < 90; minute += 30) {
      await alice.get('/session');
      clock.advance(HOUR / 2);
    }
    expect((await alice.get('/')).headers['location']).toBe('/sign-in?notice=session-expired');
  });

  it('goes on after a restart of the server', async () => {
    const alice = await signedIn(person(), ALICE);
    await manager.close();
    start();

    expect((await alice.get('/profile')).status).toBe(200);
    expect((await alice.get('/')).text).toContain('This session');
  });
});

describe('the administrator', () => {
  it('ends the session of anybody, who is told so', async () => {
    const bob = await signedIn(person(IPHONE), BOB);
    const admin = await signedIn(person(), ADMIN);

    const page = (await admin.get('/admin')).text;
    await admin.post(actionOf(page, 'Sign out Mobile Safari 18 on iOS 18.5, bob'));
    expect((await bob.get('/')).headers['location']).toBe('/sign-in?notice=administrator');
  });

  it('is let in, and nobody else', async () => {
    const alice = await signedIn(person(), ALICE);
    expect((await alice.get('/admin')).status).toBe(403);
    expect((await alice.get('/')).text).not.toContain('href="/admin"');
  });
});

describe('a front end of ABP', () => {
  const EVERYBODY = '/api/identity/sessions';
  const OWN = '/api/account/sessions';
  const RULE = '/api/identity/settings/session';

  it('shows everybody their own sessions, as the pages and REST do', async () => {
    const [alice] = [await signedIn(program(), ALICE), await signedIn(person(IPHONE), ALICE)];
    await signedIn(program(), BOB);
    const { items, totalCount } = (await alice.get(OWN)).body;
    expect(totalCount).toBe(2);
    expect(items).toContainEqual(
      expect.objectContaining({ userName: 'alice', deviceInfo: 'Mobile Safari 18 on iOS 18.5' }),
    );
    expect((await alice.get('/sessions')).body.sessions).toHaveLength(2);
  });

  it('has administrators see and end them all, and the one who is out is told so at the next request', async () => {
    const [admin, phone] = [await signedIn(program(), ADMIN), await signedIn(person(IPHONE), ALICE)];
    const { items } = (await admin.get(`${EVERYBODY}?userId=alice`)).body as { items: { id: string }[] };
    expect((await admin.get(`${EVERYBODY}/${items[0]!.id}`)).body).toMatchObject({ userName: 'alice' });
    expect((await admin.delete(`${EVERYBODY}/${items[0]!.id}`)).status).toBe(204);
    expect((await phone.get('/')).headers['location']).toBe('/sign-in?notice=administrator');
  });

  it('has administrators set the rule for sign-ins, of the pages too', async () => {
    const admin = await signedIn(program(), ADMIN);
    expect((await admin.put(RULE, { preventConcurrentLogin: 2 })).status).toBe(204);
    const [before, after] = [await signedIn(person(), ALICE), await signedIn(person(IPHONE), ALICE)];
    expect((await before.get('/')).headers['location']).toBe('/sign-in?notice=displaced');
    expect((await after.get('/')).status).toBe(200);
  });

  it.each([ALICE, BOB])('lets nobody but administrators do so: %j', async (account) => {
    const browser = await signedIn(program(), account);
    const answers = [await browser.get(EVERYBODY), await browser.get(RULE), await browser.put(RULE, {})];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});

describe('a client of Open-Xchange', () => {
  const CLIENT = 'client=open-xchange-appsuite';

  /** A browser with the client's user interface in it. */
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

  it.each(['/ajax', '/appsuite/api'])('is let in at %s by name and context', async (at) => {
    for (const name of ['alice', 'alice@anything']) {
      const client = await loggedIn(name, at);
      expect(JSON.parse(await used(client, at))).toEqual({ data: { user: 'alice' } });
    }
  });

  it('is not let in with a wrong password, nor as somebody whom there is not', async () => {
    for (const name of ['alice', 'carol', '@', '@alice']) {
      const { text } = await person().post('/ajax/login?action=login', { name, password: 'builder' });
      expect(JSON.parse(text)).toMatchObject({ code: 'LGI-0006' });
    }
  });

  it('is seen on the pages and in REST, and ended there', async () => {
    const ox = await loggedIn('alice@anything');
    const desk = await signedIn(person(IPHONE), ALICE);
    const { text } = await desk.get('/');
    expect(text).toContain('OX App Suite, Firefox 140 on Linux');
    const script = await signedIn(program(), ALICE);
    const { sessions } = (await script.get('/sessions')).body as { sessions: { client: string | null }[] };
    expect(sessions).toHaveLength(3);
    expect(sessions.map(({ client }) => client)).toContain('open-xchange-appsuite');

    await desk.post(actionOf(text, 'Sign out OX App Suite, Firefox 140 on Linux'));
    expect(JSON.parse(await used(ox))).toMatchObject({ code: 'SES-0203' });
  });

  it('sees the sessions of the pages, and ends them', async () => {
    const ox = await loggedIn('alice');
    const phone = await signedIn(person(IPHONE), ALICE);
    await signedIn(person(), BOB);
    const all = await ox.client.get(`/ajax/sessionmanagement?action=all&session=${ox.session}`);
    const { data } = JSON.parse(all.text) as { data: { sessionId: string }[] };
    const ids = data.map(({ sessionId }) => sessionId);
    expect(ids).toHaveLength(2);

    const others = JSON.stringify(ids.filter((id) => id !== ox.session));
    await ox.client.put(`/ajax/sessionmanagement?action=delete&session=${ox.session}`, others);
    expect((await phone.get('/')).headers['location']).toBe('/sign-in?notice=revoked');
    expect(JSON.parse(await used(ox))).toEqual({ data: { user: 'alice' } });
  });

  it('is out after its logout, here and there', async () => {
    const ox = await loggedIn('alice');
    await ox.client.get(`/appsuite/api/login?action=logout&session=${ox.session}`);
    expect(ox.client.cookies.size).toBe(0);
    expect(JSON.parse(await used(ox))).toMatchObject({ code: expect.stringMatching(/^SES-/) });
    const alice = await signedIn(person(), ALICE);
    expect(buttons((await alice.get('/')).text)).toEqual(['Sign out', 'Sign out Firefox 140 on Linux']);
  });
});

describe('pages', () => {
  it('escape a hostile user agent', async () => {
    const alice = await signedIn(person(HOSTILE), ALICE);
    const { text } = await alice.get('/');

    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain("<b title='");
    expect(text).toContain('&#34;&#62;&#60;script&#62;alert(&#39;owned&#39;)');
  });

  it('say nothing that a link tells them to', async () => {
    const { text } = await person().get('/sign-in?notice=<b>Send%20your%20password</b>');
    expect(text).not.toContain('Send your password');
    expect((await person().get('/sign-in?notice=constructor')).text).not.toContain('role="status"');
  });

  it.each(['/sign-in', '/', '/profile', '/admin'])(
    '%s lets run only the scripts of the app',
    async (path) => {
      const admin = await signedIn(person(), ADMIN);
      const { status, headers, text } = await admin.get(path);

      expect(status).toBe(200);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers['cache-control']).toBe('no-store');
      expect(text).not.toMatch(/<script(?! src="\/[\w.-]+")|<style|\sstyle=|\son\w+=/);
    },
  );

  it('refer to files that there are', async () => {
    const alice = await signedIn(person(), ALICE);
    const { text } = await alice.get('/');
    const files = [...text.matchAll(/(?:src|href)="(\/[\w-]+\.\w+)"/g)].map(([, path]) => path!);

    expect(files).toEqual(['/demo.css', '/signed-in.js']);
    for (const file of files) expect((await alice.get(file)).status).toBe(200);
  });

  it('show the profile to whom it belongs', async () => {
    const alice = await signedIn(person(), ALICE);
    expect((await alice.get('/profile')).text).toContain('<strong>alice</strong>');
  });
});

describe('npm start', () => {
  let demo: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has said that is no answer. */
  let complaints: string;

  // Asked to, it ends its nodes too: left over, they would keep the tests from ending.
  afterEach(async () => {
    if (demo.kill()) await once(demo, 'close');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'writes what it still holds, and ends well, on %s',
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

  (canRun ? it : it.skip)('answers as the README shows, line by line', async () => {
    const lines = linesOfReadme('On the wire of Open-Xchange');
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

  it('shows three nodes, where a session that is ended at one is out at all', async () => {
    spawnDemo('nodes');
    const text = await linesUntil((all) => all.split('http:').length > 3);
    for (const { name, password } of accountsToTry)
      expect(text.split(`${name} / ${password}`)).toHaveLength(2);
    expect(text.split('Ctrl-C ends it.')).toHaveLength(2);
    const [one, two, three] = [...text.matchAll(/http:\S+/g)].map(([url]) => new Browser(url));
    await one!.post('/sign-in', { name: 'alice', password: 'wonderland' });
    for (const node of [two!, three!]) for (const cookie of one!.cookies) node.cookies.set(...cookie);
    expect((await two!.get('/profile')).status).toBe(200);
    expect((await three!.get('/profile')).status).toBe(200);
    await two!.post('/sign-out');
    // Within the lease of two seconds, and as a rule at once.
    for (let attempt = 0; attempt < 5000 && (await three!.get('/profile')).status === 200; attempt++);
    expect((await three!.get('/profile')).status).not.toBe(200);
    demo.kill('SIGTERM');
    expect(await once(demo, 'close')).toEqual([0, null]);
    expect(complaints.split('EIS_INSECURE_COOKIES')).toHaveLength(2);
  });

  it('says what to do, without a stack, where it is already running', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'demo-'));
    const postgres = await startEmbeddedPostgres({ dataFolder });
    try {
      spawnNode(['-e', ALREADY_RUNNING], { DATA_FOLDER: dataFolder });
      expect(await once(demo, 'close')).toEqual([1, null]);
      expect(complaints).toBe(
        `The demo is already running (its PostgreSQL is in ${dataFolder}): end it, or set DATABASE_URL and PORT.\n`,
      );
    } finally {
      await postgres.stop();
      rmSync(dataFolder, { recursive: true });
    }
  });

  it('says which port is in use', async () => {
    const { port } = server.address() as AddressInfo;
    spawnDemo('main', { PORT: String(port) });
    expect(await once(demo, 'close')).toEqual([1, null]);
    expect(complaints).toContain(`Port ${port} is in use: end what listens there, or set PORT.\n`);
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

  /** The lines of the shell under a heading of the README. */
  function linesOfReadme(heading: string): string[] {
    const section = readFileSync(join(PROJECT, 'README.md'), 'utf8').split(`\n## ${heading}\n`)[1]!;
    const [, code = ''] = /```sh\n(.*?)\n```/s.exec(section.split('\n## ')[0]!)!;
    return code.split('\n');
  }

  /** What each line of a script is answered by the demo: JSON, or nothing. */
  async function answersTo(lines: readonly string[], url: string): Promise<unknown[]> {
    const script = lines.join(`\necho '${END}'\n`).replaceAll('http://127.0.0.1:3000', url);
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
        cwd: folder,
        // Nothing goes by way of a proxy.
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
