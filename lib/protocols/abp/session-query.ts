import type { Request } from 'express';

import { invalidRequest } from '../../errors';
import { inOrder, SORT_KEYS, type SearchOrder } from '../../session/order';
import type { IdentitySession } from '../../session/session';
import { checkedFilter, MOST_SKIPPED, MOST_TAKEN, type SearchFilter } from '../../store/store';

/** What a request for a list asks for. */
export interface SessionQuery {
  readonly filter: SearchFilter;
  readonly order: SearchOrder;
  readonly skip: number;
  readonly take: number;
}

/** A part of a list, and how long the whole is. */
export interface PagedResult<Item> {
  readonly items: readonly Item[];
  readonly totalCount: number;
}

/**
 * Reads the query as ABP binds it: names in any case, empty values as none; names that nobody knows are passed over, and
 * `extraProperties` with them. It is read from the URL as it came: how an app parses queries does not matter.
 * @throws SessionError `invalid-request`
 */
export function sessionQuery({ url }: Pick<Request, 'url'>): SessionQuery {
  const start = url.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  return {
    filter: filterIn(query),
    order: sorting(parameter(query, 'sorting')),
    skip: whole(query, 'skipCount', 0, MOST_SKIPPED) ?? 0,
    take: whole(query, 'maxResultCount', 1, MOST_TAKEN) ?? 10,
  };
}

/** The page of a list that is whole already. The owner is whoever the list is of; what is asked for beside does not matter. */
export function paged(
  all: readonly IdentitySession[],
  { filter: { device, clientId }, order, skip, take }: SessionQuery,
): PagedResult<IdentitySession> {
  const found = all
    .filter((session) => device === undefined || session.device === device)
    .filter((session) => clientId === undefined || session.clientId === clientId)
    .sort(inOrder(order));
  return { items: found.slice(skip, skip + take), totalCount: found.length };
}

/** A filter that were dropped because it is there twice, or of another form, would show more than was asked for. */
function parameter(query: URLSearchParams, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const given = [...query].filter(([key]) => key.toLowerCase().split('[', 1)[0] === wanted);
  const [first, ...more] = given;
  if (more.length > 0 || (first !== undefined && first[0].includes('['))) {
    throw invalidRequest(name, `"${name}" must be a single value.`);
  }
  return first?.[1] || undefined;
}

function filterIn(query: URLSearchParams): SearchFilter {
  const named = FILTERS.map((name) => [name, parameter(query, name)] as const);
  return checkedFilter(Object.fromEntries(named));
}

const FILTERS = ['tenantId', 'userId', 'device', 'clientId'] as const;

function whole(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const value = parameter(query, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw invalidRequest(name, `"${name}" must be a whole number from ${min} to ${max}.`);
}

/** A word of the whitelist, never text that becomes part of a statement. */
function sorting(words = 'lastAccessed desc'): SearchOrder {
  const [, key, direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(words) ?? [];
  const by = SORT_KEYS.find((known) => known.toLowerCase() === key?.toLowerCase());
  if (by !== undefined) return { by, descending: direction.toLowerCase() === 'desc' };
  throw invalidRequest(
    'sorting',
    `"sorting" must be one of ${SORT_KEYS.join(', ')}, with "asc" or "desc" behind it.`,
  );
}
