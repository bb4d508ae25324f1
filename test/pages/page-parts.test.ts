import type { Request } from 'express';

import { plainRefusal } from '../../lib/errors';
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

  it('builds the page about a refusal in the language of the request', () => {
    const { problemPage } = pageParts(manager)(request('/sign-in', 'de'));
    const { title, body } = problemPage(plainRefusal('store-unavailable'), {
      path: '/sign-in',
      text: 'Weiter',
    });
    expect(title).toBe('Das hat nicht geklappt');
    expect(String(body)).toMatch(/Die Sitzung kann zurzeit nicht geprüft werden[^]*href="\/sign-in">Weiter</);
  });

  it('refuses a path on another site', () => {
    expect(() => pageParts(manager, { path: '//evil.example' })).toThrow(/`path`/);
  });
});
