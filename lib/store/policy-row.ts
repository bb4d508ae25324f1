import type { PreventConcurrentLogin } from '../session/revocation';
import type { Policy } from './store';

/** The row of `identity_session_policy`. */
export interface PolicyRow {
  readonly prevent_concurrent_login: PreventConcurrentLogin | null;
  readonly idle_enabled: 't' | 'f' | null;
  readonly idle_timeout_minutes: string | null;
  readonly idle_countdown_seconds: string | null;
}

/** The policy that the row holds. An idle policy is there whole or not at all. */
export function policyOf(row: PolicyRow): Policy {
  const {
    prevent_concurrent_login: rule,
    idle_timeout_minutes: minutes,
    idle_countdown_seconds: seconds,
  } = row;
  return {
    ...(rule !== null && { preventConcurrentLogin: rule }),
    ...(minutes !== null && {
      idle: {
        enabled: row.idle_enabled === 't',
        idleTimeoutMinutes: Number(minutes),
        countdownSeconds: Number(seconds),
      },
    }),
  };
}

/** The parameters of a change: null for what stays as it is. */
export function policyValues({ preventConcurrentLogin, idle }: Policy): unknown[] {
  return [
    preventConcurrentLogin ?? null,
    idle?.enabled ?? null,
    idle?.idleTimeoutMinutes ?? null,
    idle?.countdownSeconds ?? null,
  ];
}
