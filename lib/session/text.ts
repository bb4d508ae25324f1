import { invalidRequest } from '../errors';

/** How long the JSON of an app's properties may be, in characters. */
const LONGEST_PROPERTIES = 16_384;

/**
 * Text that is kept as it is: refused when it is too long, rather than cut into another text.
 * @throws SessionError `invalid-request`
 */
export function text(name: string, value: unknown, longest: number): string {
  if (typeof value !== 'string' || value === '' || value.length > longest) {
    throw invalidRequest(name, `"${name}" must be text of 1 to ${longest} characters.`);
  }
  return storable(name, value);
}

/** The same, or null for nothing. */
export function optionalText(name: string, value: unknown, longest: number): string | null {
  return value === null || value === undefined ? null : text(name, value, longest);
}

/** Text that describes: cut when it is too long, null when there is none. */
export function capped(name: string, value: string | null | undefined, longest: number): string | null {
  return value ? storable(name, detached(value.slice(0, longest))) : null;
}

/**
 * The same text in memory of its own. A piece of a longer text would keep all of it alive, and sessions are kept long;
 * half a surrogate pair at the cut becomes U+FFFD.
 */
export function detached(piece: string): string {
  return Buffer.from(piece).toString();
}

/** Text as it may be shown: without characters that cannot be seen or turn the text around them, cut when it is too long. */
export function displayText(value: string, longest: number): string {
  return value.slice(0, longest).replace(UNSEEN, '');
}

/** Control and format characters, halves of surrogate pairs, and what Unicode has not assigned; line and paragraph ends. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A JSON object, as a frozen copy.
 * @throws TypeError when it is none
 * @throws SessionError `invalid-request` when it cannot be kept
 */
export function jsonObject(
  name: string,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const json = JSON.stringify(value) ?? '';
  if (!json.startsWith('{')) throw new TypeError(`\`${name}\` must be a JSON object`);
  if (json.length > LONGEST_PROPERTIES) {
    throw invalidRequest(name, `"${name}" is longer than ${LONGEST_PROPERTIES} characters of JSON.`);
  }
  return JSON.parse(json, (key, part: unknown) => {
    storable(name, key);
    return typeof part === 'string' ? storable(name, part) : Object.freeze(part);
  }) as Record<string, unknown>;
}

/** PostgreSQL keeps no U+0000, and would put another character in the place of half a surrogate pair. */
function storable(name: string, value: string): string {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalidRequest(name, `"${name}" holds characters that cannot be kept.`);
  }
  return value;
}
