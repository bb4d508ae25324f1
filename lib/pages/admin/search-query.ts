import type { Request } from 'express';

import { queryOf } from '../../http/request';
import type { SessionSearch } from '../../manager/administration';
import { SEARCH_STATES, type SearchState } from '../../store/store';
import type { AdminSort } from '../messages/page-messages';

/** The number of sessions on a page. */
const TAKE = 50;

/** The fields of the search form, as they are in the query of the page. Empty fields do not limit the search. */
export interface AdminQuery {
  readonly user: string;
  readonly tenant: string;
  readonly device: string;
  readonly client: string;
  readonly state: SearchState;
  readonly sort: AdminSort;
  /** The position of a page in the order of sign-ins. */
  readonly after: string;
  /** The number of the page in other orders, from 0. */
  readonly page: number;
}

export const SORTS: readonly AdminSort[] = ['signedIn', 'lastAccessed', 'userId'];

/** Returns the fields of the search form. Unknown orders count as the first one. */
export function adminQuery(request: Pick<Request, 'url'>): AdminQuery {
  const query = queryOf(request);
  const field = (name: string) => query.get(name)?.trim() ?? '';
  return {
    user: field('user'),
    tenant: field('tenant'),
    device: field('device'),
    client: field('client'),
    state: SEARCH_STATES.find((state) => state === field('state')) ?? 'live',
    sort: SORTS.find((sort) => sort === field('sort')) ?? 'signedIn',
    after: field('after'),
    page: Number(/^\d{1,4}$/.exec(field('page'))?.[0] ?? 0),
  };
}

/** Returns the search of the administration for the fields. */
export function searchOf({
  user,
  tenant,
  device,
  client,
  state,
  sort,
  after,
  page,
}: AdminQuery): SessionSearch {
  return {
    ...(user !== '' && { userId: user }),
    ...(tenant !== '' && { tenantId: tenant }),
    ...(device !== '' && { device }),
    ...(client !== '' && { clientId: client }),
    ...(state !== 'live' && { state }),
    order: [{ by: sort, descending: sort !== 'userId' }],
    ...(sort === 'signedIn' ? after !== '' && { after } : { skip: page * TAKE }),
    take: TAKE,
  };
}

/** Returns the query of the page with some fields replaced, and without empty fields. */
export function linkTo(query: AdminQuery, changed: Partial<AdminQuery>): string {
  const fields = Object.entries({ ...query, ...changed }).filter(([, value]) => value !== '' && value !== 0);
  return `?${new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

/** True if the page may not be the last one, in an order without positions. */
export function isFull(found: number): boolean {
  return found === TAKE;
}
