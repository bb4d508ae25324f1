import type { ErrorRequestHandler } from 'express';

import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import { refuse } from './request';

/** Right behind a parser: a body that cannot be read is a refusal of the wire; every other error is the app's. */
export function bodyParseErrors(dialect: Dialect): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return function bodyParseErrors(error: unknown, request, response, next) {
    const { status } = error as { status?: unknown };
    const unreadable = typeof status === 'number' && status >= 400 && status < 500;
    const refusal = new SessionError('invalid-request', 'The body cannot be read.', { field: 'body' });
    refuse(unreadable ? refusal : error, dialect, request, response, next);
  };
}

/** Behind routes with parameters: the same of a path that Express cannot decode. */
export function pathDecodeErrors(dialect: Dialect): ErrorRequestHandler {
  return function pathDecodeErrors(error: unknown, request, response, next) {
    const refusal = new SessionError('invalid-request', 'The path cannot be read.');
    refuse(error instanceof URIError ? refusal : error, dialect, request, response, next);
  };
}
