import type { Clock } from '../clock';
import { inSchema, statementName, type StatementRunner, type Statement } from './statement-runner';
import { TableSchema } from './table-schema';

export interface CleanupLeaseOptions {
  /** Follows the database's time, which every acquisition returns. */
  readonly clock: Clock;
  /** The schema of the table. By default it is determined over a connection of `runner`. */
  readonly schema?: TableSchema | undefined;
}

/** The number of an acquired lease. Every acquisition by any node gets a higher number. */
export type LeaseNumber = string;

/** The result of an attempt to acquire the lease. */
export interface Acquisition {
  /** Undefined if the lease was not acquired. */
  readonly lease: LeaseNumber | undefined;
  /** The time of the last complete cleanup, in milliseconds since 1970, or null before the first. */
  readonly finishedAt: number | null;
}

/** The time after which a lease expires unless it is renewed, as an SQL interval. A crashed node blocks others this long. */
const LEASE_DURATION = "interval '1 minute'";

/**
 * Lets only one node at a time run the cleanup. The row of `identity_session_cleanup` stores the current lease and the time
 * of the last complete cleanup. Each method runs one statement that changes the row only if the condition still holds.
 *
 * An advisory lock would be simpler. But behind a pooler that assigns connections per transaction, it could not be held
 * longer than one statement, and it does not record the time of the last cleanup. All times are database times, so the
 * clocks of the nodes do not matter.
 */
export class CleanupLease {
  readonly #runner: StatementRunner;
  readonly #clock: Clock;
  readonly #sql: () => Promise<ReturnType<typeof statements>>;

  constructor(
    runner: StatementRunner,
    { clock, schema = new TableSchema(undefined, runner) }: CleanupLeaseOptions,
  ) {
    this.#runner = runner;
    this.#clock = clock;
    this.#sql = schema.statements((name) => statements(inSchema('identity_session_cleanup', name)));
  }

  /**
   * Acquires the lease, unless another node holds it or the last complete cleanup is less than `rest` milliseconds ago.
   */
  async acquire(rest: number): Promise<Acquisition> {
    const { acquire } = await this.#sql();
    const sent = this.#clock.monotonic();
    const [row] = await this.#runner.once<AcquisitionRow>(acquire, [rest]);
    const { lease_number: lease, finished_at: finishedAt, time } = row!;
    this.#clock.follow?.(Number(time), (sent + this.#clock.monotonic()) / 2);
    return { lease: lease ?? undefined, finishedAt: finishedAt === null ? null : Number(finishedAt) };
  }

  /** Extends the lease. Returns false if it expired and another node has acquired it since. */
  async renew(lease: LeaseNumber): Promise<boolean> {
    const { renew } = await this.#sql();
    return (await this.#runner.once(renew, [lease])).length > 0;
  }

  /** Releases the lease without completing the cleanup, so that another node can continue it immediately. */
  async release(lease: LeaseNumber): Promise<void> {
    await this.#runner.once((await this.#sql()).release, [lease]);
  }

  /** Releases the lease and records that the cleanup is complete. */
  async finish(lease: LeaseNumber): Promise<void> {
    await this.#runner.once((await this.#sql()).finish, [lease]);
  }
}

interface AcquisitionRow {
  readonly lease_number: string | null;
  readonly finished_at: string | null;
  readonly time: string;
}

function statements(table: string) {
  const named = (key: string, text: string): Statement => ({ name: statementName(table, key), text });
  const now = 'clock_timestamp()';
  const milliseconds = (time: string) => `round(extract(epoch from ${time}) * 1000)`;
  return {
    // The first acquisition ever inserts the row. If two nodes try at once, one waits for the other and inserts nothing.
    acquire: named(
      'acquire',
      `with next as (
         update ${table} set lease_number = lease_number + 1, leased_until = ${now} + ${LEASE_DURATION}
         where leased_until <= ${now} and finished_at <= ${now} - $1 * interval '1 millisecond'
         returning lease_number
       ), first as (
         insert into ${table} (leased_until) values (${now} + ${LEASE_DURATION}) on conflict do nothing
         returning lease_number
       )
       select (select lease_number from next union all select lease_number from first),
         (select ${milliseconds('finished_at')} from ${table} where isfinite(finished_at)) as finished_at,
         ${milliseconds(now)} as time`,
    ),
    renew: named(
      'renew',
      `update ${table} set leased_until = ${now} + ${LEASE_DURATION} where lease_number = $1 returning lease_number`,
    ),
    release: named('release', `update ${table} set leased_until = ${now} where lease_number = $1`),
    finish: named(
      'finish',
      `update ${table} set leased_until = ${now}, finished_at = ${now} where lease_number = $1`,
    ),
  };
}
