import { isStale, isUnprepared } from './failures';
import type { Statement } from './statement-runner';

/** The way in which statements are sent: kept prepared under their names, under other names, or not kept prepared. */
export type Preparation = (statement: Statement) => { readonly name?: string; readonly text: string };

/** Keeps every statement prepared under its own name. */
export const prepared: Preparation = ({ name, text }) => ({ name, text });

/** Keeps no statement prepared, for poolers that assign connections per transaction. */
export const unprepared: Preparation = ({ text }) => ({ text });

/**
 * Returns how to send statements after an error, or `undefined` if the error has nothing to do with prepared statements.
 *
 * A prepared statement is stale if the type of one of its columns has changed, for example because a migration ran. It is
 * then prepared anew under another name. The text differs too, because some poolers recognize statements by their text.
 * @param now A time that gives later changes of types other names.
 */
export function preparationAfter(error: unknown, now: number): Preparation | undefined {
  if (isUnprepared(error)) return unprepared;
  if (!isStale(error)) return undefined;
  const since = Math.round(now).toString(36);
  return ({ name, text }) => ({
    name: name === '' ? '' : fittingName(`${name}.${since}`),
    text: `${text} /* ${since} */`,
  });
}

/** The longest name in bytes. PostgreSQL truncates longer names, so two statements could get the same name. */
const MAX_NAME_BYTES = 63;

/** Returns the name, or '' if it is too long. A statement without a name is not kept prepared. */
export function fittingName(name: string): string {
  return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : '';
}
