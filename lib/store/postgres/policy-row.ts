import type { PreventConcurrentLogin } from '../../session/revocation';
import type { Policy, PolicyPatch, ProtocolSettings } from '../store';
import type { Tables } from './tables';

/** The row of `identity_session_policy`, as text. */
export interface PolicyRow {
  readonly prevent_concurrent_login: PreventConcurrentLogin | null;
  readonly idle_timeout: string | null;
  readonly protocols: string | null;
}

/** Returns the policy that the row holds. */
export function policyOf({
  prevent_concurrent_login: rule,
  idle_timeout: idleTimeout,
  protocols,
}: PolicyRow): Policy {
  return {
    ...(rule !== null && { preventConcurrentLogin: rule }),
    ...(idleTimeout !== null && { idleTimeout: Number(idleTimeout) }),
    ...(protocols !== null && { protocols: JSON.parse(protocols) as ProtocolSettings }),
  };
}

/**
 * Returns the parameters of `setPolicy`: whether the rule changes, its new value, settings to store, names to remove, whether the
 * idle timeout changes, its new value.
 */
export function policyValues({
  preventConcurrentLogin,
  idleTimeout,
  protocols = {},
}: PolicyPatch): unknown[] {
  const settings = Object.entries(protocols);
  const stored = settings.filter(([, value]) => value !== null);
  const removed = settings.filter(([, value]) => value === null).map(([name]) => name);
  return [
    preventConcurrentLogin !== undefined,
    preventConcurrentLogin ?? null,
    JSON.stringify(Object.fromEntries(stored)),
    removed,
    idleTimeout !== undefined,
    idleTimeout ?? null,
  ];
}

/** Returns the statement that changes the policy. It inserts the row if somebody has deleted it by hand. */
export function setPolicy({ policy }: Tables): string {
  const settings = (present: string) => `nullif((${present} || $3::jsonb) - $4::text[], '{}')`;
  return `
    insert into ${policy} as p (prevent_concurrent_login, idle_timeout, protocols)
    values ($2, $6, ${settings(`'{}'::jsonb`)})
    on conflict (one) do update set
      prevent_concurrent_login = case when $1 then excluded.prevent_concurrent_login else p.prevent_concurrent_login end,
      idle_timeout = case when $5 then excluded.idle_timeout else p.idle_timeout end,
      protocols = ${settings(`coalesce(p.protocols, '{}')`)}`;
}
