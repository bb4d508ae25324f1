import type { Request } from 'express';

import type { PageMessages } from '../messages/page-messages';
import type { Reader } from '../messages/reader';
import { html, type Html } from './html';

/** The parts of a page, from which a layout builds the document. */
export interface PageContent {
  readonly title: string;
  readonly language: string;
  readonly direction: PageMessages['direction'];
  /** The elements `link` and `script` that the content needs. */
  readonly head: Html;
  /** The content: one `main` element. */
  readonly body: Html;
}

/** The width of a page's content. */
export type PageWidth = 'narrow' | 'normal' | 'wide';

/** The form of a page's content. */
export interface PageShape {
  /** Default: `normal`. */
  readonly width?: PageWidth | undefined;
  /** A link above the heading. */
  readonly back?: { readonly path: string; readonly text: string } | undefined;
}

/** Returns the document of a page. The app's own layout can put its navigation around the content. */
export type Layout = (page: PageContent, request: Request) => Html | string;

/** The layout of apps that have none. */
export const plainLayout: Layout = ({ title, language, direction, head, body }) =>
  html`<!doctype html>
    <html lang="${language}" dir="${direction}" class="eis-page">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${head}
      </head>
      <body>
        ${body}
      </body>
    </html> `;

/** Returns the content of a page under its heading. */
export function mainOf(
  title: string,
  content: Html,
  { texts }: Reader,
  { width = 'normal', back }: PageShape = {},
): Html {
  return html`<main class="eis${width !== 'normal' && ` eis-${width}`}" data-now="${texts.session.justNow}">
    ${back && html`<a class="eis-back" href="${back.path}">${BACK[texts.direction]} ${back.text}</a>`}
    <h1>${title}</h1>
    ${content}
  </main>`;
}

/** The arrow of a link back, by the direction of the language. */
const BACK = { ltr: '←', rtl: '→' } as const;
