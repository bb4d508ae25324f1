import type { PreventConcurrentLogin } from '../../session/revocation';
import type { Policy, PolicyPatch } from '../store';
import type { Tables } from './tables';

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

/** The parameters of a change: of each part whether it is named, and what it becomes; null for as the options say. */
export function policyValues({ preventConcurrentLogin, idle }: PolicyPatch): unknown[] {
  return [
    preventConcurrentLogin !== undefined,
    preventConcurrentLogin ?? null,
    idle !== undefined,
    idle?.enabled ?? null,
    idle?.idleTimeoutMinutes ?? null,
    idle?.countdownSeconds ?? null,
  ];
}

/** The statement of a change. It makes the row if that is gone, for instance because somebody deleted it by hand. */
export function setPolicy({ policy }: Tables): string {
  const kept = (named: string, column: string) =>
    `${column} = case when ${named} then excluded.${column} else p.${column} end`;
  return `
    insert into ${policy} as p (prevent_concurrent_login, idle_enabled, idle_timeout_minutes, idle_countdown_seconds)
    values ($2, $4, $5, $6)
    on conflict (one) do update set
      ${kept('$1', 'prevent_concurrent_login')},
      ${kept('$3', 'idle_enabled')},
      ${kept('$3', 'idle_timeout_minutes')},
      ${kept('$3', 'idle_countdown_seconds')}`;
}
