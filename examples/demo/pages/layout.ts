import { html, type Html } from './html';
import type { Notice } from './notices';

/** The signed-in user to whom a page is shown. */
export interface Viewer {
  readonly user: string;
  readonly isAdministrator: boolean;
}

/** Returns a complete page. Scripts and styles must be files, because the Content-Security-Policy forbids inline ones. */
export function page(title: string, body: Html, scripts?: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="/demo.css" />
        ${scripts}
      </head>
      <body>
        ${body}
      </body>
    </html> `.toString();
}

/** Returns a page for a signed-in user, with the navigation and a sign-out button. */
export function signedInPage(viewer: Viewer, title: string, content: Html): string {
  const link = (path: string, name: string) =>
    html`<a href="${path}" ${name === title && html`aria-current="page"`}>${name}</a>`;
  return page(
    title,
    html`
      <header>
        <nav aria-label="Pages">
          ${link('/', 'Sessions')} ${link('/profile', 'Profile')}
          ${viewer.isAdministrator && link('/admin', 'All users')}
        </nav>
        <form method="post" action="/sign-out">
          <span>${viewer.user}</span>
          <button>Sign out</button>
        </form>
      </header>
      <main>
        <h1>${title}</h1>
        ${content}
      </main>
    `,
    html`<script src="/signed-in.js" defer></script>`,
  );
}

export function noticeOf(notice: Notice | undefined): Html | undefined {
  return notice && html`<p class="notice" role="status"><strong>${notice.title}</strong> ${notice.text}</p>`;
}
