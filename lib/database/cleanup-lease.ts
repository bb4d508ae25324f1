import type { Clock } from '../clock';
import { inSchema, statementName, type Pool, type Statement } from './statement-runner';

export interface TurnOptions {
  /** Is told the database's time by whoever takes a turn. */
  readonly clock: Clock;
  /** The schema of the table; what the connection's search path finds first when absent. */
  readonly schema?: string | undefined;
}

/** A turn that was taken: the number by which it is told from later ones. */
export type Taken = string;

/** For how long a turn is held without a word, as an SQL interval. Whoever dies in the middle keeps others waiting so long. */
const HELD_FOR = "interval '1 minute'";

/**
 * Lets one node at a time do what all nodes would do: the row of `identity_session_cleanup` says who is at it and when it
 * was last done. Each step is one statement that changes the row if it still is as it must be. An advisory lock would be
 * simpler, but behind a pooler that lends connections by the transaction it could be kept no longer than a statement,
 * and it knows nothing of when the work was last done. Times are the database's, whatever the nodes' clocks say.
 */
export class Turn {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #sql: ReturnType<typeof statements>;

  constructor(pool: Pool, { clock, schema }: TurnOptions) {
    this.#pool = pool;
    this.#clock = clock;
    this.#sql = statements(inSchema('identity_session_cleanup', schema));
  }

  /** Takes the turn, unless somebody has it, or the work was finished less than `rest` milliseconds ago. */
  async take(rest: number): Promise<Taken | undefined> {
    const sent = this.#clock.monotonic();
    const [row] = await this.#pool.tell<{ turn: string; time: string }>(this.#sql.take, [rest]);
    if (row === undefined) return undefined;
    this.#clock.follow?.(Number(row.time), (sent + this.#clock.monotonic()) / 2);
    return row.turn;
  }

  /** Holds the turn for longer; false when it took too long and somebody else has the turn now. */
  async keep(turn: Taken): Promise<boolean> {
    return (await this.#pool.tell(this.#sql.keep, [turn])).length > 0;
  }

  /** Lets others go on with the work. */
  async giveBack(turn: Taken): Promise<void> {
    await this.#pool.tell(this.#sql.giveBack, [turn]);
  }

  /** Notes that all is done. */
  async finish(turn: Taken): Promise<void> {
    await this.#pool.tell(this.#sql.finish, [turn]);
  }
}

function statements(table: string) {
  const named = (key: string, text: string): Statement => ({ name: statementName(table, key), text });
  const now = 'clock_timestamp()';
  return {
    // Whoever comes first of all makes the row; of two who do, one waits here, and then has nothing to add.
    take: named(
      'take',
      `with next as (
         update ${table} set turn = turn + 1, taken_until = ${now} + ${HELD_FOR}
         where taken_until <= ${now} and finished_at <= ${now} - $1 * interval '1 millisecond'
         returning turn
       ), first as (
         insert into ${table} (taken_until) values (${now} + ${HELD_FOR}) on conflict do nothing returning turn
       )
       select turn, round(extract(epoch from ${now}) * 1000) as time
       from (select turn from next union all select turn from first) as taken`,
    ),
    keep: named(
      'keep',
      `update ${table} set taken_until = ${now} + ${HELD_FOR} where turn = $1 returning turn`,
    ),
    giveBack: named('giveBack', `update ${table} set taken_until = ${now} where turn = $1`),
    finish: named('finish', `update ${table} set taken_until = ${now}, finished_at = ${now} where turn = $1`),
  };
}
