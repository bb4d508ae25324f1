import { Router } from 'express';

import { parseForm } from '../../http/form-body';
import { bodyParseErrors } from '../../http/parse-errors';
import { permissionGuard } from '../../http/permission-guard';
import { verbOptions } from '../../http/request';
import { recentGuard } from '../../http/require-recent';
import { sameOrigin } from '../../http/same-origin';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import { serveAsset } from '../assets';
import { readersOf } from '../messages/reader';
import { homeOf } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageOptions } from '../page-options';
import { pageHeaders } from '../page-response';
import type { AdminParts, AdminPermission, IsGranted } from './admin-parts';
import { askBefore, endSessions } from './end-sessions';
import { showSession } from './one-session';
import { changePolicy, showPolicy } from './policy-page';
import { showSearch } from './search-page';

/** The options of `adminPage`. */
export interface AdminPageOptions extends PageOptions {
  /**
   * Decides if the request's user has a permission. The user's session is `request.identitySession`. Required. Any result except
   * `true` refuses the request, and so does an error. A user with a tenant administers this tenant, and a user without a tenant
   * administers all tenants and the policy.
   */
  readonly isGranted: IsGranted;
}

const OPTIONS = {
  ...PAGE_OPTIONS,
  isGranted: {
    check: func<IsGranted>(),
    required: 'give `isGranted: (permission, request) => boolean`, which decides who may administer sessions',
  },
} satisfies OptionTable<AdminPageOptions>;

/**
 * Creates the page on which administrators find and end the sessions of all users and change the policy. It brings its own
 * guard: `app.use('/admin/sessions', adminPage(manager, { isGranted }))`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function adminPage(manager: IdentitySessionManager, options: AdminPageOptions): Router {
  const values = verbOptions('adminPage', manager, options, OPTIONS);
  const { settings } = manager;
  const { isGranted } = values;
  const frame = frameOf(settings, values, readersOf(settings, values));
  const parts: AdminParts = { ...frame, manager, isGranted };
  const { dialect } = frame;
  const permitted = (permission: AdminPermission) => [
    pageHeaders,
    sessionSecretGuard(manager, { dialect }),
    permissionGuard(dialect, (request) => isGranted(permission, request), settings.report),
  ];
  const recent = recentGuard(manager, dialect, values.recent);
  const write = [sameOrigin(manager, { dialect }), recent, parseForm];

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.get('/', permitted('sessions.read'), showSearch(parts));
  router.get('/sessions/:id', permitted('sessions.read'), showSession(parts));
  // The page after a sign-in can be the one with the question, which only a form shows.
  router.get('/confirm', (request, response) => response.redirect(303, homeOf(request)));
  router.post('/confirm', permitted('sessions.end'), write, askBefore(parts));
  router.post('/end', permitted('sessions.end'), write, endSessions(parts));
  router.get('/policy', permitted('policy.change'), showPolicy(parts));
  router.post('/policy', permitted('policy.change'), write, changePolicy(parts));
  router.use(bodyParseErrors(dialect));
  return router;
}
