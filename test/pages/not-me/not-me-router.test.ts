import express, { type Express } from 'express';
import express4 from 'express4';
import request from 'supertest';

import {
  memory,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
} from '../../../lib';
import { html, notMePage, type NotMePageOptions, type UnknownSignIn } from '../../../lib/pages';
import { FakeClock } from '../../support/clock';
import { managerOn } from '../../support/manager';
import { DAY } from '../../support/sessions';

const URL_OF_PAGE = 'https://app.example.com/account/not-me';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let clock: FakeClock;
let manager: IdentitySessionManager;
let events: SessionEvent[];
let reported: UnknownSignIn[];
let failure: Error | undefined;

beforeEach(() => {
  clock = new FakeClock();
  events = [];
  reported = [];
  failure = undefined;
  use();
});

function use(options: IdentitySessionOptions = {}): void {
  const report = (event: SessionEvent) => events.push(event);
  manager = managerOn({ store: memory(), clock, report, ...options });
}

/** A browser asks for HTML. */
const Accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
const browser = (app: Express) => request.agent(app).set({ Accept });

function appIn(framework = express, options: Partial<NotMePageOptions> = {}): Express {
  const app = framework();
  const onNotMe = async (signIn: UnknownSignIn) => {
    await Promise.resolve();
    if (failure !== undefined) throw failure;
    reported.push(signIn);
  };
  app.use('/account/not-me', notMePage(manager, { onNotMe, ...options }));
  return app;
}

async function link(userAgent: string | null = FIREFOX): Promise<{ path: string; sessionId: string }> {
  const { session } = await manager.open({ userId: 'alice', userAgent, ipAddress: '192.168.0.7' });
  const url = await manager.notMeLink(session, { url: URL_OF_PAGE });
  return { path: new URL(url).pathname, sessionId: session.sessionId };
}

const isLive = async (sessionId: string) => {
  const { sessions } = await manager.list({ userId: 'alice' });
  return sessions.some((session) => session.sessionId === sessionId);
};

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('notMePage in %s', (_, framework) => {
  it('shows the sign-in and a button, and changes nothing, however often the page is read', async () => {
    const { path, sessionId } = await link();
    const app = appIn(framework);
    for (let visit = 0; visit < 3; visit++) {
      const response = await browser(app).get(path);
      expect(response.status).toBe(200);
      expect(response.text).toContain('<h1>Was this you?</h1>');
      const facts = [...response.text.matchAll(/<dt>(.*)<\/dt>\s*<dd>(.*)<\/dd>/g)].map(
        ([, ...fact]) => fact,
      );
      expect(facts).toEqual([
        ['Device', 'Firefox 140 on Linux'],
        ['Place', 'Intranet'],
        ['IP address', '192.168.0.7'],
        ['Signed in', expect.stringContaining('Jan 15, 2026, 12:00 PM UTC')],
      ]);
      expect(response.text).toMatch(/<form\s+class="eis-card eis-question"\s+method="post"\s*>/);
      expect(response.text).toContain('>This wasn’t me</button>');
    }
    await browser(app).head(path);
    expect([await isLive(sessionId), reported]).toEqual([true, []]);
  });

  it('ends the session and calls onNotMe when the button is pressed', async () => {
    const { path, sessionId } = await link();
    const app = appIn(framework);
    const response = await browser(app).post(path);
    expect([response.status, response.get('Location')]).toEqual([303, '/account/not-me/done']);
    const done = await browser(app).get('/account/not-me/done');
    expect(done.text).toMatch(
      /<h1>Thank you<\/h1>[^]*role="status"[^]*The session was signed out\.[^]*href="\/sign-in"/,
    );
    expect(await isLive(sessionId)).toBe(false);
    const owner = { tenantId: null, userId: 'alice' };
    const session = expect.objectContaining({ sessionId, userAgent: FIREFOX });
    expect(reported).toEqual([{ owner, sessionId, session }]);
    expect(events).toContainEqual({ type: 'not-me', owner, sessionId });
  });

  it('passes an error of onNotMe on, and lets the person try again', async () => {
    const { path, sessionId } = await link();
    const app = appIn(framework);
    app.use((error: Error, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).send(error.message);
    });
    failure = new Error('no mail');
    const failed = await browser(app).post(path);
    expect([failed.status, failed.text, await isLive(sessionId)]).toEqual([500, 'no mail', false]);
    failure = undefined;
    expect((await browser(app).get(path)).status).toBe(200);
    expect((await browser(app).post(path)).status).toBe(303);
    expect(reported).toHaveLength(1);
  });
});

describe('notMePage', () => {
  it('answers forged, used and expired links with the same page', async () => {
    const app = appIn();
    const [used, expired] = [await link(), await link()];
    await browser(app).post(used.path);
    clock.advance(7 * DAY);
    const paths = [used.path, expired.path, `/account/not-me/${'a'.repeat(43)}`, '/account/not-me/x'];
    const responses = await Promise.all(
      paths.flatMap((path) => [browser(app).get(path), browser(app).post(path)]),
    );
    for (const response of responses) {
      expect([response.status, response.text]).toEqual([410, responses[0]!.text]);
    }
    expect(responses[0]!.text).toContain('This link is invalid, has expired or was already used.');
    expect([reported.length, await isLive(expired.sessionId)]).toEqual([1, false]);
  });

  it('does not end a session with an expired link', async () => {
    use({ shortLifetime: '30D', longLifetime: '30D' });
    const { path, sessionId } = await link();
    clock.advance(7 * DAY - 1);
    expect((await browser(appIn()).get(path)).status).toBe(200);
    clock.advance(1);
    expect((await browser(appIn()).post(path)).status).toBe(410);
    expect([reported, await isLive(sessionId)]).toEqual([[], true]);
  });

  it('calls onNotMe once for many requests at the same time', async () => {
    const { path } = await link();
    const app = appIn();
    const responses = await Promise.all(Array.from({ length: 8 }, () => browser(app).post(path)));
    expect(responses.map(({ status }) => status).sort()).toEqual([303, ...Array<number>(7).fill(410)]);
    expect(reported).toHaveLength(1);
  });

  it('sends headers that keep the token from other pages, caches and frames, and allow no scripts', async () => {
    const { path } = await link();
    const app = appIn();
    for (const response of [await browser(app).get(path), await browser(app).get('/account/not-me/x')]) {
      expect(response.headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self'; style-src 'self'; .* frame-ancestors 'none'$/,
        ),
        'x-content-type-options': 'nosniff',
        'x-robots-tag': 'noindex',
      });
      expect(response.text).not.toMatch(/<script(?! src)|<style| style=| on\w+=/i);
    }
  });

  it('shows the token in no page, event or error', async () => {
    const { path } = await link();
    const app = appIn();
    failure = new Error('no mail');
    let error: unknown;
    app.use((given: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      error = given;
      response.sendStatus(500);
    });
    const pages = [await browser(app).get(path), await browser(app).post(path)];
    failure = undefined;
    pages.push(await browser(app).post(path), await browser(app).post(path));
    expect(pages.map(({ status }) => status)).toEqual([200, 500, 303, 410]);
    const token = path.split('/').at(-1)!;
    const seen = JSON.stringify([pages.map(({ text, headers }) => [text, headers]), events, String(error)]);
    expect(seen).not.toContain(token);
  });

  it('is German for a German reader, and English otherwise', async () => {
    const { path } = await link();
    const app = appIn();
    const german = (response: request.Test) => response.set('Accept-Language', 'de-AT,de;q=0.9,en;q=0.5');
    expect((await german(browser(app).get(path))).text).toMatch(
      /<html lang="de"[^]*<h1>Waren Sie das\?<\/h1>[^]*Firefox 140 auf Linux[^]*Das war ich nicht/,
    );
    expect((await german(browser(app).post(path))).status).toBe(303);
    expect((await german(browser(app).get('/account/not-me/done'))).text).toContain('<h1>Vielen Dank</h1>');
    expect((await german(browser(app).post(path))).text).toContain('Dieser Link ist ungültig, abgelaufen');
    expect((await browser(app).get(path).set('Accept-Language', 'fr')).text).toContain('<html lang="en"');
  });

  it('shows a hostile user agent as text', async () => {
    const { path } = await link('Evil"><script>alert(1)</script>/1.0');
    const { text } = await browser(appIn()).get(path);
    expect(text).not.toMatch(/<script(?! src)/);
  });

  it('leads from a refusal to the sign-in page, in the layout of the app', async () => {
    const layout: NotMePageOptions['layout'] = ({ body }) =>
      html`<nav>App</nav>
        ${body}`;
    const { text } = await browser(appIn(express, { signIn: '/login', layout })).get('/account/not-me/x');
    expect(text).toMatch(/^<nav>App<\/nav>[^]*role="alert"[^]*<a href="\/login">Sign in<\/a>/);
  });

  it('serves its style and script, and answers a path that cannot be decoded', async () => {
    const { path } = await link();
    const app = appIn();
    const { text } = await browser(app).get(path);
    for (const [, file] of text.matchAll(/(?:href|src)="([^"]*\/assets\/[^"]*)"/g)) {
      expect((await browser(app).get(file!)).status).toBe(200);
    }
    expect((await browser(app).get('/account/not-me/%ff')).status).toBe(400);
  });

  it('works without the session row, and for a session that has already ended', async () => {
    const store = memory();
    use({ store });
    const { path, sessionId } = await link();
    await manager.administration.revoke(sessionId);
    expect((await browser(appIn()).get(path)).text).toContain('<dt>Ended</dt>');
    const end = { endedAfter: Infinity, cutoffs: { short: 0, long: 0, absolute: 0, hibernation: 0 } };
    expect(await store.sweep(end, 10)).toBe(1);
    const app = appIn();
    expect((await browser(app).get(path)).text).toMatch(/the details are deleted[^]*This wasn’t me/);
    expect((await browser(app).post(path)).status).toBe(303);
    expect(reported).toEqual([expect.objectContaining({ sessionId, session: undefined })]);
  });

  it('throws a TypeError without onNotMe', () => {
    expect(() => notMePage(manager, {} as never)).toThrow('write `notMePage(manager, { onNotMe');
  });
});
