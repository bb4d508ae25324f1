import type { IncomingMessage } from 'node:http';

import type { NextFunction, Request, RequestHandler, Response } from 'express';

import type { Answer, Dialect, RequestCredentials } from './dialect';
import { rest } from './rest';
import { SessionError } from '../errors';
import { type IdentitySessionManager, versionOfManager } from '../manager/manager';
import { unchecked } from '../options/checks';
import { type AnyTable, type OptionTable, type OptionValues, readOptions } from '../options/reader';
import type { IdentitySession } from '../session/session';
import { VERSION } from '../version';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express offers no other way to extend its request type
  namespace Express {
    interface Request {
      /** The session of the request. Set by `sessionSecretGuard` and `sessionClaimGuard`. */
      identitySession?: IdentitySession;
    }
  }
}

/** The options of every verb. */
export interface VerbOptions {
  /** The dialect of the protocol that the verb serves. Default: `rest(manager.settings)`. */
  readonly dialect?: Dialect | undefined;
}

export const VERB_OPTIONS = {
  dialect: { check: unchecked<Dialect>() },
} satisfies OptionTable<VerbOptions>;

const restDialects = new WeakMap<IdentitySessionManager, Dialect>();

/**
 * Checks the arguments of a verb or router when it is built, and returns its options with their defaults.
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function verbOptions<Table extends AnyTable>(
  verb: string,
  manager: IdentitySessionManager,
  options: object = {},
  table: Table,
): OptionValues<Table> {
  checkManager(verb, manager);
  return readOptions(options, table, { heading: `${verb} cannot be built` });
}

/**
 * Accepts a manager of another copy of this package, if it has the same version. Bundles, hot reloads and
 * `jest.resetModules()` create copies.
 * @throws TypeError if `manager` is not a manager, or is one of another version
 */
export function checkManager(verb: string, manager: unknown): void {
  const version = versionOfManager(manager);
  if (version === VERSION) return;
  throw new TypeError(
    version === undefined
      ? `${verb} needs the manager: write \`${verb}(manager)\`, with the manager that createIdentitySessionManager() returned`
      : `${verb} of express-identity-sessions ${VERSION} was called with a manager of version ${version}: use one version, \`npm ls express-identity-sessions\` shows where each comes from`,
  );
}

/** Checks the arguments of a verb that has no other options, as `verbOptions` does, and returns its dialect. */
export function dialectOf(verb: string, manager: IdentitySessionManager, options?: VerbOptions): Dialect {
  return verbOptions(verb, manager, options, VERB_OPTIONS).dialect ?? restDialect(manager);
}

/** Returns the default of `dialect`. All verbs of a manager share it. */
export function restDialect(manager: IdentitySessionManager): Dialect {
  const dialect = restDialects.get(manager) ?? rest(manager.settings);
  restDialects.set(manager, dialect);
  return dialect;
}

/**
 * Returns the session of a request behind a guard. Also works for the request that `upgradeGuard` passes to a WebSocket's
 * `connection` listener, and for `socket.request` behind `socketIoGuard`.
 * @param verb The function that needs the session, for the error message.
 * @throws TypeError if no guard is mounted before it
 */
export function sessionOf(request: IncomingMessage, verb = 'handler'): IdentitySession {
  const { identitySession } = request as IncomingMessage & Express.Request;
  if (identitySession === undefined) {
    throw new TypeError(
      `${verb} found no session on the request: mount the guard before it, \`app.use(sessionSecretGuard(manager), ${verb}(manager))\``,
    );
  }
  return identitySession;
}

/** Parses the query of the URL as it was sent. The result does not depend on the app's setting `query parser`. */
export function queryOf({ url }: Pick<Request, 'url'>): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

/**
 * Returns the credentials of the request, or undefined if it has none or if they are malformed. Malformed credentials
 * belong to no session.
 * @throws SessionError `credentials-ambiguous`
 */
export function wellFormedCredentials(request: Request, dialect: Dialect): RequestCredentials | undefined {
  try {
    return dialect.credentials(request);
  } catch (error) {
    if (error instanceof SessionError && error.code === 'credentials-invalid') return undefined;
    throw error;
  }
}

/** Sends an answer. Does nothing if another response was sent in the meantime. */
export function send(response: Response, answer: Answer): void {
  if (response.headersSent) return;
  // Serialize first. If serialization throws, none of this answer's headers or cookies may remain on the response.
  const text = bodyText(answer);
  setHeaders(response, answer);
  response.status(answer.status);
  response.end(text);
}

/** Returns the body as it is sent. */
export function bodyText({ body }: Answer): string | undefined {
  return typeof body === 'object' ? JSON.stringify(body) : body;
}

/** Sets the headers and cookies of an answer on a response, without sending it. */
export function setHeaders(response: Response, { headers, cookies, body }: Answer): void {
  if (typeof body === 'object') response.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cookies.length > 0) response.append('Set-Cookie', [...cookies]);
}

/** Answers a `SessionError` in the form of the dialect. Passes every other error to the app's error handlers. */
export function refuse(
  error: unknown,
  dialect: Dialect,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (!(error instanceof SessionError)) {
    next(error);
    return;
  }
  try {
    send(response, dialect.refusal(error, request));
  } catch (failure) {
    next(failure);
  }
}

/** Turns an async function into a handler. Also catches errors of sending, because Express 4 would not handle them. */
export function asyncHandler(
  dialect: Dialect,
  handle: (request: Request, response: Response) => Promise<Answer>,
): RequestHandler {
  return (request, response, next) => {
    handle(request, response)
      .then((answer) => send(response, answer))
      .catch((error: unknown) => refuse(error, dialect, request, response, next));
  };
}
