import { invalidRequest } from '../errors';

/** The maximum length of an app's JSON object, in characters. */
const LONGEST_JSON = 16_384;

/**
 * Returns text that is stored unchanged. `longest` is in characters.
 * @throws SessionError `invalid-request` if the value is not text, is empty or too long, or cannot be stored
 */
export function text(name: string, value: unknown, longest: number): string {
  if (typeof value !== 'string' || value === '' || value.length > longest) {
    throw invalidRequest(name, `"${name}" must be text of 1 to ${longest} characters.`);
  }
  return storable(name, value);
}

/** Returns null for null and undefined, and otherwise the same as `text`. */
export function optionalText(name: string, value: unknown, longest: number): string | null {
  return value === null || value === undefined ? null : text(name, value, longest);
}

/** Returns descriptive text, cut to `longest` characters. Returns null for an empty or missing value. */
export function capped(name: string, value: string | null | undefined, longest: number): string | null {
  return value ? storable(name, detached(value.slice(0, longest))) : null;
}

/**
 * Returns a copy of the text. In V8 a slice keeps the whole text alive, and sessions are kept in memory for long. Half a
 * surrogate pair at the cut becomes U+FFFD.
 */
export function detached(piece: string): string {
  return Buffer.from(piece).toString();
}

/**
 * Returns text to display or to report, without characters that are invisible, break lines or reverse text. Clients choose
 * such text, and with these characters it could pose as other text. Stored text keeps them.
 */
export function visible<T extends string | null>(value: T): T {
  return (typeof value === 'string' ? value.replace(INVISIBLE, '') : value) as T;
}

/** Returns text to display as `visible` does, cut to `longest` characters. */
export function displayText(value: string, longest: number): string {
  return visible(value.slice(0, longest));
}

/**
 * Control, format and unassigned characters, halves of surrogate pairs, line and paragraph separators, and other
 * characters that Unicode displays as nothing, such as fillers.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Returns a frozen copy of a JSON object.
 * @throws TypeError if the value is not a JSON object
 * @throws SessionError `invalid-request` if its JSON is longer than 16,384 characters, or if it cannot be stored
 */
export function jsonObject(
  name: string,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const json = JSON.stringify(value) ?? '';
  if (!json.startsWith('{')) throw new TypeError(`\`${name}\` must be a JSON object`);
  if (json.length > LONGEST_JSON) {
    throw invalidRequest(name, `"${name}" is longer than ${LONGEST_JSON} characters of JSON.`);
  }
  return JSON.parse(json, (key, part: unknown) => {
    storable(name, key);
    return typeof part === 'string' ? storable(name, part) : Object.freeze(part);
  }) as Record<string, unknown>;
}

/** PostgreSQL cannot store U+0000, and replaces half a surrogate pair by another character. */
function storable(name: string, value: string): string {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalidRequest(name, `"${name}" contains characters that cannot be stored.`);
  }
  return value;
}
