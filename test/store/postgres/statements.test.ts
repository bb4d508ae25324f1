import type { Knex } from 'knex';

import { migrate } from '../../../lib';
import { inSchema, type Statement } from '../../../lib/database/statement-runner';
import { statements } from '../../../lib/store/postgres/statements';
import { tablesIn } from '../../../lib/store/postgres/tables';
import { createDatabase, type TestDatabase } from '../../support/database';

const TABLE = 'identity_sessions';

const inThe = (schema: string) => statements(tablesIn(schema));
const ofSchema = (schema: string): Statement[] => Object.values(inThe(schema));

describe('statement names', () => {
  it('are unique, also among several installations on the same connection', () => {
    const all = [...ofSchema('public'), ...ofSchema('one'), ...ofSchema('other')];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('name the table and the statement, for administrators who look at a server', () => {
    for (const [key, { name }] of Object.entries(inThe('public'))) {
      expect(name).toBe(`"public".${TABLE}.${key}`);
    }
  });

  it.each(['s'.repeat(30), 's'.repeat(34), 's'.repeat(63), 'ß'.repeat(20), '"'.repeat(25)])(
    'are empty if PostgreSQL would truncate them, so that nothing is prepared under them: schema %s',
    (schema) => {
      for (const [key, { name }] of Object.entries(inThe(schema))) {
        const whole = `${inSchema(TABLE, schema)}.${key}`;
        expect(name).toBe(Buffer.byteLength(whole) <= 63 ? whole : '');
      }
    },
  );
});

const CLOCKS =
  /\b(now|age|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\bcurrent_(date|time)|\blocaltime/i;

describe('statements', () => {
  it('never use the time of the database, because the manager passes the time of its clock', () => {
    for (const { text } of ofSchema('public')) expect(text).not.toMatch(CLOCKS);
  });

  it.each([
    'ended_at = now()',
    'CURRENT_TIMESTAMP',
    'clock_timestamp ()',
    'localtimestamp',
    'age(signed_in)',
  ])('are reported if they use the time of the database: %s', (text) => {
    expect(text).toMatch(CLOCKS);
  });
});

describe('statements on a server', () => {
  /** A name that must be quoted everywhere. */
  const schema = 'Odd "name" $1';
  let database: TestDatabase;
  let connection: Knex.Transaction;

  beforeAll(async () => {
    database = await createDatabase();
    await migrate(database.knex, { schema });
    await database.knex.raw(escaped(MANY_SESSIONS));
    connection = await database.knex.transaction();
    for (const [key, { text }] of keyed()) await connection.raw(escaped(`prepare "${key}" as ${text}`));
  });
  afterAll(async () => {
    await connection.rollback();
    await database.destroy();
  });

  /** Enough sessions to make an index worthwhile: of many users, half of them ended. */
  const MANY_SESSIONS = `
    insert into ${inSchema(TABLE, schema)}
      (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day, ended_at, auth_id)
    select gen_random_uuid(), '', 'user ' || i % 2000, 'Web', false, moment, moment::date,
      case when i % 2 = 0 then moment end, i
    from generate_series(1, 20000) as i, lateral (select timestamptz '2026-01-15' - i * interval '1 minute') as at (moment);
    analyze ${inSchema(TABLE, schema)}`;
  const keyed = () => Object.entries<Statement>(inThe(schema));
  /** Knex treats an unescaped question mark as a parameter. */
  const escaped = (text: string) => text.replaceAll('?', '\\?');

  it('can all be prepared, in a schema of any name', async () => {
    const { rows } = await connection.raw<{ rows: unknown[] }>('select name from pg_prepared_statements');
    expect(rows).toHaveLength(keyed().length);
  });

  it.each(keyed().map(([key]) => key))('find the rows of %s by an index', async (key) => {
    const { rows } = await connection.raw<{ rows: { count: number }[] }>(
      'select cardinality(parameter_types) as count from pg_prepared_statements where name = ?',
      [key],
    );
    const values = Array.from({ length: rows[0]!.count }, () => 'null').join();
    expect(await readsOfAllRows(`execute "${key}" ${values && `(${values})`}`)).toEqual([]);
  });

  it.each([
    ["device_info = 'Web'", 'Seq Scan'],
    // This one would read the whole index.
    ["device_info = 'Web' and ended_at is null", 'Index Scan'],
  ])('are reported if they read all rows: where %s', async (condition, scan) => {
    const select = `select * from ${inSchema(TABLE, schema)} where ${condition}`;
    expect(await readsOfAllRows(select)).toEqual([scan]);
  });

  /** Returns the plan nodes that read all rows although sequential scans are disabled. */
  async function readsOfAllRows(statement: string): Promise<string[]> {
    await connection.raw("set local enable_seqscan = off; set local plan_cache_mode = 'force_generic_plan'");
    const explain = escaped(`explain (format json) ${statement}`);
    const { rows } = await connection.raw<{ rows: { 'QUERY PLAN': { Plan: Plan }[] }[] }>(explain);
    return [...nodesOf(rows[0]!['QUERY PLAN'][0]!.Plan)]
      .filter((node) => /Seq|Index/.test(node['Node Type']) && node['Index Cond'] === undefined)
      .map((node) => node['Node Type']);
  }
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const child of plan.Plans ?? []) yield* nodesOf(child);
}
