import { invalidRequest } from '../../errors';
import { CONCURRENCY, type PreventConcurrentLogin } from '../../session/revocation';
import type { IdlePolicy } from './idle-policy';

/** The setting of concurrent logins, by ABP's numbers: 0 `Disabled`, 1 `LogoutFromSameTypeDevices`, 2 `LogoutFromAllDevices`. */
export interface SessionSettingsDto {
  readonly preventConcurrentLogin: number;
}

export function sessionSettings(rule: PreventConcurrentLogin): SessionSettingsDto {
  return { preventConcurrentLogin: CONCURRENCY.indexOf(rule) };
}

/** @throws SessionError `invalid-request` */
export function concurrencyRule(body: unknown): PreventConcurrentLogin {
  const { preventConcurrentLogin: number } = objectIn(body);
  const rule = typeof number === 'number' ? CONCURRENCY[number] : undefined;
  if (rule === undefined)
    throw invalidRequest('preventConcurrentLogin', '"preventConcurrentLogin" must be 0, 1 or 2.');
  return rule;
}

/**
 * The settings of user interfaces that sign out who does nothing. Whether the values can be is the manager's to judge.
 * @throws SessionError `invalid-request` when there are none
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
