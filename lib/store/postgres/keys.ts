import {
  inSchema,
  statementsOf,
  type Statement,
  type StatementRunner,
} from '../../database/statement-runner';
import type { TableSchema } from '../../database/table-schema';
import type { Key, Keys } from '../../session/keyed-hash';

/**
 * Returns a function that returns the key that the migrations created in `identity_session_keys`. It is read once.
 * The function throws an Error if the table is empty.
 */
export function postgresKeys(runner: StatementRunner, schema: TableSchema): Keys {
  const sql = schema.statements((name) => {
    const table = inSchema('identity_session_keys', name);
    return statementsOf(table, { read: `select encode(key, 'hex') as key from ${table} where one` });
  });
  let keys: readonly [Key, ...Key[]] | undefined;
  // The keys are returned directly once they are known, so that requests need not wait.
  return () => keys ?? load();

  async function load(): Promise<readonly [Key, ...Key[]]> {
    keys = [await read(runner, (await sql()).read)];
    return keys;
  }
}

async function read(runner: StatementRunner, statement: Statement): Promise<Key> {
  const [row] = await runner.repeatable<{ key: string }>(statement, []);
  if (row !== undefined) return Buffer.from(row.key, 'hex');
  throw new Error(
    'The table identity_session_keys is empty: restore its row, or set the option `keys` to secret keys of your own',
  );
}
