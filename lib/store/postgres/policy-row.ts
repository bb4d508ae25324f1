import type { PreventConcurrentLogin } from '../../session/revocation';
import type { Policy, PolicyPatch, ProtocolSettings } from '../store';
import type { Tables } from './tables';

/** The row of `identity_session_policy`, as text. */
export interface PolicyRow {
  readonly prevent_concurrent_login: PreventConcurrentLogin | null;
  readonly protocols: string | null;
}

/** Returns the policy that the row holds. */
export function policyOf({ prevent_concurrent_login: rule, protocols }: PolicyRow): Policy {
  return {
    ...(rule !== null && { preventConcurrentLogin: rule }),
    ...(protocols !== null && { protocols: JSON.parse(protocols) as ProtocolSettings }),
  };
}

/** Returns the parameters of `setPolicy`: whether the rule changes, its new value, settings to store, names to remove. */
export function policyValues({ preventConcurrentLogin, protocols = {} }: PolicyPatch): unknown[] {
  const settings = Object.entries(protocols);
  const stored = settings.filter(([, value]) => value !== null);
  const removed = settings.filter(([, value]) => value === null).map(([name]) => name);
  return [
    preventConcurrentLogin !== undefined,
    preventConcurrentLogin ?? null,
    JSON.stringify(Object.fromEntries(stored)),
    removed,
  ];
}

/** Returns the statement that changes the policy. It inserts the row if somebody has deleted it by hand. */
export function setPolicy({ policy }: Tables): string {
  const settings = (present: string) => `nullif((${present} || $3::jsonb) - $4::text[], '{}')`;
  return `
    insert into ${policy} as p (prevent_concurrent_login, protocols)
    values ($2, ${settings(`'{}'::jsonb`)})
    on conflict (one) do update set
      prevent_concurrent_login = case when $1 then excluded.prevent_concurrent_login else p.prevent_concurrent_login end,
      protocols = ${settings(`coalesce(p.protocols, '{}')`)}`;
}
