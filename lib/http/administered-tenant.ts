import { permissionMissing } from './permission-guard';
import type { IdentitySession } from '../session/session';
import type { SearchFilter } from '../store/store';

/** An administrator with a tenant administers this tenant. An administrator without a tenant administers all. */
export function mayAdminister({ tenantId: own }: IdentitySession, tenantId: string | null): boolean {
  return own === null || own === tenantId;
}

/**
 * Returns the filter of an administrator's search, limited to the tenant of the administrator.
 * @throws SessionError `permission-missing` if the filter names another tenant
 */
export function withinTenant<Filter extends SearchFilter>(filter: Filter, current: IdentitySession): Filter {
  const { tenantId = current.tenantId ?? undefined } = filter;
  if (tenantId === undefined) return filter;
  if (!mayAdminister(current, tenantId)) throw permissionMissing();
  return { ...filter, tenantId };
}
