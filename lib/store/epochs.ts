import { time } from './rows';
import type { Scope } from './store';
import type { Tables } from './tables';

/** That the session `s` was ended neither by itself nor with everything. */
export function notEnded({ epochs }: Tables): string {
  return `(s.ended_at is null and not exists (select from ${epochs} e where ${REACHES}))`;
}

/** The sessions `s`, and for each that ended with everything when that was and who did it. */
export function withEpochs({ sessions, epochs }: Tables): string {
  return `${sessions} s left join lateral (
    select e.ended_at as epoch_at, e.ended_by as epoch_by from ${epochs} e where ${REACHES} order by e.ended_at limit 1
  ) epoch on s.ended_at is null`;
}

/** Whether an epoch ended the session `s`. */
const REACHES = `
  e.scope in ('everyone', coalesce('tenant:' || s.tenant_id, 'no tenant')) and e.ended_at >= s.signed_in`;

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
