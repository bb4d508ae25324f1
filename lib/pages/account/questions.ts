import type { Request } from 'express';

import { otherSessionsOf, sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import { fieldValue, fieldValues } from '../form-fields';

/** The sessions that a form names: one, those whose boxes are checked, or all others. */
export type Choice =
  | { readonly which: 'one'; readonly id: string }
  | { readonly which: 'selected'; readonly ids: readonly string[] }
  | { readonly which: 'others' };

/** Returns the sessions that a form names. The button of one session decides before the boxes of others. */
export function choiceIn(request: Pick<Request, 'body'>): Choice {
  const id = fieldValue(request, 'id');
  if (id !== undefined) return { which: 'one', id };
  if (fieldValue(request, 'which') === 'others') return { which: 'others' };
  return { which: 'selected', ids: [...new Set(fieldValues(request, 'selected'))] };
}

/** Returns the fields by which a form repeats the choice. */
export function fieldsOf(choice: Choice): readonly (readonly [string, string])[] {
  if (choice.which === 'one') return [['id', choice.id]];
  if (choice.which === 'others') return [['which', 'others']];
  return [['which', 'selected'], ...choice.ids.map((id) => ['selected', id] as const)];
}

/** Returns the revocation of the chosen sessions, or undefined if none is selected. */
export function revocationOf(choice: Choice, current: IdentitySession): Revocation | undefined {
  if (choice.which === 'one') return sessionsOf(current, [choice.id]);
  if (choice.which === 'others') return otherSessionsOf(current, current.sessionId);
  return choice.ids.length === 0 ? undefined : sessionsOf(current, choice.ids);
}
