import type { Request, RequestHandler, Response } from 'express';

import type { Answer } from '../../http/dialect';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { parameter, queryParameter } from './parameters';
import { asyncHandler, send } from '../../http/request';

/** What one action does with a request. It refuses by throwing a `SessionError` or an `OpenXchangeError`. */
export type Act = (request: Request, response: Response) => Promise<Answer>;

/** The action as a handler. */
export function acting(dialect: OpenXchangeDialect, act: Act): RequestHandler {
  return asyncHandler(dialect, async (request, response) => {
    try {
      return await act(request, response);
    } catch (error) {
      if (error instanceof OpenXchangeError) return dialect.error(error);
      throw error;
    }
  });
}

/** The handler of a module, whose `action` parameter says what is to be done. */
export function moduleOf(
  dialect: OpenXchangeDialect,
  actions: Readonly<Record<string, RequestHandler>>,
  unknown: (action: string) => OpenXchangeError,
): RequestHandler {
  return (request, response, next) => {
    const action = parameter(request, 'action');
    if (!action) {
      send(response, dialect.error(new OpenXchangeError('SVL-0002', ['action'])));
    } else if (!Object.hasOwn(actions, action)) {
      send(response, dialect.error(unknown(action.slice(0, LONGEST_ACTION))));
    } else {
      void actions[action]!(request, response, next);
    }
  };
}

/** How much of an unknown action is repeated to who asked for it. */
const LONGEST_ACTION = 64;

/** URLs stand in histories and logs: a password in one is refused, before anything is done with it. */
export function noPasswordInUri(dialect: OpenXchangeDialect): RequestHandler {
  return (request, response, next) => {
    if (queryParameter(request, 'password') === undefined) return next();
    send(response, dialect.error(new OpenXchangeError('SVL-0030', ['password'])));
  };
}
