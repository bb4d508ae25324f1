import type { RequestHandler } from 'express';

import { parseForm } from '../../http/form-body';
import { queryParameter } from './parameters';

/**
 * Parses a form that can contain the session id. If the query contains the id, the body is left to the route, which may accept
 * another form or a larger one.
 */
export const parseSessionForm: RequestHandler = (request, response, next) => {
  if (queryParameter(request, 'session')) return next();
  void parseForm(request, response, next);
};
