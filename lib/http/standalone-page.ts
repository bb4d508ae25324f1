import { createHash } from 'node:crypto';

import type { Messages } from '../session/i18n/messages';
import { htmlText } from './html-text';

/** A page that stands alone: it needs no script, no other file, and no session. */
export interface StandalonePage {
  /** A language tag, such as `de`. */
  readonly language: string;
  readonly title: string;
  /** HTML below the heading. */
  readonly body: string;
}

const STYLE = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:36rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.2}
button{font:inherit;min-height:2.75rem;padding:.25rem 1rem;margin:.5rem 0}
ul{list-style:none;padding:0}
li label{display:block;padding:.5rem 0}
input{inline-size:1.25rem;block-size:1.25rem;vertical-align:middle}
small{display:block}`;

/**
 * The headers of a standalone page. Its address or its form can contain a token, so it is never stored or framed, and it sends no
 * address to other pages. The policy allows only its own style and its own forms.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex',
};

/** Returns the HTML of a standalone page. */
export function standalonePage({ language, title, body }: StandalonePage): string {
  const heading = htmlText(title);
  return `<!doctype html><html lang="${htmlText(language)}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${heading}</title><style>${STYLE}</style><h1>${heading}</h1>${body}</html>`;
}

/** Returns the German texts if the messages are German, and otherwise the English ones. */
export function textsFor<T>({ language }: Pick<Messages, 'language'>, english: T, german: T): T {
  return /^de\b/i.test(language) ? german : english;
}

/** Returns a paragraph with this text. */
export function paragraph(text: string): string {
  return `<p>${htmlText(text)}</p>`;
}
