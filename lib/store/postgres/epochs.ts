import { time } from './rows';
import type { Scope } from '../store';
import type { Tables } from './tables';

/**
 * The condition that the session `s` was ended neither individually nor by `endEverything`. The latest end of all sessions is
 * computed once per statement.
 */
export function notEnded(tables: Tables): string {
  return `(s.ended_at is null and s.signed_in > ${latestEpoch(tables, "'everyone'")} and not exists (
    select from ${tables.epochs} e where e.scope = ${NARROWER} and e.ended_at >= s.signed_in))`;
}

/** The time of the latest `endEverything` in the scope, or minus infinity. */
export function latestEpoch({ epochs }: Tables, scope: string): string {
  return `(select coalesce(max(e.ended_at), '-infinity') from ${epochs} e where e.scope = ${scope})`;
}

/** The sessions `s` joined with the epoch that ended them: `epoch_at` and `epoch_by`, or null. */
export function withEpochs({ sessions, epochs }: Tables): string {
  return `${sessions} s left join lateral (
    select e.ended_at as epoch_at, e.ended_by as epoch_by from ${epochs} e
    where e.scope in ('everyone', ${NARROWER}) and e.ended_at >= s.signed_in order by e.ended_at limit 1
  ) epoch on s.ended_at is null`;
}

/** The same columns for sessions that are known to be live. */
export function withoutEpochs(sessions: string): string {
  return `${sessions} s cross join (select null::timestamptz as epoch_at, null::text as epoch_by) epoch`;
}

/** The scope of the session `s` that is narrower than `everyone`. */
const NARROWER = `coalesce('tenant:' || s.tenant_id, 'no tenant')`;

/** Returns the scope as it is stored in a row of the epochs. */
export function scopeText({ tenantId }: Scope): string {
  if (tenantId === undefined) return 'everyone';
  return tenantId === null ? 'no tenant' : `tenant:${tenantId}`;
}

/** The statement that ends everything in a scope. An epoch only moves forward, so that ended sessions stay ended. */
export function endEverything({ epochs }: Tables): string {
  return `
    insert into ${epochs} as e (scope, ended_at, ended_by) values ($1, ${time('$2')}, $3)
    on conflict (scope) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
    where e.ended_at < excluded.ended_at`;
}
