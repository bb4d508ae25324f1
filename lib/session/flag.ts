import { invalidRequest } from '../errors';

/** The values of a flag that forms and queries send. A checkbox without a value sends `on`, or nothing if it is not set. */
const YES: ReadonlySet<unknown> = new Set([true, 1, 'true', '1', 'on', 'yes', 'y']);
const NO: ReadonlySet<unknown> = new Set([undefined, null, false, 0, 'false', '0', 'off', 'no', 'n', '']);

/**
 * Converts a value that an app may have passed on from a form. Capital and small letters mean the same.
 * @throws SessionError `invalid-request` for any other value
 */
export function flagOf(name: string, given: unknown): boolean {
  const value = typeof given === 'string' ? given.toLowerCase() : given;
  if (YES.has(value)) return true;
  if (NO.has(value)) return false;
  throw invalidRequest(name, '"{name}" must be true or false, or a value of a form such as "on" or "off".');
}
