import type { Statement } from '../database/pool';
import type { Cutoffs } from '../session/lifetimes';
import type { SearchOrder } from '../session/order';
import { withEpochs } from './epochs';
import { SELECTED, time } from './rows';
import { live } from './statements';
import type { Search, SearchFilter } from './store';
import type { Tables } from './tables';

/** A statement with its parameters. */
export interface Asked {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/**
 * What administrators ask for. Each statement is made for its search, so that PostgreSQL plans it for the filters that are
 * there; none is kept prepared.
 */
export function searchStatements(tables: Tables) {
  return {
    page(search: Search): Asked {
      const values = new Values();
      const conditions = wanted(tables, search.filter, search.cutoffs, values);
      if (search.after !== undefined) {
        const { signedIn, sessionId } = search.after;
        const behind = search.order.descending ? '<' : '>';
        const place = `(${time(values.add(signedIn))}, ${values.add(sessionId)}::uuid)`;
        conditions.push(`(s.signed_in, s.session_id) ${behind} ${place}`);
      }
      const text = `
        select ${SELECTED} from ${withEpochs(tables)} where ${conditions.join(' and ')}
        order by ${sorted(search.order)} limit ${values.add(search.take)}::int offset ${values.add(search.skip)}::int`;
      return { statement: { name: '', text }, values: values.all };
    },

    count(filter: SearchFilter, cutoffs: Cutoffs): Asked {
      const values = new Values();
      const conditions = wanted(tables, filter, cutoffs, values);
      const text = `select count(*) as count from ${tables.sessions} s where ${conditions.join(' and ')}`;
      return { statement: { name: '', text }, values: values.all };
    },
  };
}

/** Parameters, and the places where they stand. */
class Values {
  readonly all: unknown[] = [];

  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

function wanted(
  tables: Tables,
  { tenantId, userId, device, clientId, node }: SearchFilter,
  { short, long, absolute }: Cutoffs,
  values: Values,
): string[] {
  const conditions = [live(tables, values.add(short), values.add(long), values.add(absolute))];
  if (tenantId === null) conditions.push('s.tenant_id is null');
  const equal = { tenant_id: tenantId ?? undefined, user_id: userId, device, client_id: clientId, node };
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) conditions.push(`s.${column} = ${values.add(value)}`);
  }
  return conditions;
}

/** The words of a search are looked up here, and never become part of a statement. Texts are in the order of every machine. */
const SORTED: Readonly<Record<SearchOrder['by'], string>> = {
  signedIn: 's.signed_in',
  lastAccessed: 'coalesce(s.last_accessed, s.signed_in)',
  device: `s.device collate "C"`,
  deviceInfo: `coalesce(s.device_info, '') collate "C"`,
};

function sorted({ by, descending }: SearchOrder): string {
  const direction = descending ? 'desc' : 'asc';
  return `${SORTED[by]} ${direction}, s.session_id ${direction}`;
}
