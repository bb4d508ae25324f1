import { VariantProcess } from './variant-process';
import { costOf, type Cost } from './cost';
import type { Database } from './database';
import { progress } from './report';
import type { Variant } from './variants/variant';

export interface DatabaseWork {
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  readonly cost: Cost;
}

/**
 * Counts the statements and the write-ahead log that requests cause. The variants run one after the other, because the
 * server has only one write-ahead log.
 */
export async function countDatabaseWork(
  database: Database,
  variants: readonly Variant[],
  { sessions, warmUpSeconds, seconds }: { sessions: number; warmUpSeconds: number; seconds: number },
): Promise<DatabaseWork[]> {
  const all: DatabaseWork[] = [];
  for (const variant of variants.filter(({ needs }) => needs === 'database')) {
    progress(variant.name);
    const variantProcess = await VariantProcess.start(variant, database, sessions);
    try {
      await variantProcess.random(warmUpSeconds);
      let requests = 0;
      const cost = await costOf(database, variantProcess.databaseUrl, async () => {
        requests = (await variantProcess.random(seconds)).length;
      });
      if (cost !== undefined) all.push({ name: variant.name, requests, seconds, cost });
    } finally {
      await variantProcess.stop();
    }
  }
  return all;
}
