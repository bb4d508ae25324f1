import type { Knex } from 'knex';

import { migrate } from '../../../lib';
import { inSchema, type Statement } from '../../../lib/database/statement-runner';
import { statements } from '../../../lib/store/postgres/statements';
import { createDatabase, type TestDatabase } from '../../support/database';

const TABLE = 'identity_sessions';

const ofSchema = (schema?: string): Statement[] => Object.values(statements(schema));

describe('the name of a statement', () => {
  it('is its own, also beside those of another installation on the same connection', () => {
    const all = [...ofSchema(), ...ofSchema('one'), ...ofSchema('other')];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('tells the statement, for who looks at a server', () => {
    for (const [key, { name }] of Object.entries(statements())) expect(name).toBe(`${TABLE}.${key}`);
  });

  it.each(['s'.repeat(30), 's'.repeat(34), 's'.repeat(63), 'ß'.repeat(20), '"'.repeat(25)])(
    'in the schema %s is one that PostgreSQL keeps whole, or none, so that nothing is kept under it',
    (schema) => {
      for (const [key, { name }] of Object.entries(statements(schema))) {
        const whole = `${inSchema(TABLE, schema)}.${key}`;
        expect(name).toBe(Buffer.byteLength(whole) <= 63 ? whole : '');
      }
    },
  );
});

const CLOCKS =
  /\b(now|age|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\bcurrent_(date|time)|\blocaltime/i;

describe('the statements', () => {
  it('never ask what time it is: the clock of the manager is the only one', () => {
    for (const { text } of ofSchema()) expect(text).not.toMatch(CLOCKS);
  });

  it.each([
    'ended_at = now()',
    'CURRENT_TIMESTAMP',
    'clock_timestamp ()',
    'localtimestamp',
    'age(signed_in)',
  ])('that did would be found: %s', (text) => {
    expect(text).toMatch(CLOCKS);
  });
});

describe('on a server', () => {
  /** Quoting, or the lack of it, shows. */
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

  /** As many as make a difference, of many users, some of them ended. */
  const MANY_SESSIONS = `
    insert into ${inSchema(TABLE, schema)}
      (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day, ended_at, auth_id)
    select gen_random_uuid(), '', 'user ' || i % 2000, 'Web', false, moment, moment::date,
      case when i % 2 = 0 then moment end, i
    from generate_series(1, 20000) as i, lateral (select timestamptz '2026-01-15' - i * interval '1 minute') as at (moment);
    analyze ${inSchema(TABLE, schema)}`;
  const keyed = () => Object.entries<Statement>(statements(schema));
  /** Knex takes a question mark for a parameter. */
  const escaped = (text: string) => text.replaceAll('?', '\\?');

  it('each is one that it can prepare, in a schema of any name', async () => {
    const { rows } = await connection.raw<{ rows: unknown[] }>('select name from pg_prepared_statements');
    expect(rows).toHaveLength(keyed().length);
  });

  it.each(keyed().map(([key]) => key))(
    '%s finds its rows by an index, however many there are',
    async (key) => {
      const { rows } = await connection.raw<{ rows: { count: number }[] }>(
        'select cardinality(parameter_types) as count from pg_prepared_statements where name = ?',
        [key],
      );
      const values = Array.from({ length: rows[0]!.count }, () => 'null').join();
      expect(await readsOfAllRows(`execute "${key}" ${values && `(${values})`}`)).toEqual([]);
    },
  );

  it.each([
    ["device = 'Web'", 'Seq Scan'],
    // Of an index it would read all.
    ["device = 'Web' and ended_at is null", 'Index Scan'],
  ])('one that reads all rows where %s would be found', async (condition, scan) => {
    const select = `select * from ${inSchema(TABLE, schema)} where ${condition}`;
    expect(await readsOfAllRows(select)).toEqual([scan]);
  });

  /** Where PostgreSQL would read all rows although that is its last resort. */
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
