import type { Request, Response } from 'express';

import { browserPages } from '../http/browser-pages';
import type { Dialect } from '../http/dialect';
import { RECENT, type RecentOptions } from '../http/require-recent';
import { func, text } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { Settings } from '../options/settings';
import { LANGUAGE_OPTIONS, type LanguageOptions, type Reader } from './messages/reader';
import { contentOf } from './page-parts';
import { sendPage } from './page-response';
import type { Html } from './parts/html';
import { mainOf, plainLayout, type Layout, type PageShape } from './parts/layout';
import { problemPage } from './parts/notice';

/** The options of all mounted pages. */
export interface PageOptions extends LanguageOptions {
  /** The app's sign-in page, to which browsers without a session are led. Default: `/sign-in`. */
  readonly signIn?: string | undefined;
  /**
   * The authentication that ending other sessions requires, such as `{ maxAge: '10M' }`. A browser without it is led to the sign-in
   * page and back. Reading lists and ending the own session never require it. Default: the option `recency` of the manager; `false`
   * requires nothing.
   */
  readonly recent?: RecentOptions | false | undefined;
  /** Returns the document of a page, for example with the app's navigation around the content. Default: a plain document. */
  readonly layout?: Layout | undefined;
}

export const PAGE_OPTIONS = {
  ...LANGUAGE_OPTIONS,
  signIn: {
    default: '/sign-in',
    check: text(/^\/(?![/\\])[^\s\\]*$/, 'a path on this site, such as "/sign-in"'),
  },
  recent: { group: RECENT, off: true },
  layout: { default: plainLayout, check: func<Layout>() },
} satisfies OptionTable<PageOptions>;

/** A page without its layout. */
export interface PageBody extends PageShape {
  readonly title: string;
  readonly content: Html;
}

/** The functions that all mounted pages share. */
export interface PageFrame {
  /** Redirects browsers without a session to the sign-in page, and shows other refusals as a page. */
  readonly dialect: Dialect;
  readonly readerOf: (request: Pick<Request, 'headers'>) => Reader;
  /** Sends a page in the language of the request, inside the layout. */
  readonly show: (page: PageBody, request: Request, response: Response) => Promise<void>;
}

/** The page to which a refusal leads: the first page of the router, or the sign-in page where the reader has no session. */
export type AfterRefusal = 'sessions' | 'sign-in';

/** Builds the functions that all mounted pages share. */
export function frameOf(
  settings: Settings,
  { signIn, layout }: { readonly signIn: string; readonly layout: Layout },
  readerOf: PageFrame['readerOf'],
  afterRefusal: AfterRefusal = 'sessions',
): PageFrame {
  const documentOf = ({ title, content, ...shape }: PageBody, reader: Reader, request: Request) => {
    const body = mainOf(title, content, reader, shape);
    return String(layout(contentOf(title, body, request.baseUrl, reader), request));
  };
  const dialect = browserPages(settings, {
    signIn,
    problem: (error, request) => {
      const reader = readerOf(request);
      const { back, signIn: text } = reader.texts.problem;
      const next =
        afterRefusal === 'sessions' ? { path: request.baseUrl || '/', text: back } : { path: signIn, text };
      return documentOf(problemPage(error, reader, next), reader, request);
    },
  });
  const show: PageFrame['show'] = (page, request, response) =>
    sendPage(documentOf(page, readerOf(request), request), request, response);
  return { dialect, readerOf, show };
}
