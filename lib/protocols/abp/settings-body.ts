import { invalidRequest } from '../../errors';
import type { PreventConcurrentLogin } from '../../session/revocation';
import type { IdlePolicy } from './idle-policy';

/** The setting for concurrent logins, by ABP's numbers. */
export interface SessionSettingsDto {
  /** 0 `Disabled`, 1 `LogoutFromSameTypeDevices`, 2 `LogoutFromAllDevices`. */
  readonly preventConcurrentLogin: number;
}

/** The rules at the indexes that are ABP's numbers. */
const RULES: readonly PreventConcurrentLogin[] = [
  'Disabled',
  'LogoutFromSameTypeDevices',
  'LogoutFromAllDevices',
];

export function sessionSettings(rule: PreventConcurrentLogin): SessionSettingsDto {
  return { preventConcurrentLogin: RULES.indexOf(rule) };
}

/** @throws SessionError `invalid-request` if the body does not contain the number of a rule */
export function concurrencyRule(body: unknown): PreventConcurrentLogin {
  const { preventConcurrentLogin: number } = objectIn(body);
  const rule = typeof number === 'number' ? RULES[number] : undefined;
  if (rule === undefined)
    throw invalidRequest('preventConcurrentLogin', '"{name}" must be one of {values}.', {
      values: '0, 1, 2',
    });
  return rule;
}

/**
 * Returns the idle settings in the body. `setIdlePolicy` checks their values.
 * @throws SessionError `invalid-request` if the body is not an object
 */
export function idleSettings(body: unknown): IdlePolicy {
  const { enabled, idleTimeoutMinutes, countdownSeconds } = objectIn(body);
  return { enabled, idleTimeoutMinutes, countdownSeconds } as IdlePolicy;
}

function objectIn(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw invalidRequest('body', 'The body must be a JSON object.');
}
