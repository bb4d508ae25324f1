import { tablesMissing } from './failures';
import type { Statement, StatementRunner } from './statement-runner';

/** The place and the form of the tables. */
interface Found {
  readonly schema: string;
  /** The number of partitions of the table of sessions, or 0 if it is one table. */
  readonly partitions: number;
}

/**
 * The schema of the tables, which every statement names, and the layout of the table of sessions. The schema is the configured
 * one, or else the schema in which the connection finds the table of sessions first. It is determined once, because an app may
 * change the search path of pooled connections, for example for each tenant. If statements followed the search path, a node
 * could write sessions in one schema and read the change log of another, and would never learn that a session has ended.
 *
 * The layout can change while nodes run, when an operator moves the sessions to partitions. `refresh` reads it again.
 */
export class TableSchema {
  /** The schema that the app configured. */
  readonly configured: string | undefined;
  readonly #runner: StatementRunner;
  #found: Found | undefined;
  #determining: Promise<Found> | undefined;

  /** @param runner Runs the query that finds the tables. Its connections should have the search path of a new connection. */
  constructor(configured: string | undefined, runner: StatementRunner) {
    this.configured = configured;
    this.#runner = runner;
  }

  /** Returns a function that returns `build(schema, partitions)`. The result is built once for each layout. */
  statements<T>(build: (schema: string, partitions: number) => T): () => Promise<T> {
    let built: T | undefined;
    let of: Found | undefined;
    return async () => {
      const found = this.#found ?? (await this.#determine());
      if (built === undefined || of !== found) {
        of = found;
        built = build(found.schema, found.partitions);
      }
      return built;
    };
  }

  /**
   * Reads the layout again. Until then, and if it cannot be read, the earlier one stays.
   * @throws SessionError `store-unavailable`
   */
  async refresh(): Promise<void> {
    await this.#determine();
  }

  #determine(): Promise<Found> {
    this.#determining ??= this.#find().finally(() => (this.#determining = undefined));
    return this.#determining;
  }

  /** @throws Error if the tables do not exist, SessionError `store-unavailable` */
  async #find(): Promise<Found> {
    const known = this.#found?.schema ?? this.configured ?? null;
    const [row] = await this.#runner.repeatable<{ schema: string; partitions: string }>(FIND, [known]);
    if (row === undefined) throw new Error(tablesMissing(this.configured));
    const { schema, partitions } = row;
    const found = { schema, partitions: Number(partitions) };
    // The same object stands for the same layout, so that statements are not built again.
    if (this.#found?.schema === found.schema && this.#found.partitions === found.partitions)
      return this.#found;
    return (this.#found = found);
  }
}

const FIND: Statement = {
  name: 'identity_sessions.schema',
  text: `
    select nspname as schema, case when relkind = 'p' then
      (select count(*) from pg_catalog.pg_inherits where inhparent = c.oid) else 0 end as partitions
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass(coalesce(quote_ident($1::text) || '.', '') || 'identity_sessions')`,
};
