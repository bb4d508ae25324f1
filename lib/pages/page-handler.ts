import type { Request, RequestHandler, Response } from 'express';

import { SessionError } from '../errors';
import { prefersHtml } from '../http/browser-pages';
import type { Dialect } from '../http/dialect';
import { refuse } from '../http/request';

/** The path at which the router of the request is mounted, without a slash at its end. */
export function baseOf({ baseUrl }: Pick<Request, 'baseUrl'>): string {
  return baseUrl;
}

/** The path of the first page of the mounted router. */
export function homeOf({ baseUrl }: Pick<Request, 'baseUrl'>): string {
  return baseUrl === '' ? '/' : baseUrl;
}

/** Redirects to a page after a form was sent, so that a reload does not send it again. The notice tells what happened. */
export function seeOther(
  response: Response,
  path: string,
  notice: string,
  values: Readonly<Record<string, string>> = {},
): void {
  response.redirect(303, `${path}?${new URLSearchParams({ notice, ...values }).toString()}`);
}

/**
 * Turns an async function into a handler. If a session was not found, for example because it has ended in the meantime, a
 * browser returns to the first page with a notice.
 */
export function pageHandler(
  dialect: Dialect,
  handle: (request: Request, response: Response) => Promise<void>,
): RequestHandler {
  return (request, response, next) => {
    handle(request, response).catch((error: unknown) => {
      const isMissing = error instanceof SessionError && error.code === 'session-not-found';
      if (isMissing && prefersHtml(request) && !response.headersSent) {
        seeOther(response, homeOf(request), error.code);
      } else refuse(error, dialect, request, response, next);
    });
  };
}
