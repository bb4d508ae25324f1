import express from 'express';
import express4 from 'express4';

import type { IdentitySessionManager } from '../../../lib';
import { html } from '../../../lib/pages';
import { satisfies } from '../../support/compliance';
import type { Browser } from '../../support/browser';
import type { FakeClock } from '../../support/clock';
import {
  FIREFOX,
  form,
  IPHONE,
  managerWithClock,
  pagesApp,
  signedIn,
  type PagesAppOptions,
} from '../../support/pages';
import { DAY, HOUR } from '../../support/sessions';

const BASE = '/account/sessions';

let manager: IdentitySessionManager;
let clock: FakeClock;

beforeEach(() => {
  ({ manager, clock } = managerWithClock({ longLifetime: '400D', inactiveTimeSpan: '500D' }));
});
afterEach(() => manager.close());

const idOf = (browser: Browser) => browser.cookies.get('__Host-Http-identity')!.slice(0, 32);
const isLive = async (browser: Browser) => (await manager.administration.get(idOf(browser))).endedAt === null;

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('accountPage on %s', (_, framework) => {
  const app = (options: PagesAppOptions = {}) => pagesApp(manager, { framework, ...options });
  let desk: Browser;
  let phone: Browser;

  async function signInBoth(options: PagesAppOptions = {}): Promise<void> {
    const built = app(options);
    desk = await signedIn(built, { userId: 'alice' });
    phone = await signedIn(built, { userId: 'alice' }, IPHONE);
  }

  it('redirects a browser without a session to the sign-in page, and then back', async () => {
    const { status, headers } = await (
      await signedIn(app({ account: { signIn: '/login' } }), { userId: '' })
    ).get(BASE);
    expect(status).toBe(303);
    expect(headers['location']).toBe('/login?returnTo=%2Faccount%2Fsessions');
  });

  it('lists the current session first, with a policy that allows only files of the own origin', async () => {
    await signInBoth();
    const { status, text, headers } = await desk.get(BASE);
    expect(status).toBe(200);
    expect(text.indexOf('Firefox 140 on Linux')).toBeLessThan(text.indexOf('Mobile Safari 18 on iOS 18.5'));
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/ style=| on\w+=|<style|<script(?! src)/);
  });

  it('asks before it ends a session, and then ends it and redirects to a notice', async () => {
    await signInBoth();
    const question = await desk.post(`${BASE}/confirm`, form({ id: idOf(phone) }));
    expect(question.text).toContain('Sign out “Mobile Safari 18 on iOS 18.5”?');
    expect(await isLive(phone)).toBe(true);

    const ended = await desk.post(`${BASE}/end`, form({ id: idOf(phone) }));
    expect([ended.status, ended.headers['location']]).toEqual([303, `${BASE}?notice=ended&count=1`]);
    expect((await desk.get(ended.headers['location']!)).text).toContain('1 session was signed out.');
    expect(await isLive(phone)).toBe(false);
    expect(await manager.administration.get(idOf(phone))).toMatchObject({
      endReason: 'revoked',
      endedBy: 'alice',
    });
  });

  it(
    satisfies(
      'asks for a recent authentication before other sessions are ended, and leads back to the list',
      'ASVS 7.5.2',
    ),
    async () => {
      await signInBoth({ account: { recent: { maxAge: '10M' } } });
      clock.advance(600_001);
      expect((await desk.get(BASE)).status).toBe(200);
      for (const [path, fields] of [
        ['confirm', { id: idOf(phone) }],
        ['end', { id: idOf(phone) }],
        ['end', { which: 'others' }],
        ['end', { which: 'selected', selected: [idOf(desk), idOf(phone)] }],
      ] as const) {
        const refused = await desk.postOn(BASE, `${BASE}/${path}`, form(fields));
        expect([refused.status, refused.headers['location']]).toEqual([
          303,
          '/sign-in?notice=authentication-insufficient&returnTo=%2Faccount%2Fsessions',
        ]);
      }
      expect([await isLive(desk), await isLive(phone)]).toEqual([true, true]);
      const question = await desk.get(`${BASE}/confirm`);
      expect([question.status, question.headers['location']]).toEqual([303, BASE]);

      const own = idOf(desk);
      expect((await desk.post(`${BASE}/confirm`, form({ id: own }))).status).toBe(200);
      await desk.post(`${BASE}/end`, form({ id: own }));
      expect((await manager.administration.get(own)).endReason).toBe('signed-out');
      expect(await isLive(phone)).toBe(true);
    },
  );

  it('ends the selected sessions', async () => {
    await signInBoth();
    const tablet = await signedIn(app(), { userId: 'alice' });
    const selected = { which: 'selected', selected: [idOf(phone), idOf(tablet)] };
    expect((await desk.post(`${BASE}/confirm`, form(selected))).text).toContain(
      'Sign out 2 selected sessions?',
    );
    const { headers } = await desk.post(`${BASE}/end`, form(selected));
    expect(headers['location']).toBe(`${BASE}?notice=ended&count=2`);
  });

  it('ends all other sessions, also of clients that it hides', async () => {
    await manager.close();
    ({ manager, clock } = managerWithClock({ clientBlacklist: ['secret-client'] }));
    await signInBoth();
    const { session } = await manager.open({ userId: 'alice', clientId: 'secret-client' });
    expect((await desk.get(BASE)).text).not.toContain('secret-client');
    expect((await desk.post(`${BASE}/confirm`, form({ which: 'others' }))).text).toContain(
      'Sign out 1 other session?',
    );
    await desk.post(`${BASE}/end`, form({ which: 'others' }));
    expect(await isLive(phone)).toBe(false);
    expect(await isLive(desk)).toBe(true);
    expect((await manager.administration.get(session.sessionId)).endedAt).not.toBeNull();
  });

  it(
    satisfies(
      'signs out of the current session, clears its cookie and leads to the sign-in page',
      'ASVS 7.4.4',
      'NIST 5.1 sign-out',
    ),
    async () => {
      await signInBoth();
      const id = idOf(desk);
      const { headers } = await desk.post(`${BASE}/end`, form({ id }));
      expect(headers['location']).toBe('/sign-in?notice=signed-out');
      expect(desk.cookies.has('__Host-Http-identity')).toBe(false);
      expect((await manager.administration.get(id)).endReason).toBe('signed-out');
    },
  );

  it('ends nothing if nothing is selected', async () => {
    await signInBoth();
    expect((await desk.post(`${BASE}/confirm`, '')).status).toBe(400);
    const { headers } = await desk.post(`${BASE}/end`, '');
    expect(headers['location']).toBe(`${BASE}?notice=ended-none`);
    expect(await isLive(phone)).toBe(true);
  });

  it.each(['confirm', 'end'])('does not find the session of another user: %s', async (path) => {
    await signInBoth();
    const bob = await signedIn(app(), { userId: 'bob' });
    const { headers } = await bob.post(`${BASE}/${path}`, form({ id: idOf(phone) }));
    expect(headers['location']).toBe(`${BASE}?notice=session-not-found`);
    expect((await bob.get(`${BASE}/sessions/${idOf(phone)}`)).headers['location']).toBe(
      `${BASE}?notice=session-not-found`,
    );
    expect(await isLive(phone)).toBe(true);
  });

  it.each(['confirm', 'end', 'sessions/1/name'])('refuses %s from another site with a page', async (path) => {
    await signInBoth();
    const lured = await signedIn(app(), { userId: 'nobody' });
    for (const [name, value] of desk.cookies) lured.cookies.set(name, value);
    const { status, text } = await lured.postFrom('cross-site', `${BASE}/${path}`, form({ which: 'others' }));
    expect(status).toBe(403);
    expect(text).toContain('Another site started this request.');
    expect(await isLive(phone)).toBe(true);
  });

  it('names the current and other sessions, and removes a name', async () => {
    await signInBoth();
    const path = `${BASE}/sessions/${idOf(phone)}`;
    const named = await desk.post(`${path}/name`, form({ name: ' Phone of <b> ' }));
    expect(named.headers['location']).toBe(`${BASE}?notice=named`);
    expect((await desk.get(path)).text).toContain('value="Phone of &lt;b&gt;"');
    expect((await desk.get(BASE)).text).toContain('Sign out Phone of &lt;b&gt;');
    await desk.post(`${BASE}/sessions/${idOf(desk)}/name`, form({ name: 'Desk' }));
    expect((await manager.get({ userId: 'alice' }, idOf(desk))).name).toBe('Desk');
    const removed = await desk.post(`${path}/name`, form({ name: ' ' }));
    expect(removed.headers['location']).toBe(`${BASE}?notice=name-removed`);
    expect((await manager.get({ userId: 'alice' }, idOf(phone))).name).toBeNull();
  });

  it('refuses a name that is too long, in the language of the reader', async () => {
    await signInBoth();
    const path = `${BASE}/sessions/${idOf(desk)}/name`;
    const { status, text } = await desk.post(path, form({ name: 'x'.repeat(65) }));
    expect(status).toBe(400);
    expect(text).toContain('role="alert"');
  });

  it('lists sessions that were not used for 90 days separately', async () => {
    const { session } = await manager.open({ userId: 'alice', userAgent: IPHONE, staySignedIn: true });
    clock.advance(91 * DAY);
    const browser = await signedIn(app(), { userId: 'alice' });
    const [, unused] = (await browser.get(BASE)).text.split('id="eis-unused"');
    expect(unused).toContain(`value="${session.sessionId}"`);
  });

  it('shows the history of ends on the page, and on pages of its own', async () => {
    await signInBoth();
    await desk.post(`${BASE}/end`, form({ id: idOf(phone) }));
    for (let i = 0; i < 60; i++) await manager.open({ userId: 'alice' });
    const { text } = await desk.get(BASE);
    expect(text).toContain(`href="${BASE}/history"`);
    const first = await desk.get(`${BASE}/history`);
    expect(first.text).not.toContain('Ended by its owner');
    const [, older] = /href="([^"]*\?after=[^"]*)"/.exec(first.text)!;
    expect((await desk.get(older!)).text).toContain('Ended by its owner');
  });

  it('serves style and script without a session, for a year, and passes unknown files on', async () => {
    await signInBoth();
    const { text } = await desk.get(BASE);
    const files = [...text.matchAll(/(?:href|src)="([^"]*\/assets\/[^"]*)"/g)].map(([, path]) => path!);
    expect(files).toHaveLength(2);
    const guest = await signedIn(app(), { userId: '' });
    for (const file of files) {
      const { status, headers } = await guest.get(file);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    expect((await guest.get(`${BASE}/assets/pages.css`)).status).toBe(404);
  });

  it('shows the sign-in method that the app names, inside the layout of the app', async () => {
    await signInBoth({
      account: {
        signInMethodOf: () => 'Security key',
        layout: ({ title, body }) =>
          html`<title>${title}</title>
            <nav>App</nav>
            ${body}`,
      },
    });
    const { text } = await desk.get(`${BASE}/sessions/${idOf(phone)}`);
    expect(text).toMatch(/^<title>Mobile Safari 18 on iOS 18.5<\/title>\s*<nav>App<\/nav>/);
    expect(text).toContain('Security key');
  });

  it('answers in German', async () => {
    await signInBoth({ account: { language: 'de' } });
    const { text } = await desk.get(BASE);
    expect(text).toContain('<html lang="de" dir="ltr"');
    expect(text).toContain('Mobile Safari 18 auf iOS 18.5');
  });

  it('passes paths on that it does not know', async () => {
    await signInBoth();
    expect((await desk.get(`${BASE}/unknown`)).status).toBe(404);
  });
});

describe('an open page', () => {
  it('does not keep its session alive', async () => {
    const app = pagesApp(manager);
    const browser = await signedIn(app, { userId: 'alice' }, FIREFOX);
    await browser.get(BASE);
    clock.advance(2 * HOUR);
    const { text, status } = await browser.get(`${BASE}/events`);
    expect(status).toBe(200);
    expect(text).toBe(
      'event: ended\ndata: /sign-in?notice=session-expired&returnTo=%2Faccount%2Fsessions\n\n',
    );
  });
});
