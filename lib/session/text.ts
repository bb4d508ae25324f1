import { invalidRequest } from '../errors';

/** The maximum length of an app's JSON object, in characters. */
const LONGEST_JSON = 16_384;

/**
 * Returns text that is stored unchanged. `longest` is in characters.
 * @throws SessionError `invalid-request` if the value is not text, is empty or too long, or cannot be stored
 */
export function text(name: string, value: unknown, longest: number): string {
  if (typeof value !== 'string' || value === '' || value.length > longest) {
    throw invalidRequest(name, '"{name}" must be text of 1 to {longest} characters.', { longest });
  }
  return storable(name, value);
}

/** Returns null for null and undefined, and otherwise the same as `text`. */
export function optionalText(name: string, value: unknown, longest: number): string | null {
  return value === null || value === undefined ? null : text(name, value, longest);
}

/** Returns the same as `optionalText`, except that characters which cannot be stored become U+FFFD. */
export function optionalLabel(name: string, value: unknown, longest: number): string | null {
  return optionalText(name, typeof value === 'string' ? replaced(value) : value, longest);
}

/**
 * Returns descriptive text, cut to `longest` characters. Characters that cannot be stored become U+FFFD, because a
 * description must not prevent a sign-in. Returns null for an empty or missing value.
 */
export function capped(value: string | null | undefined, longest: number): string | null {
  return value ? replaced(detached(value.slice(0, longest))) : null;
}

function replaced(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\ufffd');
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
  return (typeof value === 'string' && !PRINTABLE.test(value) ? value.replace(INVISIBLE, '') : value) as T;
}

/** Returns text to display as `visible` does, cut to `longest` characters. */
export function displayText(value: string, longest: number): string {
  return visible(value.slice(0, longest));
}

/** Most texts are plain ASCII, which is checked faster than all kinds of invisible characters. */
const PRINTABLE = /^[ -~]*$/;

/**
 * Control, format and unassigned characters, halves of surrogate pairs, line and paragraph separators, and other
 * characters that Unicode displays as nothing, such as fillers.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Returns a frozen copy of a JSON object.
 * @throws TypeError if the value is not a JSON object
 * @throws SessionError `invalid-request` if its JSON is longer than 16,384 characters or nested more than 100 levels deep, if
 * it has a key `__proto__`, or if it cannot be stored
 */
export function jsonObject(
  name: string,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const json = jsonOf(name, value);
  if (!json.startsWith('{')) throw new TypeError(`\`${name}\` must be a JSON object`);
  if (json.length > LONGEST_JSON) {
    throw invalidRequest(name, '"{name}" is longer than {longest} characters of JSON.', {
      longest: LONGEST_JSON,
    });
  }
  if (isTooDeep(json)) throw tooDeep(name);
  return JSON.parse(json, (key, part: unknown) => {
    // Code that copies such an object property by property would replace the prototype of the copy.
    if (key === '__proto__') throw invalidRequest(name, '"{name}" must not contain the key "__proto__".');
    storable(name, key);
    return typeof part === 'string' ? storable(name, part) : Object.freeze(part);
  }) as Record<string, unknown>;
}

/** Returns the value as JSON, or '' if it has no JSON. */
function jsonOf(name: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // `JSON.stringify` calls itself for every level, and exceeds the stack after some thousands.
    throw error instanceof RangeError ? tooDeep(name) : error;
  }
}

/** The number of levels that objects and lists may be nested. Functions that call themselves for every level fit the stack. */
const DEEPEST = 100;

function tooDeep(name: string): Error {
  return invalidRequest(name, '"{name}" is nested more than {deepest} levels deep.', { deepest: DEEPEST });
}

/** Returns true if objects and lists are nested too deeply in valid JSON. */
export function isTooDeep(json: string): boolean {
  // Short text has too few brackets. This is the case for nearly all sessions.
  if (json.length <= 2 * DEEPEST) return false;
  let depth = 0;
  for (const [part] of json.matchAll(BRACKETS)) {
    if (part === '{' || part === '[') depth++;
    else if (part === '}' || part === ']') depth--;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** Matches brackets, and whole strings, because brackets in strings do not count. */
const BRACKETS = /[{}[\]]|"(?:[^"\\]|\\.)*"/g;

/** PostgreSQL cannot store U+0000, and replaces half a surrogate pair by another character. */
function storable(name: string, value: string): string {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalidRequest(name, '"{name}" contains characters that cannot be stored.');
  }
  return value;
}
