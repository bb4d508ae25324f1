import { Router, type RequestHandler } from 'express';

import { pathDecodeErrors } from '../../http/parse-errors';
import { verbOptions } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { notMeOf, type OnNotMe } from '../../manager/not-me';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import { serveAsset } from '../assets';
import { readersOf } from '../messages/reader';
import { baseOf, pageHandler } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageOptions } from '../page-options';
import { pageHeaders } from '../page-response';
import { askingContent, endedContent } from './not-me-content';

/** The options of `notMePage`. */
export interface NotMePageOptions extends PageOptions {
  /**
   * A function that secures the account of an owner who did not sign in: make the app ask for a new password, and call
   * `manager.onCredentialChange(owner)`. Required. It is called once for each link, after the session was ended. Only if it throws,
   * or if the node dies while it runs, the person can try again, and it is called again. It may take up to five minutes.
   */
  readonly onNotMe: OnNotMe;
}

const OPTIONS = {
  ...PAGE_OPTIONS,
  onNotMe: {
    check: func<OnNotMe>(),
    required: 'write `notMePage(manager, { onNotMe: ({ owner }) => lockAccount(owner.userId) })`',
  },
} satisfies OptionTable<NotMePageOptions>;

/**
 * Creates the page for the links of `notMeLink`: `app.use('/not-me', notMePage(manager, { onNotMe }))`. It needs no session and no
 * scripts.
 *
 * `GET` shows what the link is about, with a button, and changes nothing, because mail scanners follow links. `POST` ends the
 * session, calls `onNotMe`, and leads to a page that confirms it. Links that are forged, expired or used get the same page with
 * status 410. If the database does not answer, the status is 503. Errors of `onNotMe` are passed to the app's error handlers.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function notMePage(manager: IdentitySessionManager, options: NotMePageOptions): Router {
  const { onNotMe, ...values } = verbOptions('notMePage', manager, options, OPTIONS);
  const { settings } = manager;
  const { dialect, readerOf, show } = frameOf(settings, values, readersOf(settings, values), 'sign-in');
  const links = notMeOf(manager);

  const showSignIn = pageHandler(dialect, async (request, response) => {
    const { session } = await links.find(String(request.params['token']));
    const reader = readerOf(request);
    const content = askingContent(session && manager.describe(session), reader);
    await show({ title: reader.texts.notMe.title, content }, request, response);
  });
  const endSignIn = pageHandler(dialect, async (request, response) => {
    await links.use(String(request.params['token']), onNotMe);
    response.redirect(303, `${baseOf(request)}${DONE}`);
  });
  const showDone = pageHandler(dialect, async (request, response) => {
    const reader = readerOf(request);
    const content = endedContent(values.signIn, reader);
    await show({ title: reader.texts.notMe.done, content }, request, response);
  });

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.use(pageHeaders, keepPrivate);
  router.get(DONE, showDone);
  router.get('/:token', showSignIn);
  router.post('/:token', endSignIn);
  router.use(pathDecodeErrors(dialect));
  return router;
}

/** The path after the button was pressed. It contains no token, and a reload of it does not use the link again. */
const DONE = '/done';

/** The address of the page contains a token, so it is sent to no other page and found by no search engine. */
const keepPrivate: RequestHandler = (_request, response, next) => {
  response.set({ 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' });
  next();
};
