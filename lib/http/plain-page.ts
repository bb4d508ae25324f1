import { htmlText } from './html-text';

/** A page of one message, for refusals that browsers meet where no page of the app answers. It needs no style and no script. */
export interface PlainPage {
  /** A language tag, such as `de`. */
  readonly language: string;
  readonly title: string;
  /** HTML below the heading. */
  readonly body?: string | undefined;
  /** Further HTML in the head. */
  readonly head?: string | undefined;
}

/** The headers of a plain page. */
export const PLAIN_PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
};

/** Lets phones and dark mode show the page as they show other pages. */
const DISPLAY =
  '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">';

/** Returns the HTML of a plain page. */
export function plainPage({ language, title, body = '', head = '' }: PlainPage): string {
  const heading = htmlText(title);
  return (
    `<!doctype html>\n<html lang="${htmlText(language)}"><head><meta charset="utf-8">${DISPLAY}<title>${heading}</title>${head}</head>` +
    `<body><h1>${heading}</h1>${body}</body></html>\n`
  );
}
