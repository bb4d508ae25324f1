import express, { type Express } from 'express';
import express4 from 'express4';
import fc from 'fast-check';
import request from 'supertest';

import {
  browserPages,
  createSignIn,
  memory,
  returnPath,
  revokeRoute,
  sessionErrors,
  SessionError,
  sessionSecretGuard,
  signOut,
  type BrowserPagesOptions,
  type IdentitySessionManager,
} from '../../lib';
import { plainRefusal } from '../../lib/errors';
import type { AdministeredStore } from '../../lib/store';
import { satisfies } from '../support/compliance';
import { Browser } from '../support/browser';
import { managerOn } from '../support/manager';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

let manager: IdentitySessionManager;
let store: AdministeredStore;

beforeEach(() => {
  store = memory();
  manager = managerOn({ store });
});

/** An app of pages, mounted under a path, as part of a larger app. */
function appWith(options: Partial<BrowserPagesOptions> = {}, framework = express): Express {
  const dialect = browserPages(manager.settings, { signIn: '/sign-in', ...options });
  const signIn = createSignIn(manager);
  const app = framework();
  app.use(framework.urlencoded({ extended: false }));
  app.post('/sign-in', (req, res, next) => {
    signIn(req, res, { userId: 'alice' }).then(() => res.redirect(303, returnPath(req)), next);
  });
  app.get('/who/:id', sessionSecretGuard(manager, { dialect }), (req, res) => res.json(req.params));
  const account = framework.Router();
  account.use(sessionSecretGuard(manager, { dialect }));
  account.get('/', (_req, res) => res.send('your account'));
  account.post('/sessions/:id/end', revokeRoute(manager, { dialect }));
  app.use('/account', account);
  app.post('/sign-out', signOut(manager, { dialect }));
  app.get('/limit', () => {
    throw new SessionError('too-many-requests', 'Wait <b>&"a minute\'</b>.', { retryAfter: 60 });
  });
  app.use(sessionErrors(manager, { dialect }));
  return app;
}

const page = (app: Express, path: string, cookie = '') =>
  request(app).get(path).set({ Accept: HTML, Cookie: cookie });

const form = (app: Express, path: string, cookie = '') =>
  request(app).post(path).type('form').set({ Accept: HTML, Cookie: cookie });

async function signedIn(app: Express): Promise<{ cookie: string; id: string }> {
  const browser = new Browser(app);
  await browser.post('/sign-in', {});
  const { sessions } = await manager.list({ userId: 'alice' });
  return { cookie: browser.cookieHeader, id: sessions[0]!.sessionId };
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('browserPages in %s', (_, framework) => {
  it('redirects a browser without a session to the sign-in page, and says where it wanted to go', async () => {
    const response = await page(appWith({}, framework), '/account?tab=2');
    expect(response.status).toBe(303);
    expect(response.get('Location')).toBe('/sign-in?returnTo=%2Faccount%3Ftab%3D2');
    expect(response.get('Cache-Control')).toBe('no-store');
    expect(response.get('WWW-Authenticate')).toBeUndefined();
    expect(response.get('Content-Type')).toBeUndefined();
  });

  it('gives the reason of the end as the notice', async () => {
    const app = appWith({}, framework);
    const { cookie, id } = await signedIn(app);
    await manager.administration.revoke(id);
    const response = await page(app, '/account', cookie);
    expect(response.get('Location')).toBe('/sign-in?notice=administrator&returnTo=%2Faccount');
  });

  it('gives the code as the notice if the session did not end, and no page to return to after a form', async () => {
    const response = await form(
      appWith({}, framework),
      '/account/sessions/x/end',
      '__Host-Http-identity=junk',
    );
    expect(response.get('Location')).toBe('/sign-in?notice=credentials-invalid');
  });

  it('leads back to the page with the form if the form needs a recent authentication', async () => {
    const app = appWith({}, framework);
    app.post(
      '/email',
      () => {
        throw new SessionError('authentication-insufficient', 'Sign in again.', { required: { maxAge: 60 } });
      },
      sessionErrors(manager, { dialect: browserPages(manager.settings, { signIn: '/sign-in' }) }),
    );
    const target = async (referer?: string) => {
      const sent = form(app, '/email').set({
        Host: 'app.test',
        ...(referer !== undefined && { Referer: referer }),
      });
      return (await sent).get('Location');
    };
    const notice = '/sign-in?notice=authentication-insufficient';
    expect(await target('https://app.test/profile?tab=2#top')).toBe(
      `${notice}&returnTo=%2Fprofile%3Ftab%3D2`,
    );
    for (const referer of ['https://evil.test/profile', 'https://app.test/sign-in?x', 'junk', undefined]) {
      expect(await target(referer)).toBe(notice);
    }
  });

  it('returns the answers of REST to a program', async () => {
    const app = appWith({}, framework);
    for (const accept of ['application/json', '*/*', '']) {
      const response = await request(app).get('/account').set('Accept', accept);
      expect(response.status).toBe(401);
      expect(response.body).toMatchObject({ code: 'credentials-missing' });
    }
    const { cookie, id } = await signedIn(app);
    const ended = await request(app).post(`/account/sessions/${id}/end`).set('Cookie', cookie);
    expect(ended.status).toBe(204);
  });

  it('redirects after a revocation, after an unknown session and after the sign-out', async () => {
    const app = appWith({ afterRevoke: '/account?tab=devices#list' }, framework);
    const [{ cookie }, other] = [await signedIn(app), await signedIn(app)];
    const end = async (id: string) =>
      (await form(app, `/account/sessions/${id}/end`, cookie)).get('Location');
    expect(await end(other.id)).toBe('/account?tab=devices&notice=ended#list');
    expect(await end('x')).toBe('/account?tab=devices&notice=session-not-found#list');
    const out = await form(app, '/sign-out', cookie);
    expect([out.status, out.get('Location')]).toEqual([303, '/sign-in?notice=signed-out']);
    expect(out.get('Set-Cookie')?.[0]).toMatch(/^__Host-Http-identity=;/);
  });

  it('shows a page with the escaped message for refusals that no sign-in helps against', async () => {
    const response = await page(appWith({}, framework), '/limit');
    expect([response.status, response.get('Retry-After')]).toEqual([429, '60']);
    expect(response.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(response.text).toContain('<h1>Wait &lt;b&gt;&amp;&quot;a minute&#39;&lt;/b&gt;.</h1>');
    expect(response.get('Content-Security-Policy')).toContain("default-src 'none'");
  });

  it('shows this page in the language of the reader', async () => {
    const app = appWith({}, framework);
    store.find = () => {
      throw plainRefusal('store-unavailable');
    };
    const { cookie } = await signedIn(app);
    const { text } = await page(app, '/account', cookie).set('Accept-Language', 'de');
    expect(text).toMatch(/<html lang="de">[^]*Die Sitzung kann zurzeit nicht geprüft werden/);
  });

  it('shows the page of the option `problem`, and 503 during an outage', async () => {
    const app = appWith({ problem: ({ code }) => `<h1>${code}</h1>` }, framework);
    const { cookie } = await signedIn(app);
    store.find = () => {
      throw new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
    };
    const response = await page(app, '/account', cookie);
    expect([response.status, response.text]).toEqual([503, '<h1>store-unavailable</h1>']);
  });

  it('returns the user to the page that the browser wanted', async () => {
    const app = appWith({}, framework);
    const { searchParams } = new URL(
      (await page(app, '/who/a%20b?x=1&y=%C3%A4')).get('Location')!,
      'http://a',
    );
    const response = await form(app, '/sign-in').send({ returnTo: searchParams.get('returnTo') });
    expect(response.get('Location')).toBe('/who/a%20b?x=1&y=%C3%A4');
  });

  it('does not return to the sign-in page itself', async () => {
    const app = appWith({}, framework);
    app.get(
      '/sign-in',
      sessionSecretGuard(manager, { dialect: browserPages(manager.settings, { signIn: '/sign-in' }) }),
    );
    expect((await page(app, '/sign-in?returnTo=%2Fa')).get('Location')).toBe('/sign-in');
  });
});

describe('returnPath', () => {
  const after = async (given: unknown, fallback?: string) => {
    const app = express();
    app.use(express.urlencoded({ extended: true }), express.json());
    app.post('/', (req, res) => res.json(returnPath(req, fallback)));
    return (await request(app).post('/').send({ returnTo: given })).body as string;
  };

  it.each(['/account', '/a?b=c&d=%2F#e', '/a//b', '/%2f%2fevil.example', '/a@b', '/?returnTo=//evil'])(
    'returns the path %s',
    async (path) => expect(await after(path)).toBe(path),
  );

  it.each([
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '\\\\evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '\n//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '%2f%2fevil.example',
    'javascript:alert(1)',
    'account',
    '',
    `/${'a'.repeat(2000)}`,
    ['/a', '//evil.example'],
    { 0: '/a' },
    7,
    null,
    undefined,
  ])('returns the fallback for %j', async (given) => {
    expect(await after(given)).toBe('/');
    expect(await after(given, '/home')).toBe('/home');
  });

  it('prefers the query to the body', async () => {
    const app = express();
    app.use((req, res) => void res.json(returnPath(req)));
    expect((await request(app).get('/?returnTo=/a')).body).toBe('/a');
    expect((await request(app).get('/?returnTo=/a&returnTo=//evil')).body).toBe('/');
  });

  it(satisfies('never leads to another origin, whatever the text', 'ASVS 3.7.2'), () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '?',
      '#',
      '\t',
      '\n',
      '%2e',
      '%2f',
      '%5c',
      'http',
      'evil.example',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const returned = returnPath({ query: { returnTo: parts.join('') } } as unknown as express.Request);
        expect(new URL(returned, 'https://own.example/sign-in').origin).toBe('https://own.example');
      }),
      { numRuns: 5000 },
    );
  });
});

describe('browserPages with invalid options', () => {
  it.each(['https://evil.example', '//evil.example', '/\\evil', 'sign-in', '/sign in', ''])(
    'refuses %j as a page',
    (signIn) => {
      expect(() => browserPages(manager.settings, { signIn })).toThrow(/`signIn`.*a path on this site/);
    },
  );

  it('says what to write if the sign-in page is missing', () => {
    expect(() => browserPages(manager.settings, {} as BrowserPagesOptions)).toThrow(
      "write `browserPages(manager.settings, { signIn: '/sign-in' })`",
    );
  });
});
