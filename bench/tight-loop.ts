import { Child } from './child';
import type { Database } from './database';
import type { Summary } from './statistics';

/** The time of the guard without Express and without a network, for cached sessions. */
export interface TightLoop {
  /** The time of the guard less that of an empty middleware, in SHA-256 hashes of a secret. */
  readonly hashes: Summary;
  /** The same in microseconds. */
  readonly guard: number;
  /** The time of one hash, in microseconds. */
  readonly hash: number;
}

export interface Rounds {
  readonly rounds: number;
  /** The number of calls of each function in a round. */
  readonly calls: number;
}

/** Measures in a child process, so that no other code has shaped what the compiler of V8 makes of the guard. */
export async function measureTightLoop(database: Database, { rounds, calls }: Rounds): Promise<TightLoop> {
  const [child, times] = await Child.start<TightLoop>('tight-loop-server.ts', [
    await database.create(),
    String(rounds),
    String(calls),
  ]);
  await child.stop();
  return times;
}
