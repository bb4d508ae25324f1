import type { Policy, PolicyPatch, ProtocolSettings } from '../store';
import type { Tables } from './tables';

/** The name of a setting that has a column of its own. */
type Setting = Exclude<keyof Policy, 'protocols'>;

/** The column of each setting, in the order of the parameters of `setPolicy`. */
const COLUMNS = {
  preventConcurrentLogin: 'prevent_concurrent_login',
  idleTimeout: 'idle_timeout',
  maxSessionsPerUser: 'max_sessions_per_user',
  maxSessionsPerClient: 'max_sessions_per_client',
  maxSessionsPerDevice: 'max_sessions_per_device',
} as const satisfies Readonly<Record<Setting, string>>;

const SETTINGS = Object.keys(COLUMNS) as readonly Setting[];

/** The row of `identity_session_policy`, as text. */
export type PolicyRow = { readonly [Name in Setting as (typeof COLUMNS)[Name]]: string | null } & {
  readonly protocols: string | null;
};

/** Returns the policy that the row holds. */
export function policyOf({ protocols, ...row }: PolicyRow): Policy {
  const stored = SETTINGS.flatMap((name) => {
    const text = row[COLUMNS[name]];
    if (text === null) return [];
    return [[name, name === 'preventConcurrentLogin' ? text : Number(text)]];
  });
  return {
    ...(Object.fromEntries(stored) as Omit<Policy, 'protocols'>),
    ...(protocols !== null && { protocols: JSON.parse(protocols) as ProtocolSettings }),
  };
}

/** Returns the statement that reads the policy. */
export function readPolicy({ policy }: Tables): string {
  return `select ${Object.values(COLUMNS).join(', ')}, protocols from ${policy} where one`;
}

/**
 * Returns the parameters of `setPolicy`: the protocols' settings to store, the names of those to remove, and for every column
 * whether it changes and its new value.
 */
export function policyValues({ protocols = {}, ...settings }: PolicyPatch): unknown[] {
  const all = Object.entries(protocols);
  const stored = all.filter(([, value]) => value !== null);
  const removed = all.filter(([, value]) => value === null).map(([name]) => name);
  const columns = SETTINGS.flatMap((name) => [settings[name] !== undefined, settings[name] ?? null]);
  return [JSON.stringify(Object.fromEntries(stored)), removed, ...columns];
}

/** Returns the statement that changes the policy. It inserts the row if somebody has deleted it by hand. */
export function setPolicy({ policy }: Tables): string {
  const settings = (present: string) => `nullif((${present} || $1::jsonb) - $2::text[], '{}')`;
  const columns = Object.values(COLUMNS).map((column, index) => ({
    column,
    changes: `$${2 * index + 3}::boolean`,
    value: `$${2 * index + 4}`,
  }));
  const changed = columns.map(
    ({ column, changes }) => `${column} = case when ${changes} then excluded.${column} else p.${column} end`,
  );
  return `
    insert into ${policy} as p (protocols, ${columns.map(({ column }) => column).join(', ')})
    values (${settings(`'{}'::jsonb`)}, ${columns.map(({ value }) => value).join(', ')})
    on conflict (one) do update set
      protocols = ${settings(`coalesce(p.protocols, '{}')`)},
      ${changed.join(',\n      ')}`;
}
