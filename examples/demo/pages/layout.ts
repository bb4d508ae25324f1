import { sessionOf } from '../../../lib';
import { html, plainLayout, type Html, type Layout } from '../../../lib/pages';
import { isAdministrator } from '../accounts';
import type { Request } from 'express';

/** Puts the demo's navigation above the content of a page, if the reader is signed in. */
export const layout: Layout = (page, request) => {
  const head = html`${page.head}
    <link rel="icon" href="/favicon.svg" />
    <link rel="stylesheet" href="/demo.css" />
    <script src="/renew-cookie.js" type="module"></script>`;
  return plainLayout({ ...page, head, body: html`${navigation(request)} ${page.body}` }, request);
};

function navigation(request: Request): Html | undefined {
  if (request.identitySession === undefined) return undefined;
  const { userId } = sessionOf(request);
  const path = request.originalUrl.split('?')[0]!;
  const link = (to: string, name: string) =>
    html`<a href="${to}" ${path.startsWith(to) && html`aria-current="page"`}>${name}</a>`;
  return html`<header>
    <nav aria-label="Pages">
      ${link('/account/sessions', 'Sessions')} ${link('/profile', 'Profile')} ${link('/element', 'Element')}
      ${isAdministrator(userId) && link('/admin/sessions', 'All users')}
    </nav>
    <form method="post" action="/sign-out">
      <span>${userId}</span>
      <button class="eis-button">Sign out</button>
    </form>
  </header>`;
}
