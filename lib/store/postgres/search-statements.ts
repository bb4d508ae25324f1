import type { Statement } from '../../database/statement-runner';
import type { Cutoffs } from '../../session/lifetimes';
import type { SearchOrder, SortKey } from '../../session/order';
import { latestEpoch, scopeText, withEpochs, withoutEpochs } from './epochs';
import { selected, time } from './rows';
import { live, ownedBy, ownedInAnyState } from './statements';
import type { Search, SearchFilter } from '../store';
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
      const conditions = wanted(tables, search.filter, search.cutoffs, values);
      const isOfLive = (search.filter.state ?? 'live') === 'live';
      if (search.after === undefined) {
        if (isOfLive && search.order[0]?.by === 'signedIn')
          conditions.push(...notPast(tables, search.filter, values));
      } else {
        const { signedIn, sessionId } = search.after;
        const behind = search.order[0]?.descending ? '<' : '>';
        const at = time(values.add(signedIn));
        conditions.push(`(s.signed_in, s.session_id) ${behind} (${at}, ${values.add(sessionId)}::uuid)`);
        conditions.push(`${indexed('s.signed_in')} ${behind}= ${indexed(at)}`);
      }
      const order = sorted(search.order);
      // Formats only the rows of the page, because the search may have to sort many more.
      const found = `
        select s.* from ${tables.sessions} s where ${conditions.join(' and ')}
        order by ${order} limit ${values.add(search.take)}::int offset ${values.add(search.skip)}::int`;
      const page = { ...tables, sessions: `(${found})` };
      const sessions = isOfLive ? withoutEpochs(page.sessions) : withEpochs(page);
      const text = `select ${selected(tables)} from ${sessions} order by ${order}`;
      return { statement: { name: '', text }, values: values.all };
    },

    count(filter: SearchFilter, cutoffs: Cutoffs): BoundStatement {
      const values = new Values();
      const conditions = wanted(tables, filter, cutoffs, values);
      const text = `select count(*) as count from ${tables.sessions} s where ${conditions.join(' and ')}`;
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

function wanted(
  tables: Tables,
  { state = 'live', tenantId, userId, device, clientId, node, exceptClients = [] }: SearchFilter,
  { short, long, absolute }: Cutoffs,
  values: Values,
): string[] {
  const conditions = ['true'];
  if (state !== 'any') {
    const isLive = live(tables, values.add(short), values.add(long), values.add(absolute));
    conditions.push(state === 'live' ? isLive : `not ${isLive}`);
  }
  const owner = userId !== undefined && tenantId !== undefined;
  // The index of owners contains this form.
  const ownerCondition = state === 'live' ? ownedBy : ownedInAnyState;
  if (owner) conditions.push(ownerCondition(values.add(userId), `${values.add(tenantId)}::text`));
  else if (tenantId === null) conditions.push('s.tenant_id is null');
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
