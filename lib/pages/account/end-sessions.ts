import type { Request, RequestHandler } from 'express';

import { send, sessionOf } from '../../http/request';
import { mustClearCookie } from '../../http/revoke-route';
import { covers, reachesOthers, type Revocation } from '../../session/revocation';
import { actingUser } from '../../session/session';
import { baseOf, homeOf, pageHandler, seeOther } from '../page-handler';
import { confirmForm, type Question } from '../parts/confirm-dialog';
import { problemBox } from '../parts/notice';
import { effectName, titleOf } from '../parts/session-card';
import { backOf, countOthers, type AccountParts } from './account-parts';
import { choiceIn, fieldsOf, revocationOf, type Choice } from './questions';

/** Shows the question that the dialog asks if scripts run. */
export function askBefore(parts: AccountParts): RequestHandler {
  return pageHandler(parts.dialect, async (request, response) => {
    const reader = parts.readerOf(request);
    const { confirm, problem, account } = reader.texts;
    const choice = choiceIn(request);
    if (choice.which === 'selected' && choice.ids.length === 0) {
      response.status(400);
      const content = problemBox(confirm.nothingSelected);
      return parts.show({ title: problem.title, content, back: backOf(request, reader) }, request, response);
    }
    checkMayEnd(revocationOf(choice, sessionOf(request)), parts, request);
    const content = confirmForm(await questionAbout(choice, parts, request), reader);
    await parts.show({ title: account.title, content }, request, response);
  });
}

/** @throws SessionError `authentication-insufficient` */
function checkMayEnd(which: Revocation | undefined, { checkRecency }: AccountParts, request: Request): void {
  const current = sessionOf(request);
  if (which !== undefined && reachesOthers(which, current)) checkRecency(request, current);
}

async function questionAbout(
  choice: Choice,
  { manager, readerOf }: AccountParts,
  request: Request,
): Promise<Question> {
  const current = sessionOf(request);
  const reader = readerOf(request);
  const { confirm } = reader.texts;
  const form = { action: `${baseOf(request)}/end`, fields: fieldsOf(choice), cancel: homeOf(request) };
  if (choice.which === 'others') {
    const count = await countOthers(manager, current);
    return { ...form, title: reader.plural(confirm.others, count), effect: confirm.severalEffect };
  }
  if (choice.which === 'selected') {
    const title = reader.plural(confirm.several, choice.ids.length);
    return { ...form, title, effect: confirm.severalEffect };
  }
  const described = manager.describe(await manager.get(current, choice.id));
  const isCurrent = described.session.sessionId === current.sessionId;
  const title = isCurrent
    ? confirm.current
    : reader.filled(confirm.one, { title: titleOf(described, reader) });
  return { ...form, title, effect: confirm[effectName(described, isCurrent)] };
}

/** Ends the sessions that the form names. */
export function endSessions(parts: AccountParts): RequestHandler {
  const { manager, dialect } = parts;
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const which = revocationOf(choiceIn(request), current);
    if (which === undefined) return seeOther(response, homeOf(request), 'ended-none');
    checkMayEnd(which, parts, request);
    const endsCurrent = covers(which, current);
    const reason = endsCurrent && which.only?.length === 1 ? 'signed-out' : 'revoked';
    const ended = await manager.revoke(which, { reason, by: actingUser(current) });
    if (endsCurrent) {
      const clear = mustClearCookie(which, current, request, dialect);
      // Without a cookie to clear, the next request of the browser is led to the sign-in page by the guard.
      return send(response, dialect.revoked(clear, request, current));
    }
    const count = String(ended.length);
    seeOther(response, homeOf(request), ended.length === 0 ? 'ended-none' : 'ended', { count });
  });
}
