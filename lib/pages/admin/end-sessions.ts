import type { Request, RequestHandler } from 'express';

import { sessionOf } from '../../http/request';
import { everySessionOf } from '../../session/revocation';
import { actingUser, type IdentitySession } from '../../session/session';
import { visible } from '../../session/text';
import { fieldValue, fieldValues } from '../form-fields';
import type { Reader } from '../messages/reader';
import { baseOf, homeOf, pageHandler, seeOther } from '../page-handler';
import { confirmForm, type Question } from '../parts/confirm-dialog';
import { problemBox } from '../parts/notice';
import { administered, showBehindSearch, type AdminParts } from './admin-parts';

/** The sessions that a form names: all of one user, or single ones. */
type Choice =
  { readonly tenantId: string | null; readonly userId: string } | { readonly ids: readonly string[] };

/** An administrator of a tenant can choose only its users. */
function choiceIn(request: Request, current: IdentitySession): Choice {
  const userId = fieldValue(request, 'user');
  if (userId === undefined) {
    return { ids: [...new Set([...fieldValues(request, 'id'), ...fieldValues(request, 'selected')])] };
  }
  return { userId, tenantId: current.tenantId ?? (fieldValue(request, 'tenant') || null) };
}

/** Shows the question that the dialog asks if scripts run. */
export function askBefore(parts: AdminParts): RequestHandler {
  return pageHandler(parts.dialect, async (request, response) => {
    const reader = parts.readerOf(request);
    const { admin, confirm, problem } = reader.texts;
    const choice = choiceIn(request, sessionOf(request));
    if ('ids' in choice && choice.ids.length === 0) {
      response.status(400);
      const page = { title: problem.title, content: problemBox(confirm.nothingSelected) };
      return showBehindSearch(parts, page, request, response);
    }
    const form = { action: `${baseOf(request)}/end`, cancel: homeOf(request), effect: admin.effect };
    const content = confirmForm({ ...form, ...questionAbout(choice, reader) }, reader);
    await showBehindSearch(parts, { title: admin.title, content }, request, response);
  });
}

/** Returns the question, and the fields by which its form repeats the choice. */
function questionAbout(choice: Choice, reader: Reader): Pick<Question, 'title' | 'fields'> {
  const { admin } = reader.texts;
  if ('ids' in choice) {
    return {
      title: reader.plural(admin.confirmSelected, choice.ids.length),
      fields: choice.ids.map((id) => ['selected', id] as const),
    };
  }
  return {
    title: reader.filled(admin.confirmAllOf, { user: visible(choice.userId) }),
    fields: [
      ['user', choice.userId],
      ['tenant', choice.tenantId ?? ''],
    ],
  };
}

/** Ends the sessions that the form names, in the name of the administrator. */
export function endSessions({ manager, dialect }: AdminParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const by = actingUser(current);
    const choice = choiceIn(request, current);
    if (!('ids' in choice)) {
      const ended = await manager.revoke(everySessionOf(choice), { reason: 'administrator', by });
      return seeOther(response, homeOf(request), 'ended', { count: String(ended.length) });
    }
    for (const id of choice.ids) {
      await administered(manager, id, current);
      await manager.administration.revoke(id, { by });
    }
    const count = choice.ids.length;
    seeOther(response, homeOf(request), count === 0 ? 'ended-none' : 'ended', { count: String(count) });
  });
}
