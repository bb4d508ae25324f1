import { tablesMissing } from './failures';
import type { Statement, StatementRunner } from './statement-runner';

/**
 * The schema of the tables, which every statement names. It is the configured schema, or else the schema in which the
 * connection finds the table of sessions first. It is determined once, because an app may change the search path of
 * pooled connections, for example for each tenant. If statements followed the search path, a node could write sessions in
 * one schema and read the change log of another, and would never learn that a session has ended.
 */
export class TableSchema {
  /** The schema that the app configured. */
  readonly configured: string | undefined;
  readonly #runner: StatementRunner;
  #name: string | undefined;
  #determining: Promise<string> | undefined;

  /** @param runner Runs the query that finds the tables. Its connections should have the search path of a new connection. */
  constructor(configured: string | undefined, runner: StatementRunner) {
    this.configured = configured;
    this.#name = configured;
    this.#runner = runner;
  }

  /** Returns a function that returns `build(schema)`. The result is built once, when the schema is known. */
  statements<T>(build: (schema: string) => T): () => Promise<T> {
    let built: T | undefined;
    return async () => (built ??= build(this.#name ?? (await this.#determine())));
  }

  #determine(): Promise<string> {
    this.#determining ??= this.#find().finally(() => (this.#determining = undefined));
    return this.#determining;
  }

  /** @throws Error if the tables do not exist, SessionError `store-unavailable` */
  async #find(): Promise<string> {
    const [row] = await this.#runner.repeatable<{ schema: string }>(FIND, []);
    if (row === undefined) throw new Error(tablesMissing(undefined));
    return (this.#name = row.schema);
  }
}

const FIND: Statement = {
  name: 'identity_sessions.schema',
  text: `
    select nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass('identity_sessions')`,
};
