import { time } from './rows';
import type { Tables } from './tables';

/** The SQLSTATE of a sign-in whose credentials changed after they were checked. */
export const CREDENTIALS_CHANGED = 'IS001';

/** The SQLSTATE of a sign-in at an isolation level above READ COMMITTED. */
export const WRONG_ISOLATION = 'IS002';

/** Separates the advisory locks of this package from an app's own. The number has no meaning. */
const LOCK_SEED = 7_201_975;

/** The text that names an owner in the change of credentials and, hashed, in the lock. */
function ownerText(tenant: string, user: string): string {
  return `coalesce(${tenant}, '') || chr(31) || ${user}`;
}

/** The number of the advisory lock of an owner. */
export function ownerLock(tenant: string, user: string): string {
  return `hashtextextended(${ownerText(tenant, user)}, ${LOCK_SEED})`;
}

/**
 * The condition that the owner's credentials did not change after they were checked. It is always true: otherwise the function
 * of migration 001 fails with `CREDENTIALS_CHANGED`, so that the whole statement changes nothing.
 */
export function credentialsHold(
  { checkCredentials }: Tables,
  tenant: string,
  user: string,
  checkedAt: string,
): string {
  return `${checkCredentials}(${ownerText(tenant, user)}, ${ownerLock(tenant, user)}, ${time(checkedAt)})`;
}

/** Records a change, also in the trail. Runs under the owner's lock, so that no sign-in is in progress that it does not refuse. */
export function changeCredentials({ credentialChanges, trail }: Tables): string {
  return `
    with noted as (
      insert into ${trail} (at, event, user_id, tenant_id)
      values (${time('$3')}, 'credential-changed', $2::text, $1::text)
    )
    insert into ${credentialChanges} as c (owner, changed_at) values (${ownerText('$1', '$2')}, ${time('$3')})
    on conflict (owner) do update set changed_at = greatest(c.changed_at, excluded.changed_at)`;
}

/** Deletes at most $2 changes that are older than $1. */
export function forgetCredentialChanges({ credentialChanges }: Tables): string {
  return `
    delete from ${credentialChanges} where owner = any(array(
      select owner from ${credentialChanges} where changed_at <= ${time('$1')} limit $2
    ))`;
}
