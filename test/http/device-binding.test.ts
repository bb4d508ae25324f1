import type { Express } from 'express';

import type { IdentitySessionManager, IdentitySessionOptions, SessionEvent } from '../../lib';
import { appOn } from '../support/app';
import { BoundBrowser, challengeOf } from '../support/bound-browser';
import { Browser } from '../support/browser';
import { DeviceKey } from '../support/device-key';
import { nodesOnADatabase } from '../support/nodes';

const nodes = nodesOnADatabase();

const MINUTE = 60_000;
const BOUND = '__Host-identity-bound';

let manager: IdentitySessionManager;
let app: Express;
let events: SessionEvent[];
let browser: BoundBrowser;

function use(options: IdentitySessionOptions = {}): Express {
  const report = (event: SessionEvent) => events.push(event);
  manager = nodes.use({ deviceBound: 'optional', report, ...options });
  return appOn(manager);
}

beforeEach(() => {
  events = [];
  app = use();
  browser = new BoundBrowser(app);
});

const rowOf = async (id: string) => {
  const rows = await nodes.database.knex('identity_sessions').where({ session_id: id });
  return rows[0] as { bound_key: string | null; bound_at: Date | null; ended_at: Date | null };
};

/** Signs in and binds the session. Afterwards, requests on their way have arrived. */
async function bound(): Promise<string> {
  const id = await browser.signIn();
  await browser.register();
  await browser.get('/private');
  nodes.clock.advance(MINUTE);
  return id;
}

describe('the offer of a sign-in', () => {
  it('names the algorithm, the path and a challenge', async () => {
    await browser.signIn();
    expect(browser.offer).toMatch(/^\(ES256\);path="\/session\/binding";challenge="[0-9a-z.]+"$/);
  });

  it('names the path that the app set', async () => {
    browser = new BoundBrowser(use({ bindingPath: '/api/session/binding' }));
    await browser.signIn();
    expect(browser.offer).toContain('path="/api/session/binding"');
  });

  it('is not made to clients with tokens, and not without the option', async () => {
    await browser.signIn({ userId: 'alice', transport: 'bearer' });
    expect(browser.offer).toBeUndefined();
    browser = new BoundBrowser(use({ deviceBound: 'off' }));
    await browser.signIn();
    expect(browser.offer).toBeUndefined();
  });
});

describe('a registration', () => {
  it('stores the key, and gives the browser the bound cookie and its rules', async () => {
    const id = await browser.signIn();
    const response = await browser.register();
    expect(response.status).toBe(200);
    expect(response.get('Set-Cookie')).toEqual([
      expect.stringMatching(
        /^__Host-identity-bound=[0-9a-z.]+; Path=\/; Max-Age=600; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(response.headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(response.body).toEqual({
      session_identifier: id,
      refresh_url: '/session/binding',
      scope: { include_site: false, scope_specification: [] },
      credentials: [{ type: 'cookie', name: BOUND, attributes: 'Path=/; HttpOnly; Secure; SameSite=Lax' }],
    });
    expect(await rowOf(id)).toMatchObject({ bound_key: browser.key.stored, bound_at: null });
    await browser.get('/private');
    expect(await rowOf(id)).toMatchObject({ bound_key: browser.key.stored, bound_at: expect.any(Date) });
  });

  it('binds nothing if its response is lost, so that the user stays signed in', async () => {
    const id = await browser.signIn();
    await browser.register();
    browser.cookies.delete(BOUND);
    nodes.clock.advance(10 * MINUTE);
    expect((await browser.get('/private')).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ bound_at: null, ended_at: null });
  });

  it('may be repeated with another key after a lost response', async () => {
    const id = await browser.signIn();
    await browser.register();
    const [again, cookie] = [new BoundBrowser(app), browser.cookies.get(BOUND)!];
    for (const [name, value] of browser.cookies) again.cookies.set(name, value);
    again.offer = browser.offer;
    expect((await again.register()).status).toBe(200);
    expect((await again.get('/private')).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ bound_key: again.key.stored, bound_at: expect.any(Date) });
    again.cookies.set(BOUND, cookie);
    nodes.clock.advance(MINUTE);
    expect((await again.get('/private')).status).toBe(401);
  });

  it('may be repeated, because the response may be lost', async () => {
    await browser.signIn();
    await browser.register();
    expect((await browser.register()).status).toBe(200);
  });

  it.each<[string, () => Promise<{ status: number }>]>([
    ['without a proof', () => browser.binding({})],
    ['with the algorithm none', () => browser.register({ header: { alg: 'none' } })],
    ['without a key', () => browser.register({ header: { jwk: undefined } })],
    ['with the signature of another key', () => browser.register({ signer: new DeviceKey() })],
    ['with a challenge of its own', () => browser.register({}, 'mine')],
    ['of 10 KB', () => browser.register({ claims: { padding: 'x'.repeat(10_000) } })],
    [
      'with an old challenge',
      () => {
        nodes.clock.advance(2 * MINUTE);
        return browser.register();
      },
    ],
  ])('%s is refused, and changes nothing', async (_, act) => {
    const id = await browser.signIn();
    expect(await act()).toMatchObject({ status: 401 });
    expect(await rowOf(id)).toMatchObject({ bound_key: null, ended_at: null });
    expect((await browser.get('/private')).status).toBe(200);
  });

  it('is refused with the challenge of another session', async () => {
    const other = new BoundBrowser(app);
    await other.signIn({ userId: 'bob' });
    const id = await browser.signIn();
    browser.offer = other.offer;
    expect((await browser.register()).status).toBe(401);
    expect((await rowOf(id)).bound_key).toBeNull();
  });

  it('is refused with another key if the session is bound', async () => {
    const id = await browser.signIn();
    const thief = new BoundBrowser(app);
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    thief.offer = browser.offer;
    await browser.register();
    await browser.get('/private');
    expect((await thief.register()).status).toBe(401);
    expect((await rowOf(id)).bound_key).toBe(browser.key.stored);
  });

  it('binds a session to one of two devices that register at once', async () => {
    const id = await browser.signIn();
    const thief = new BoundBrowser(use());
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    thief.offer = browser.offer;
    const both = [browser, thief];
    await Promise.all(both.map((each) => each.register()));
    await Promise.all(both.map((each) => each.get('/private')));
    nodes.clock.advance(MINUTE);
    const statuses = await Promise.all(both.map(async (each) => (await each.get('/private')).status));
    expect([...statuses].sort()).toEqual([200, 401]);
    expect((await rowOf(id)).bound_key).toBe(both[statuses.indexOf(200)]!.key.stored);
  });
});

describe('a bound session', () => {
  it('accepts requests with the bound cookie, and shows that it is bound', async () => {
    await bound();
    expect((await browser.get('/private')).status).toBe(200);
    expect((await browser.get('/session')).body).toMatchObject({ session: { deviceBound: true } });
  });

  it('accepts requests that were sent before the browser had its cookie', async () => {
    await browser.signIn();
    await browser.register();
    await browser.get('/private');
    browser.cookies.delete(BOUND);
    expect((await browser.get('/private')).status).toBe(200);
  });

  it('refuses requests without the bound cookie, and does not end', async () => {
    const id = await bound();
    const cookie = browser.cookies.get(BOUND)!;
    browser.cookies.delete(BOUND);
    expect(await browser.get('/private')).toMatchObject({ status: 401, body: { code: 'binding-required' } });
    expect((await rowOf(id)).ended_at).toBeNull();
    browser.cookies.set(BOUND, cookie);
    expect((await browser.get('/private')).status).toBe(200);
    await manager.close();
    const { entries } = await nodes.use().trail({ userId: 'alice' });
    const seen = entries.map(({ event, reason }) => [event, reason]);
    expect(seen).toContainEqual(['refused', 'binding-required']);
  });

  it('refuses its credentials as a token', async () => {
    await bound();
    const token = `eis_${browser.cookies.get('__Host-Http-identity')!}`;
    const client = new Browser(app, { Authorization: `Bearer ${token}` });
    expect(await client.get('/private')).toMatchObject({ status: 401, body: { code: 'binding-required' } });
  });

  it.each<[string, () => Promise<void> | void]>([
    ['has run out', () => nodes.clock.advance(11 * MINUTE)],
    ['was made up', () => void browser.cookies.set(BOUND, `zzzzzzzz.${'0'.repeat(64)}`)],
    [
      'belongs to another session',
      async () => {
        const other = new BoundBrowser(app);
        await other.signIn();
        await other.register();
        browser.cookies.set(BOUND, other.cookies.get(BOUND)!);
      },
    ],
  ])('refuses requests whose bound cookie %s', async (_, change) => {
    await bound();
    expect((await browser.get('/private')).status).toBe(200);
    await change();
    expect(await browser.get('/private')).toMatchObject({ status: 401, body: { code: 'binding-required' } });
  });

  it('answers 503 if the browser could not renew the cookie', async () => {
    await bound();
    browser.cookies.delete(BOUND);
    const skipping = new Browser(app, { 'Secure-Session-Skipped': 'unreachable' });
    for (const [name, value] of browser.cookies) skipping.cookies.set(name, value);
    const response = await skipping.get('/private');
    expect(response).toMatchObject({ status: 503, body: { code: 'binding-unavailable' } });
    expect(response.get('Retry-After')).toBe('5');
  });

  it('can be signed out without the bound cookie', async () => {
    const id = await bound();
    browser.cookies.delete(BOUND);
    expect((await browser.delete('/session')).status).toBe(204);
    expect((await rowOf(id)).ended_at).not.toBeNull();
  });

  it('is refused for autologin without the bound cookie', async () => {
    await bound();
    browser.cookies.delete(BOUND);
    expect((await browser.post('/session/autologin')).body).toMatchObject({ code: 'binding-required' });
  });

  it('works as before if the app switches binding off', async () => {
    await bound();
    browser.cookies.delete(BOUND);
    const other = new Browser(use({ deviceBound: 'off' }));
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    expect((await other.get('/private')).status).toBe(200);
  });
});

describe('the renewal', () => {
  it('needs a challenge and the proof, and gives a new cookie', async () => {
    const id = await bound();
    nodes.clock.advance(20 * MINUTE);
    browser.cookies.delete(BOUND);
    const asked = await browser.ask(id);
    expect(asked.status).toBe(403);
    expect(asked.get('Secure-Session-Challenge')).toMatch(new RegExp(`^"[0-9a-z.]+";id="${id}"$`));
    expect((await browser.answer(id, challengeOf(asked))).status).toBe(200);
    expect((await browser.get('/private')).status).toBe(200);
  });

  it('works on a node that has never seen the session', async () => {
    const id = await bound();
    const asked = await browser.ask(id);
    const other = use();
    const response = await browser.binding(
      {
        'Sec-Secure-Session-Id': `"${id}"`,
        'Secure-Session-Response': browser.key.proof(challengeOf(asked)),
      },
      other,
    );
    expect(response.status).toBe(200);
    const elsewhere = new Browser(other);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.get('/private')).status).toBe(200);
  });

  it('asks again for a proof over an old challenge', async () => {
    const id = await bound();
    const challenge = challengeOf(await browser.ask(id));
    nodes.clock.advance(3 * MINUTE);
    const again = await browser.answer(id, challenge);
    expect(again.status).toBe(403);
    expect((await browser.answer(id, challengeOf(again))).status).toBe(200);
  });

  it.each<[string, (id: string) => Promise<{ status: number }>]>([
    [
      'with another key',
      async (id) => browser.answer(id, challengeOf(await browser.ask(id)), { signer: new DeviceKey() }),
    ],
    [
      'with the algorithm none',
      async (id) => browser.answer(id, challengeOf(await browser.ask(id)), { header: { alg: 'none' } }),
    ],
    [
      'of another session id',
      async (id) =>
        browser.answer(id.replace(/.$/, 'f').replace(/^./, 'f'), challengeOf(await browser.ask(id))),
    ],
    [
      'of 10 KB',
      async (id) =>
        browser.answer(id, challengeOf(await browser.ask(id)), { claims: { padding: 'x'.repeat(10_000) } }),
    ],
  ])('%s is refused, and loses nothing', async (_, act) => {
    const id = await bound();
    expect(await act(id)).toMatchObject({ status: 401 });
    expect((await browser.get('/private')).status).toBe(200);
    expect((await browser.renew(id)).status).toBe(200);
  });

  it('does not accept a challenge of the sign-in', async () => {
    const id = await browser.signIn();
    await browser.register();
    const challenge = /challenge="([^"]+)"/.exec(browser.offer)![1]!;
    expect((await browser.answer(id, challenge)).status).toBe(403);
  });

  it('is refused on another node within the lease after the session has ended', async () => {
    const id = await bound();
    const { cookieHeader } = browser;
    const other = use();
    const onOther = () =>
      browser.binding({ 'Sec-Secure-Session-Id': `"${id}"`, Cookie: cookieHeader }, other);
    expect((await onOther()).status).toBe(403);
    await browser.delete('/session');
    nodes.clock.advance(2000);
    expect(await onOther()).toMatchObject({ status: 401, body: { code: 'session-ended' } });
  });

  it('is refused for a session that is not bound', async () => {
    const id = await browser.signIn();
    const asked = await browser.ask(id);
    expect((await browser.answer(id, challengeOf(asked))).status).toBe(401);
  });

  it('keeps the binding if the address may not use the session', async () => {
    const id = await bound();
    await nodes.database.knex('identity_sessions').update({ ip_addresses: '203.0.113.9' });
    const strict = use({ ipCheck: { mode: 'strict' } });
    expect(await browser.binding({ 'Sec-Secure-Session-Id': `"${id}"` }, strict)).toMatchObject({
      status: 503,
      body: { code: 'binding-unavailable' },
    });
  });

  it('keeps the binding if the database does not answer', async () => {
    const id = await bound();
    const connection = 'postgres://127.0.0.1:1/none';
    const lost = appOn(nodes.use({ knex: undefined, connection, deviceBound: 'optional' }));
    const response = await browser.binding({ 'Sec-Secure-Session-Id': `"${id}"` }, lost);
    expect(response).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
  });
});

describe('deviceBound: required', () => {
  beforeEach(() => {
    browser = new BoundBrowser(use({ deviceBound: 'required' }));
  });

  it('refuses sessions that are not bound within a minute after the sign-in', async () => {
    await browser.signIn();
    expect((await browser.get('/private')).status).toBe(200);
    nodes.clock.advance(MINUTE);
    expect((await browser.get('/private')).body).toMatchObject({ code: 'binding-required' });
  });

  it('accepts sessions that are bound', async () => {
    await bound();
    expect((await browser.get('/private')).status).toBe(200);
  });
});
