import type { Request } from 'express';

import type { SessionError } from '../errors';
import { verbOptions } from '../http/request';
import type { IdentitySessionManager } from '../manager/manager';
import { text } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { assetLinks } from './assets';
import { LANGUAGE_OPTIONS, readersOf, type LanguageOptions, type Reader } from './messages/reader';
import type { Html } from './parts/html';
import { mainOf, type PageContent, type PageShape } from './parts/layout';
import { noticeOf, problemPage } from './parts/notice';

/** The options of `pageParts`. */
export interface PagePartsOptions extends LanguageOptions {
  /** The path at which `accountPage` is mounted, which serves style and script. Default: `/account/sessions`. */
  readonly path?: string | undefined;
}

const OPTIONS = {
  ...LANGUAGE_OPTIONS,
  path: { default: '/account/sessions', check: text(/^\/(?![/\\])[^\s\\]*$/, 'a path on this site') },
} satisfies OptionTable<PagePartsOptions>;

/** The parts from which an app builds pages of its own that look like those of the package. */
export interface PageParts {
  /** The language of the request, with its messages and formats. */
  readonly reader: Reader;
  /** The notice that the query names, such as `?notice=revoked` on the sign-in page, or undefined. */
  readonly notice: Html | undefined;
  /** Returns a page with this heading and content, for the app's layout. */
  readonly page: (title: string, content: Html, shape?: PageShape) => PageContent;
  /** Returns the page about a refusal, with a link to the page `next`. Use it as `problem` of `browserPages`. */
  readonly problemPage: (
    error: SessionError,
    next: { readonly path: string; readonly text: string },
  ) => PageContent;
}

/**
 * Creates a function that returns the parts of pages for a request, for the app's own pages: the sign-in page can show with
 * them why a session has ended.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function pageParts(
  manager: IdentitySessionManager,
  options: PagePartsOptions = {},
): (request: Request) => PageParts {
  const { path, ...languages } = verbOptions('pageParts', manager, options, OPTIONS);
  const readerOf = readersOf(manager.settings, languages);
  return (request) => {
    const reader = readerOf(request);
    const page: PageParts['page'] = (title, content, shape) =>
      contentOf(title, mainOf(title, content, reader, shape), path, reader);
    return {
      reader,
      notice: noticeOf(request, reader),
      page,
      problemPage(error, next) {
        const { title, content } = problemPage(error, reader, next);
        return page(title, content);
      },
    };
  };
}

/** Returns the parts of a page, from which a layout builds the document. */
export function contentOf(title: string, body: Html, base: string, reader: Reader): PageContent {
  const { language, texts } = reader;
  return { title, language, direction: texts.direction, head: assetLinks(base), body };
}
