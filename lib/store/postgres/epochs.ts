import { time } from './rows';
import type { Scope } from '../store';
import type { Tables } from './tables';

/**
 * That the session `s` was ended neither by itself nor with everything. When everyone's sessions ended is worked out once,
 * and not for each session.
 */
export function notEnded(tables: Tables): string {
  return `(s.ended_at is null and s.signed_in > ${latestEpoch(tables, "'everyone'")} and not exists (
    select from ${tables.epochs} e where e.scope = ${NARROWER} and e.ended_at >= s.signed_in))`;
}

/** When everything in the scope ended for the last time; minus infinity when it never did. */
export function latestEpoch({ epochs }: Tables, scope: string): string {
  return `(select coalesce(max(e.ended_at), '-infinity') from ${epochs} e where e.scope = ${scope})`;
}

/** The sessions `s`, and for each that ended with everything when that was and who did it. */
export function withEpochs({ sessions, epochs }: Tables): string {
  return `${sessions} s left join lateral (
    select e.ended_at as epoch_at, e.ended_by as epoch_by from ${epochs} e
    where e.scope in ('everyone', ${NARROWER}) and e.ended_at >= s.signed_in order by e.ended_at limit 1
  ) epoch on s.ended_at is null`;
}

/** The same for sessions that are known not to have ended. */
export function withoutEpochs(sessions: string): string {
  return `${sessions} s cross join (select null::timestamptz as epoch_at, null::text as epoch_by) epoch`;
}

/** The scope of the session `s` beside everyone. */
const NARROWER = `coalesce('tenant:' || s.tenant_id, 'no tenant')`;

/** What an epoch's row says of its scope. */
export function scopeText({ tenantId }: Scope): string {
  if (tenantId === undefined) return 'everyone';
  return tenantId === null ? 'no tenant' : `tenant:${tenantId}`;
}

/** The statement that ends everything in a scope. An earlier time than before is none: what has ended stays ended. */
export function endEverything({ epochs }: Tables): string {
  return `
    insert into ${epochs} as e (scope, ended_at, ended_by) values ($1, ${time('$2')}, $3)
    on conflict (scope) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
    where e.ended_at < excluded.ended_at`;
}
