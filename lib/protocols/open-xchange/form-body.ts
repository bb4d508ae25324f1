import { urlencoded, type RequestHandler } from 'express';

import { queryParameter } from './parameters';

/** Parses the body of a request if it is a form. */
export const parseForm: RequestHandler = urlencoded({ extended: false, limit: '64kb' });

/**
 * Parses a form that can contain the session id. If the query contains the id, the body is left to the route, which may accept
 * another form or a larger one.
 */
export const parseSessionForm: RequestHandler = (request, response, next) => {
  if (queryParameter(request, 'session')) return next();
  void parseForm(request, response, next);
};
