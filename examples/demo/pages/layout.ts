import { html, plainLayout, type Html, type Layout, type PageContent } from '../../../lib/pages';
import { isAdministrator } from '../accounts';
import { textsIn } from '../texts';
import type { Request } from 'express';

/** Puts the demo's navigation above the content of a page. */
export const layout: Layout = (page, request) => {
  const head = html`${page.head}
    <link rel="icon" href="/favicon.svg" />
    <link rel="stylesheet" href="/demo.css" />
    <script src="/renew-cookie.js" type="module"></script>`;
  return plainLayout({ ...page, head, body: html`${navigation(page, request)} ${page.body}` }, request);
};

function navigation(page: PageContent, request: Request): Html {
  const { pages } = textsIn(page);
  const user = request.identitySession?.userId;
  const path = request.originalUrl.split('?')[0]!;
  const link = (to: string, name: string) =>
    html`<a href="${to}" ${path.startsWith(to) && html`aria-current="page"`}>${name}</a>`;
  return html`<header ${user !== undefined && html`class="signed-in"`}>
    <nav aria-label="${pages.label}">
      ${link('/account/sessions', pages.sessions)}
      ${user !== undefined && html`${link('/profile', pages.profile)} ${link('/element', pages.element)}`}
      ${link('/mails', pages.mails)}
      ${user !== undefined && isAdministrator(user) && link('/admin/sessions', pages.allUsers)}
    </nav>
    ${
      user !== undefined &&
      html`<form method="post" action="/sign-out">
        <span>${user}</span>
        <button class="eis-button">${pages.signOut}</button>
      </form>`
    }
  </header>`;
}
