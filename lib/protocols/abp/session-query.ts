import type { Request } from 'express';

import { invalidRequest } from '../../errors';
import { queryOf } from '../../http/request';
import type { OwnSearch } from '../../manager/own-sessions';
import { SORT_KEYS, type SearchOrder, type SortKey } from '../../session/order';
import { checkedFilter, MOST_SKIPPED, MOST_TAKEN, type SearchFilter } from '../../store/store';
import { wholeNumber } from '../../session/whole-number';

/** The query of a request for a list. */
export interface SessionQuery {
  readonly filter: SearchFilter;
  readonly order: SearchOrder;
  readonly skip: number;
  readonly take: number;
}

/**
 * Reads the query as ABP binds it: names in any case, and empty values as missing ones. Unknown names are ignored, also
 * `extraProperties`.
 * @throws SessionError `invalid-request`
 */
export function sessionQuery(request: Pick<Request, 'url'>): SessionQuery {
  const query = queryOf(request);
  return {
    filter: filterIn(query),
    order: sorting(parameter(query, 'sorting')),
    skip: whole(query, 'skipCount', 0, MOST_SKIPPED) ?? 0,
    take: whole(query, 'maxResultCount', 1, MOST_TAKEN) ?? 10,
  };
}

/**
 * Reads the query of a list of the caller's own sessions. It ignores the user and the tenant.
 * @throws SessionError `invalid-request`
 */
export function ownSearch(request: Pick<Request, 'url'>): OwnSearch {
  const { filter, order, skip, take } = sessionQuery(request);
  const { device, clientId } = filter;
  const only = { ...(device && { device }), ...(clientId && { clientId }) };
  return { ...only, order, skip, take };
}

/** Refuses repeated and nested parameters. If a filter were ignored, the list would contain more than requested. */
function parameter(query: URLSearchParams, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const given = [...query].filter(([key]) => key.toLowerCase().split('[', 1)[0] === wanted);
  const [first, ...more] = given;
  if (more.length > 0 || (first !== undefined && first[0].includes('['))) {
    throw invalidRequest(name, '"{name}" must be a single value.');
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
  return wholeNumber(name, /^\d{1,9}$/.test(value) ? Number(value) : NaN, min, max);
}

/**
 * Reads the sort keys, separated by commas. Each is one of the known ones, so that no text of the request becomes part of a
 * statement.
 */
function sorting(words = 'lastAccessed desc'): SearchOrder {
  return words.split(',').map((word) => {
    const [, name, direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(word) ?? [];
    const by = name === undefined ? undefined : COLUMNS.get(name.toLowerCase());
    if (by !== undefined) return { by, descending: direction.toLowerCase() === 'desc' };
    throw invalidRequest(
      'sorting',
      '"{name}" must be a list of {values}, each optionally followed by "asc" or "desc".',
      { values: NAMES },
    );
  });
}

/** ABP's name of a sort key. The app knows the names of users and the database only their ids, so `userName` sorts by id. */
const nameOf = (key: SortKey['by']) => (key === 'userId' ? 'userName' : key);
const NAMES = SORT_KEYS.map(nameOf).join(', ');
const COLUMNS = new Map(SORT_KEYS.map((key) => [nameOf(key).toLowerCase(), key]));
