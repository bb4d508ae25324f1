import { Router } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { parseBody } from './form-body';
import { limitChoice } from './limit-choice';
import { bodyParseErrors } from './parse-errors';
import { dialectOf, type VerbOptions } from './request';

/**
 * Creates a router with the page on which users choose the sessions to end if a limit has `onLimit: 'ask'`:
 * `app.use('/sign-in/choice', limitChoiceRouter(manager, { dialect }))`. Name the same path in `browserPages` as `limitChoice`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function limitChoiceRouter(manager: IdentitySessionManager, options: VerbOptions = {}): Router {
  const dialect = dialectOf('limitChoiceRouter', manager, options);
  const choice = limitChoice(manager, { dialect });
  const router = Router();
  router.get('/', choice);
  router.post('/', [...parseBody], choice);
  router.use(bodyParseErrors(dialect));
  return router;
}
