import { holdProcess, jittered, systemClock, withTimeout } from '../clock';
import { CircuitBreaker } from './circuit-breaker';
import { isConflict, isConnectionLost, refusalOf, sqlState, unavailable } from './failures';
import { fittingName, preparationAfter, prepared, unprepared, type Preparation } from './preparation';

/** A statement and the name under which connections keep it prepared. Every name belongs to exactly one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A row with every column as text or null, as PostgreSQL sends it. */
export type Row = Readonly<Record<string, string | null>>;

/** Runs a statement on one connection. The type argument declares the columns of its rows; it is not checked. */
export type Run = <R extends object = Row>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly R[]>;

/** The members of a `pg` client that running a statement needs. */
export interface Connection {
  query(config: object): Promise<{ readonly rows: readonly object[] }>;
  /** True if the app asked `pg` for results in binary format. `pg` reads it when a query is passed to it. */
  binary?: boolean;
  /**
   * The error that broke the connection. Knex sets it when a connection breaks. This package sets it when a connection
   * must not be used again. The owner of the connection then replaces it.
   */
  __knex__disposed?: unknown;
}

/** Lends connections and takes them back. */
export interface ConnectionSource {
  acquire(): Promise<Connection>;
  release(connection: Connection): void;
}

/** Returns the name of a table for use in a statement, with its quoted schema. */
export function inSchema(table: string, schema: string): string {
  return `"${schema.replaceAll('"', '""')}".${table}`;
}

/**
 * Returns the name of a statement on a table. It contains the table, because one connection can serve two installations.
 * Returns '' if the name would be too long; the statement is then not kept prepared.
 */
export function statementName(table: string, key: string): string {
  return fittingName(`${table}.${key}`);
}

/** Returns statements on a table, by the keys of their texts. */
export function statementsOf<K extends string>(
  table: string,
  texts: Readonly<Record<K, string>>,
): Readonly<Record<K, Statement>> {
  const statement = ([key, text]: [string, string]): [string, Statement] => [
    key,
    { name: statementName(table, key), text },
  ];
  return Object.fromEntries(Object.entries<string>(texts).map(statement)) as Record<K, Statement>;
}

export interface StatementRunnerOptions {
  /** The time for one call, in milliseconds. It includes waiting for a connection and all statements. */
  readonly budget: number;
  /** The schema of the tables, if the app configured one. Only used in the message about missing tables. */
  readonly schema?: string | undefined;
}

/**
 * Runs statements on borrowed connections, behind a circuit breaker, and with its own timeout for every wait. The server's
 * timeouts are not enough, because they do not fire while the server hangs.
 */
export class StatementRunner {
  readonly #source: ConnectionSource;
  readonly #budget: number;
  readonly #schema: string | undefined;
  /** Database timeouts use real timers, even when tests inject a fake clock elsewhere. */
  readonly #clock = systemClock();
  readonly #breaker = new CircuitBreaker(
    () => this.#with(this.#deadline(), (run) => run(PROBE, [])),
    this.#clock,
  );
  #preparation = prepared;

  constructor(source: ConnectionSource, { budget, schema }: StatementRunnerOptions) {
    this.#source = source;
    this.#budget = budget;
    this.#schema = schema;
  }

  /** False while the circuit breaker is open. */
  get available(): boolean {
    return !this.#breaker.open;
  }

  /** Runs a statement that can safely run twice. If the connection breaks, it runs again on another one, once. */
  async repeatable<R extends object = Row>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly R[]> {
    const deadline = this.#deadline();
    const attempt = () => this.#with(deadline, (run) => run<R>(statement, values));
    return this.#call(async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        return await attempt();
      }
    });
  }

  /** Runs a statement that must not run twice. If the connection breaks, the call fails. */
  once<R extends object = Row>(statement: Statement, values: readonly unknown[]): Promise<readonly R[]> {
    return this.#call(() => this.#with(this.#deadline(), (run) => run<R>(statement, values)));
  }

  /**
   * Runs `work` in a transaction. The level READ COMMITTED is explicit, because the database's or the role's default may
   * be higher. At a higher level the snapshot is older than a lock that is taken inside, so rules that rely on the lock
   * would silently fail.
   */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
    const inTransaction = async (run: Run, connection: Connection) => {
      await run(BEGIN, []);
      try {
        const result = await work(run);
        await run(COMMIT, []);
        return result;
      } catch (error) {
        await run(ROLLBACK, []).catch((failure: unknown) => {
          connection.__knex__disposed = failure;
        });
        throw error;
      }
    };
    return this.#call(() => this.#with(this.#deadline(), inTransaction));
  }

  /** Holds the process too: the dedicated connection and the breaker's timer do not. */
  #call<T>(operation: () => Promise<T>): Promise<T> {
    return holdProcess(this.#breaker.run(operation));
  }

  #deadline(): number {
    return this.#clock.monotonic() + this.#budget;
  }

  /**
   * Borrows a connection for `use`. If the server refuses a prepared statement, or rolls back because of a conflict with
   * other transactions, nothing has changed, and `use` runs again.
   */
  async #with<T>(deadline: number, use: (run: Run, connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const preparation = this.#preparation;
      try {
        return await this.#borrow(deadline, preparation, use);
      } catch (error) {
        const again =
          attempt < MAX_ATTEMPTS &&
          (this.#preparesOtherwise(error, preparation) || (await this.#pauses(error, attempt, deadline)));
        if (!again) throw refusalOf(error, this.#schema);
      }
    }
  }

  /** Returns true if statements are prepared in another way from now on, because of the error. */
  #preparesOtherwise(error: unknown, used: Preparation): boolean {
    if (used === unprepared) return false;
    const other = preparationAfter(error, this.#clock.now());
    if (other === undefined) return false;
    // Calls that ran at the same time fail with the same error, and only the first of them changes the way.
    if (this.#preparation === used) this.#preparation = other;
    return true;
  }

  /** Returns true after a pause if the error was a conflict, and the pause ends before the deadline. */
  async #pauses(error: unknown, attempt: number, deadline: number): Promise<boolean> {
    if (!isConflict(error)) return false;
    const pause = jittered(1, Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE));
    if (this.#clock.monotonic() + pause >= deadline) return false;
    await new Promise<void>((resolve) => this.#clock.after(pause, resolve));
    return true;
  }

  async #borrow<T>(
    deadline: number,
    preparation: Preparation,
    use: (run: Run, connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.#acquire(deadline);
    try {
      const run: Run = (statement, values) =>
        this.#run(connection, { ...preparation(statement), values }, deadline);
      return await use(run, connection);
    } finally {
      this.#source.release(connection);
    }
  }

  /** A connection that arrives after the deadline is released unused. */
  #acquire(deadline: number): Promise<Connection> {
    return withTimeout(this.#source.acquire().catch(noConnection), {
      clock: this.#clock,
      limit: deadline - this.#clock.monotonic(),
      problem: 'No database connection became available within the budget',
      late: (connection) => this.#source.release(connection),
    });
  }

  async #run<R extends object>(
    connection: Connection,
    statement: { readonly name?: string; readonly text: string; readonly values: readonly unknown[] },
    deadline: number,
  ): Promise<readonly R[]> {
    const left = Math.ceil(deadline - this.#clock.monotonic());
    if (left <= 0) throw new Error('The database took too long to answer');
    try {
      const { rows } = await queryForText(connection, { ...statement, query_timeout: left });
      return rows as readonly R[];
    } catch (error) {
      // The answer may still arrive, so a connection that is not known to be idle must not be used again.
      if (sqlState(error) === undefined || isConnectionLost(error)) connection.__knex__disposed = error;
      throw error;
    }
  }
}

/** Errors of the app's own code, such as the "fetch failed" of a function for `connection`, are outages here, no mistakes. */
function noConnection(error: unknown): never {
  throw sqlState(error) === undefined ? unavailable(error) : error;
}

const PROBE = { name: '', text: 'select 1' };
const BEGIN = { name: '', text: 'begin isolation level read committed' };
const COMMIT = { name: '', text: 'commit' };
const ROLLBACK = { name: '', text: 'rollback' };

/** The largest number of times that a call runs. */
const MAX_ATTEMPTS = 20;

/** The longest pauses after a first conflict and after many, in milliseconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 250;

/** Runs a query whose results arrive as text, even if the app asked `pg` for binary results. */
function queryForText(connection: Connection, query: object): ReturnType<Connection['query']> {
  if (!connection.binary) return connection.query({ ...query, ...AS_TEXT });
  connection.binary = false;
  try {
    return connection.query({ ...query, ...AS_TEXT });
  } finally {
    connection.binary = true;
  }
}

/** Returns column values as text and ignores the app's custom type parsers. */
const AS_TEXT = { types: { getTypeParser: () => (value: string) => value } };
