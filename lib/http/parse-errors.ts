import type { ErrorRequestHandler, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import { refuse } from './request';

/**
 * Turns the errors of a body parser into refusals with `invalid-request`, and passes all other errors on. Mount it directly
 * behind the parser.
 */
export function bodyParseErrors(dialect: Dialect): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters.
  return function bodyParseErrors(error: unknown, request, response, next) {
    const { status } = error as { status?: unknown };
    const isParseError = typeof status === 'number' && status >= 400 && status < 500;
    const refusal = new SessionError('invalid-request', 'The body cannot be read.', { field: 'body' });
    refuse(isParseError ? refusal : error, dialect, request, response, next);
  };
}

/** Lets the dialect parse the body before the handler reads credentials. Does nothing if bodies contain none. */
export function afterBody(dialect: Dialect, handler: RequestHandler): RequestHandler {
  const { parseBody } = dialect;
  if (parseBody === undefined) return handler;
  const parseErrors = bodyParseErrors(dialect);
  return (request, response, next) => {
    void parseBody(request, response, (error?: unknown) => {
      if (error === undefined) void handler(request, response, next);
      else void parseErrors(error, request, response, next);
    });
  };
}

/**
 * Turns the error of a path that Express cannot decode into a refusal with `invalid-request`, and passes all other errors
 * on. Mount it behind routes with parameters.
 */
export function pathDecodeErrors(dialect: Dialect): ErrorRequestHandler {
  return function pathDecodeErrors(error: unknown, request, response, next) {
    const refusal = new SessionError('invalid-request', 'The path cannot be read.');
    // Express sets the status. An error of the app's own code has none.
    const isDecodeError = error instanceof URIError && 'status' in error;
    refuse(isDecodeError ? refusal : error, dialect, request, response, next);
  };
}
