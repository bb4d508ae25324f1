import { Router } from 'express';

import { parseForm } from '../../http/form-body';
import { bodyParseErrors } from '../../http/parse-errors';
import { revokeLimiters } from '../../http/limiters';
import { verbOptions } from '../../http/request';
import { recencyCheck } from '../../http/require-recent';
import { sameOrigin } from '../../http/same-origin';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import type { IdentitySession } from '../../session/session';
import { serveAsset } from '../assets';
import { readersOf } from '../messages/reader';
import { homeOf } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageOptions } from '../page-options';
import { pageHeaders } from '../page-response';
import type { AccountParts } from './account-parts';
import { askBefore, endSessions } from './end-sessions';
import { showHistory } from './history-pages';
import { nameSession, showSession } from './one-session';
import { showSessions } from './overview';
import { pageStream, streamDialect } from './page-stream';

/** The options of `accountPage`. */
export interface AccountPageOptions extends PageOptions {
  /** Returns the sign-in method of a session for its owner, such as `Password` or `Google`, if the app knows it. */
  readonly signInMethodOf?: ((session: IdentitySession) => string | undefined) | undefined;
}

const OPTIONS = {
  ...PAGE_OPTIONS,
  signInMethodOf: { check: func<NonNullable<AccountPageOptions['signInMethodOf']>>() },
} satisfies OptionTable<AccountPageOptions>;

/**
 * Creates the page on which users see and end their sessions. It brings its own guard:
 * `app.use('/account/sessions', accountPage(manager))`.
 *
 * Works without scripts. With scripts, it asks before it ends a session in a dialog, and shows new and ended sessions without a
 * reload.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function accountPage(manager: IdentitySessionManager, options: AccountPageOptions = {}): Router {
  const values = verbOptions('accountPage', manager, options, OPTIONS);
  const { settings } = manager;
  const frame = frameOf(settings, values, readersOf(settings, values));
  const parts: AccountParts = {
    ...frame,
    manager,
    signInMethodOf: values.signInMethodOf,
    checkRecency: recencyCheck(manager, values.recent),
  };
  const { dialect } = frame;
  const guarded = [pageHeaders, sessionSecretGuard(manager, { dialect })];
  const write = [pageHeaders, sameOrigin(manager, { dialect }), ...guarded, parseForm];

  const streamGuard = sessionSecretGuard(manager, {
    dialect: streamDialect(dialect, values.signIn),
    activity: false,
  });

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.get('/', guarded, showSessions(parts));
  router.get('/history', guarded, showHistory(parts));
  router.get('/events', streamGuard, pageStream(parts, values.signIn));
  router.get('/sessions/:id', guarded, showSession(parts));
  router.post('/sessions/:id/name', write, nameSession(parts));
  // The page after a sign-in can be the one with the question, which only a form shows.
  router.get('/confirm', (request, response) => response.redirect(303, homeOf(request)));
  router.post('/confirm', write, askBefore(parts));
  router.post('/end', write, revokeLimiters(dialect), endSessions(parts));
  router.use(bodyParseErrors(dialect));
  return router;
}
