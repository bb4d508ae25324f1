import { Router, type Request, type RequestHandler, type Response } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { notMeOf, type OnNotMe } from '../manager/not-me';
import { func } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { Messages } from '../session/i18n/messages';
import { messagesFor } from '../session/i18n/translations';
import { askingPage, endedPage, refusedPage } from './not-me-page';
import { send, verbOptions } from './request';
import { PAGE_HEADERS } from './standalone-page';

/** The options of `notMe`. */
export interface NotMeOptions {
  /**
   * A function that secures the account of an owner who did not sign in: make the app ask for a new password, and call
   * `manager.onCredentialChange(owner)`. Required. It is called once for each link, after the session was ended. Only if it throws,
   * or if the node dies while it runs, the person can try again, and it is called again. It may take up to five minutes.
   */
  readonly onNotMe: OnNotMe;
}

const OPTIONS = {
  onNotMe: {
    check: func<OnNotMe>(),
    required: 'write `notMe(manager, { onNotMe: ({ owner }) => lockAccount(owner.userId) })`',
  },
} satisfies OptionTable<NotMeOptions>;

/**
 * Creates the router for the links of `notMeLink`: `app.use('/not-me', notMe(manager, { onNotMe }))`. Its pages need no session and
 * no scripts.
 *
 * `GET` shows what the link is about, with a button, and changes nothing, because mail scanners follow links. `POST` ends the
 * session and calls `onNotMe`. Links that are forged, expired or used get the same page with status 410. If the database does not
 * answer, the status is 503. Errors of `onNotMe` are passed to the app's error handlers.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function notMe(manager: IdentitySessionManager, options: NotMeOptions): Router {
  const { onNotMe } = verbOptions('notMe', manager, options, OPTIONS);
  const links = notMeOf(manager);

  const router = Router();
  router.get(
    '/:token',
    page(manager, async (token, messages) => {
      const { session } = await links.find(token);
      return askingPage(session && manager.describe(session), messages);
    }),
  );
  router.post(
    '/:token',
    page(manager, async (token, messages) => {
      await links.use(token, onNotMe);
      return endedPage(messages);
    }),
  );
  return router;
}

/** Turns a function that returns HTML into a handler. Also answers refusals as pages. */
function page(
  { settings: { translations } }: IdentitySessionManager,
  html: (token: string, messages: Messages) => Promise<string>,
): RequestHandler {
  async function answer(request: Request, response: Response): Promise<void> {
    const messages = messagesFor(request.headers['accept-language'], translations);
    try {
      const body = await html(String(request.params['token']), messages);
      send(response, { status: 200, headers: PAGE_HEADERS, cookies: [], body });
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      const headers = { ...error.headers, ...PAGE_HEADERS };
      send(response, { status: error.status, headers, cookies: [], body: refusedPage(error, messages) });
    }
  }

  return function notMe(request, response, next) {
    answer(request, response).catch(next);
  };
}
