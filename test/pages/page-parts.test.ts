import type { Request } from 'express';

import { html, pageParts } from '../../lib/pages';
import { managerWithClock } from '../support/pages';

const { manager } = managerWithClock();
afterAll(() => manager.close());

const request = (url: string, language = 'en') =>
  ({ url, originalUrl: url, headers: { 'accept-language': language } }) as Request;

describe('pageParts', () => {
  it('returns the notice of the query in the language of the request', () => {
    const parts = pageParts(manager);
    expect(String(parts(request('/sign-in?notice=revoked', 'de')).notice)).toContain(
      'Ihre Sitzung wurde beendet.',
    );
    expect(parts(request('/sign-in')).notice).toBeUndefined();
  });

  it('builds pages with the style and the script of the mounted account page', () => {
    const { page } = pageParts(manager, { path: '/me' })(request('/sign-in'));
    const { title, head, body, language, direction } = page('Sign in', html`<p>Here.</p>`, {
      width: 'narrow',
    });
    expect([title, language, direction]).toEqual(['Sign in', 'en', 'ltr']);
    expect(String(head)).toContain('href="/me/assets/pages.');
    expect(String(body)).toMatch(/<main class="eis eis-narrow"[^]*<h1>Sign in<\/h1>\s*<p>Here.<\/p>/);
  });

  it('refuses a path on another site', () => {
    expect(() => pageParts(manager, { path: '//evil.example' })).toThrow(/`path`/);
  });
});
