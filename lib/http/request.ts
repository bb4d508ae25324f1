import type { IncomingMessage } from 'node:http';

import type { NextFunction, Request, RequestHandler, Response } from 'express';

import type { Answer, Dialect, RequestCredentials } from './dialect';
import { rest } from './rest';
import { SessionError } from '../errors';
import { IdentitySessionManager } from '../manager/manager';
import { unchecked } from '../options/checks';
import { type AnyTable, type OptionTable, type OptionValues, readOptions } from '../options/reader';
import type { IdentitySession } from '../session/session';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the one place where Express lets its requests be extended
  namespace Express {
    interface Request {
      /** The session that the request was made in, behind `sessionSecretGuard`. */
      identitySession?: IdentitySession;
    }
  }
}

/** What every verb may be told. */
export interface VerbOptions {
  /** The wire that the verb speaks; `rest` by default. */
  readonly dialect?: Dialect | undefined;
}

export const VERB_OPTIONS = {
  dialect: { check: unchecked<Dialect>() },
} satisfies OptionTable<VerbOptions>;

const restDialects = new WeakMap<IdentitySessionManager, Dialect>();

/**
 * Checks the arguments of a verb or router when it is built, and returns its options in force.
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function verbOptions<Table extends AnyTable>(
  verb: string,
  manager: IdentitySessionManager,
  options: object = {},
  table: Table,
): OptionValues<Table> {
  if (!(manager instanceof IdentitySessionManager)) {
    throw new TypeError(
      `${verb} needs the manager: write \`${verb}(manager)\`, with the manager that createIdentitySessionManager() returned`,
    );
  }
  return readOptions(options, table, { heading: `${verb} cannot be built` });
}

/** The dialect of a verb that has no other options. See `verbOptions`. */
export function dialectOf(verb: string, manager: IdentitySessionManager, options?: VerbOptions): Dialect {
  return verbOptions(verb, manager, options, VERB_OPTIONS).dialect ?? restDialect(manager);
}

/** The default of `dialect`: the same one for all verbs of a manager. */
export function restDialect(manager: IdentitySessionManager): Dialect {
  const known = restDialects.get(manager) ?? rest(manager.settings);
  restDialects.set(manager, known);
  return known;
}

/**
 * The session that the guard has put on the request: on one of Express, or on that of a WebSocket, which is none of
 * Express's types.
 * @throws TypeError when no guard did
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

/**
 * What the request shows, or undefined for nothing and for what cannot be read: that belongs to no session.
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

/** Answers a request. Nothing is sent twice: when the client was answered in the meantime, the answer is dropped. */
export function send(response: Response, answer: Answer): void {
  if (response.headersSent) return;
  // First: of an answer that has no words nothing may be left, least of all its cookies, in what the app answers instead.
  const text = bodyText(answer);
  setHeaders(response, answer);
  response.status(answer.status);
  response.end(text);
}

/** The body as it stands on the wire. */
export function bodyText({ body }: Answer): string | undefined {
  return typeof body === 'object' ? JSON.stringify(body) : body;
}

/** Puts an answer's headers and cookies on a response that somebody else will send. */
export function setHeaders(response: Response, { headers, cookies, body }: Answer): void {
  if (typeof body === 'object') response.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cookies.length > 0) response.append('Set-Cookie', [...cookies]);
}

/** Refusals are the dialect's to word; every other error is the app's to handle. */
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

/** A handler from a function that answers later; Express 4 would lose its errors, those of sending the answer too. */
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
