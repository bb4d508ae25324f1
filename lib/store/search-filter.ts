import type { Names } from '../named-arguments';
import { optionalText, text } from '../session/text';
import type { SearchFilter } from './store';

/** All that sessions can be looked for by. */
export const FILTERS: Names<SearchFilter> = {
  tenantId: true,
  userId: true,
  device: true,
  clientId: true,
  node: true,
};

/**
 * The filter as stores may be given it, and nothing else of what was given.
 * @throws SessionError `invalid-request`
 */
export function checkedFilter({ tenantId, userId, device, clientId, node }: SearchFilter): SearchFilter {
  return {
    ...(tenantId !== undefined && { tenantId: optionalText('tenantId', tenantId, 255) }),
    ...(userId !== undefined && { userId: text('userId', userId, 255) }),
    ...(device !== undefined && { device: text('device', device, 64) }),
    ...(clientId !== undefined && { clientId: text('clientId', clientId, 64) }),
    ...(node !== undefined && { node: text('node', node, 64) }),
  };
}
