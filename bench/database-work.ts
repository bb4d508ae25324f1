import { Contender } from './contender';
import { costOf, type Cost } from './cost';
import type { Database } from './database';
import { say } from './report';
import type { Variant } from './variants/variant';

export interface DatabaseWork {
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  readonly cost: Cost;
}

/**
 * The statements and the write-ahead log that requests cause, as PostgreSQL counts them: of one variant after the other,
 * for the server's log is one.
 */
export async function countDatabaseWork(
  database: Database,
  variants: readonly Variant[],
  { sessions, warmUpSeconds, seconds }: { sessions: number; warmUpSeconds: number; seconds: number },
): Promise<DatabaseWork[]> {
  const all: DatabaseWork[] = [];
  for (const variant of variants.filter(({ needs }) => needs === 'database')) {
    say(variant.name);
    const contender = await Contender.start(variant, database, sessions);
    try {
      await contender.random(warmUpSeconds);
      let requests = 0;
      const cost = await costOf(database, contender.databaseUrl, async () => {
        requests = (await contender.random(seconds)).length;
      });
      if (cost !== undefined) all.push({ name: variant.name, requests, seconds, cost });
    } finally {
      await contender.stop();
    }
  }
  return all;
}
