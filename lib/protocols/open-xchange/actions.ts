import type { Request, RequestHandler, Response } from 'express';

import type { Answer } from '../../http/dialect';
import { asyncHandler, send } from '../../http/request';
import { inCallbackPage } from './callback-page';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { parameter, queryParameter } from './parameters';

/** Performs one action of a module. It refuses the request by throwing a `SessionError` or an `OpenXchangeError`. */
export type Action = (request: Request, response: Response) => Promise<Answer>;

/** Turns an action into a request handler. */
export function actionHandler(dialect: OpenXchangeDialect, action: Action): RequestHandler {
  return asyncHandler(dialect, async (request, response) => {
    try {
      return inCallbackPage(request, await action(request, response));
    } catch (error) {
      if (error instanceof OpenXchangeError) return inCallbackPage(request, dialect.errorAnswer(error));
      throw error;
    }
  });
}

/** Creates the handler of a module. The request parameter `action` selects one of the handlers. */
export function moduleHandler(
  dialect: OpenXchangeDialect,
  actions: Readonly<Record<string, RequestHandler>>,
  unknownAction: (action: string) => OpenXchangeError,
): RequestHandler {
  return (request, response, next) => {
    const action = parameter(request, 'action');
    if (!action) {
      send(response, dialect.errorAnswer(new OpenXchangeError('SVL-0002', ['action'])));
    } else if (!Object.hasOwn(actions, action)) {
      send(response, dialect.errorAnswer(unknownAction(action.slice(0, LONGEST_ACTION))));
    } else {
      void actions[action]!(request, response, next);
    }
  };
}

/** The number of characters of an unknown action that an error message repeats. */
const LONGEST_ACTION = 64;

/** Refuses a password in the URL before anything else reads the request, because URLs appear in histories and logs. */
export function refusePasswordInUrl(dialect: OpenXchangeDialect): RequestHandler {
  return (request, response, next) => {
    if (queryParameter(request, 'password') === undefined) return next();
    send(response, dialect.errorAnswer(new OpenXchangeError('SVL-0030', ['password'])));
  };
}
