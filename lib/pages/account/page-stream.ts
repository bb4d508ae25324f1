import type { RequestHandler } from 'express';

import { signInLink } from '../../http/browser-pages';
import type { Dialect } from '../../http/dialect';
import { eventText, STREAM_HEADERS } from '../../http/event-stream';
import { sessionStream } from '../../http/session-stream';
import { homeOf } from '../page-handler';
import type { AccountParts } from './account-parts';
import { listsOf } from './overview';

/**
 * Returns the dialect of the page's stream: a browser without a live session gets the event `ended`, because scripts cannot read
 * other answers of a stream.
 */
export function streamDialect(dialect: Dialect, signIn: string): Dialect {
  return {
    ...dialect,
    refusal(error, request) {
      if (error.status !== 401) return dialect.refusal(error, request);
      const body = eventText({ name: 'ended', data: signInLink(signIn, error, homeOf(request)) });
      return { status: 200, headers: STREAM_HEADERS, cookies: [], body };
    },
  };
}

/** Streams the lists of the page as HTML, and the address of the sign-in page after the session of the page has ended. */
export function pageStream(parts: AccountParts, signIn: string): RequestHandler {
  return sessionStream('accountPage', parts.manager, {
    sessions: async (page, request) => String(await listsOf(parts, page, true, request)),
    ended: (refusal, request) => signInLink(signIn, refusal, homeOf(request)),
  });
}
