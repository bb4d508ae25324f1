import type { Statement } from '../../database/statement-runner';
import type { Cutoffs } from '../../session/lifetimes';
import type { SearchOrder, SortKey } from '../../session/order';
import { ownerBucket } from '../../session/bucket';
import { hasBuckets } from './buckets';
import { latestEpoch, scopeText, withEpochs, withoutEpochs } from './epochs';
import { selected, time } from './rows';
import { live, ownedBy } from './statements';
import type { Search, SearchFilter, SearchState } from '../store';
import type { Tables } from './tables';

/** A statement with its parameters. */
export interface BoundStatement {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/**
 * Returns the statements of administrators' searches. Each statement is built for its filters and not prepared, so that
 * PostgreSQL plans it for them.
 */
export function searchStatements(tables: Tables) {
  return {
    page(search: Search): BoundStatement {
      const values = new Values();
      const { filter, take, skip } = search;
      const conditions = [
        ...wanted(tables, filter, values),
        ...inTheIndexOfOwners(search, values),
        ...behind(search, values),
      ];
      const order = sorted(search.order);
      const most = `${values.add(take)}::int`;
      const skipped = `${values.add(skip)}::int`;
      // Each part is read in the order of its own indexes. Formats only the rows of the page, because the search may read many more.
      const parts = partsOf(tables, search, values).map(
        (part) => `
        (select s.* from ${tables.sessions} s where ${[...conditions, ...part].join(' and ')}
        order by ${order} limit ${most} + ${skipped})`,
      );
      const found = `select s.* from (${parts.join(' union all ')}) s order by ${order} limit ${most} offset ${skipped}`;
      const page = { ...tables, sessions: `(${found})` };
      const sessions = stateOf(filter) === 'live' ? withoutEpochs(page.sessions) : withEpochs(page);
      const text = `select ${selected(tables)} from ${sessions} order by ${order}`;
      return { statement: { name: '', text }, values: values.all };
    },

    count(filter: SearchFilter, cutoffs: Cutoffs): BoundStatement {
      const values = new Values();
      const conditions = wanted(tables, filter, values);
      const parts = partsOf(tables, { filter, cutoffs }, values).map((part) => `(${part.join(' and ')})`);
      const where = [...conditions, `(${parts.join(' or ')})`].join(' and ');
      const text = `select count(*) as count from ${tables.sessions} s where ${where}`;
      return { statement: { name: '', text }, values: values.all };
    },
  };
}

/** Collects parameters. `add` returns the placeholder of a value. */
class Values {
  readonly all: unknown[] = [];

  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

function stateOf({ state = 'live' }: SearchFilter): SearchState {
  return state;
}

/** Returns the conditions of a search that do not depend on the state. */
function wanted(
  tables: Tables,
  { tenantId, userId, device, clientId, node, exceptClients = [] }: SearchFilter,
  values: Values,
): string[] {
  const conditions = ['true'];
  const owner = userId !== undefined && tenantId !== undefined;
  // The indexes of owners contain this form.
  if (owner) conditions.push(ownedBy(values.add(userId), `${values.add(tenantId)}::text`));
  else if (tenantId === null) conditions.push('s.tenant_id is null');
  if (owner && hasBuckets(tables)) {
    conditions.push(`s.bucket = ${values.add(ownerBucket({ tenantId, userId }))}::smallint`);
  }
  const whose = owner ? {} : { tenant_id: tenantId ?? undefined, user_id: userId };
  const equal = { ...whose, device, client_id: clientId, node };
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) conditions.push(`s.${column} = ${values.add(value)}`);
  }
  if (exceptClients.length > 0) {
    conditions.push(`(s.client_id is null or s.client_id <> all(${values.add(exceptClients)}::text[]))`);
  }
  return conditions;
}

/**
 * Returns the conditions of each part of the table that the state selects. Sessions that are marked as ended, and the others, have
 * indexes of their own, so that a search in any state is a union of both.
 */
function partsOf(
  tables: Tables,
  search: Pick<Search, 'filter' | 'cutoffs'> & Partial<Search>,
  values: Values,
): string[][] {
  const { filter, cutoffs } = search;
  const marked = ['s.ended_at is not null'];
  const unmarked = ['s.ended_at is null'];
  if (stateOf(filter) === 'any') return [unmarked, marked];
  const { short, long, absolute } = cutoffs;
  const isLive = live(tables, values.add(short), values.add(long), values.add(absolute));
  if (stateOf(filter) === 'ended') return [[...unmarked, `not ${isLive}`], marked];
  const isNewestFirst = search.order?.[0]?.by === 'signedIn' && search.after === undefined;
  return [[isLive, ...(isNewestFirst ? notPast(tables, filter, values) : [])]];
}

/** In the order of users, the index of owners also holds the tenant, so that rows of other tenants need not be read. */
function inTheIndexOfOwners({ filter: { tenantId, userId }, order }: Search, values: Values): string[] {
  if (order[0]?.by !== 'userId' || userId !== undefined || tenantId === undefined) return [];
  return [`coalesce(s.tenant_id, '') = coalesce(${values.add(tenantId)}::text, '')`];
}

/** Returns the conditions of a page after a position. */
function behind({ after, order }: Search, values: Values): string[] {
  if (after === undefined) return [];
  const is = order[0]?.descending ? '<' : '>';
  const at = time(values.add(after.signedIn));
  return [
    `(s.signed_in, s.session_id) ${is} (${at}, ${values.add(after.sessionId)}::uuid)`,
    `${indexed('s.signed_in')} ${is}= ${indexed(at)}`,
  ];
}

/**
 * Stops the index scan at the sign-ins before the latest `endEverything`. The condition for live sessions implies this, but
 * PostgreSQL cannot derive it for the index, and would scan all ended sessions. Pages after a cursor do without it: with a bound at
 * both ends, PostgreSQL expects so few rows that it sorts them all instead.
 */
function notPast(tables: Tables, { tenantId }: SearchFilter, values: Values): string[] {
  const scopes = [`'everyone'`, ...(tenantId === undefined ? [] : [values.add(scopeText({ tenantId }))])];
  return scopes.map((scope) => `${indexed('s.signed_in')} >= ${indexed(latestEpoch(tables, scope))}`);
}

/**
 * Maps sort keys to SQL, so that no text of a request becomes part of a statement. The collation "C" sorts texts equally on
 * every server. The indexed expression of a time precedes the time itself, so that few rows have to be sorted.
 */
const SORTED: Readonly<Record<SortKey['by'], readonly string[]>> = {
  signedIn: [indexed('s.signed_in'), 's.signed_in'],
  lastAccessed: ['s.active_day', 'coalesce(s.last_accessed, s.signed_in)'],
  device: ['s.device collate "C"'],
  deviceInfo: [`coalesce(s.device_info, '') collate "C"`],
  userId: ['s.user_id collate "C"'],
  clientId: [`coalesce(s.client_id, '') collate "C"`],
  ipAddresses: [`coalesce(s.ip_addresses, '') collate "C"`],
};

function sorted(order: SearchOrder): string {
  const keys = order.flatMap(({ by, descending }) => SORTED[by].map((key) => directed(key, descending)));
  return [...keys, directed('s.session_id', order.at(-1)?.descending)].join();
}

function directed(key: string, descending = false): string {
  return `${key} ${descending ? 'desc' : 'asc'}`;
}

/** The expression of a time that the indexes of sign-ins contain. */
function indexed(time: string): string {
  return `date_bin('10 minutes', ${time}, timestamptz 'epoch')`;
}
