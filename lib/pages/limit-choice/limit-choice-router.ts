import { Router, type Request, type RequestHandler, type Response } from 'express';

import { SessionError } from '../../errors';
import { parseForm } from '../../http/form-body';
import { choicesFor, completeChoice } from '../../http/limit-choice';
import { bodyParseErrors } from '../../http/parse-errors';
import { send, verbOptions } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { displayRefusal } from '../../session/i18n/messages';
import { mapInSlices } from '../../slices';
import { serveAsset } from '../assets';
import { fieldValues } from '../form-fields';
import { readersOf } from '../messages/reader';
import { pageHandler } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageFrame, type PageOptions } from '../page-options';
import { pageHeaders } from '../page-response';
import { choiceContent } from './limit-choice-content';

/** The functions and options that the routes of the page share. */
interface ChoiceParts extends PageFrame {
  readonly manager: IdentitySessionManager;
  readonly signIn: string;
}

/**
 * Creates the page on which users choose the sessions to end if a limit has `onLimit: 'ask'`:
 * `app.use('/sign-in/choice', limitChoicePage(manager))`. Name the same path in `browserPages` as `limitChoice`.
 *
 * After the choice, the browser is redirected to the page that it asked for before the sign-in. A browser whose ticket is not
 * valid is led to the sign-in page. Works without scripts.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function limitChoicePage(manager: IdentitySessionManager, options: PageOptions = {}): Router {
  const values = verbOptions('limitChoicePage', manager, options, PAGE_OPTIONS);
  const { settings } = manager;
  const frame = frameOf(settings, values, readersOf(settings, values), 'sign-in');
  const parts: ChoiceParts = { ...frame, manager, signIn: values.signIn };

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.use(pageHeaders);
  router.get('/', showChoice(parts));
  router.post('/', parseForm, completeSignIn(parts));
  router.use(bodyParseErrors(frame.dialect));
  return router;
}

function showChoice(parts: ChoiceParts): RequestHandler {
  return pageHandler(parts.dialect, (request, response) => sendChoice(request, response, parts));
}

/** @param problem The reason why the last choice was not enough. */
async function sendChoice(
  request: Request,
  response: Response,
  { manager, signIn, readerOf, show }: ChoiceParts,
  problem?: string,
): Promise<void> {
  const { sessions } = await choicesFor(request, manager);
  const reader = readerOf(request);
  const described = await mapInSlices(sessions, (session) => manager.describe(session));
  const content = choiceContent({ sessions: described, reader, signIn, problem });
  await show({ title: reader.texts.choice.title, content }, request, response);
}

function completeSignIn(parts: ChoiceParts): RequestHandler {
  const { manager, dialect, readerOf } = parts;
  return pageHandler(dialect, async (request, response) => {
    const ends = fieldValues(request, 'selected');
    try {
      const { returnTo, cookies } = await completeChoice(request, response, ends, { manager, dialect });
      return send(response, { status: 303, headers: { Location: returnTo ?? '/' }, cookies });
    } catch (error) {
      if (!isLimit(error)) throw error;
      const { texts, names } = readerOf(request);
      response.status(error.status);
      const problem = ends.length === 0 ? texts.confirm.nothingSelected : displayRefusal(error, names);
      await sendChoice(request, response, parts, problem);
    }
  });
}

function isLimit(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'session-limit-reached';
}
