import type { Database } from '../database';
import { progress } from '../report';
import { endEverything, type EndOfEverything } from './end-everything';
import { FilledTable } from './filled-table';
import { timeCalls, type CallTime } from './one-user';
import { timePages, type PageTime } from './pages';
import { timeBursts, type BurstTime } from './bursts';
import { measureHotUpdates } from './touches';

/** The figures of the package with many sessions in the table. */
export interface ManyRows {
  readonly rows: number;
  readonly calls: readonly CallTime[];
  readonly pages: readonly PageTime[];
  /** The same pages with few sessions in the table. */
  readonly pagesOfFew: readonly PageTime[];
  /** The share of touches that change no index (HOT updates). */
  readonly hot: number;
  readonly bursts: readonly BurstTime[];
  readonly everything: EndOfEverything;
}

/** The number of sessions in the small table, for comparison. */
const FEW = 10_000;

export async function measureManyRows(database: Database, rows: number): Promise<ManyRows> {
  const [few, many] = [await FilledTable.of(FEW, database), await FilledTable.of(rows, database)];
  try {
    progress('calls of users');
    const calls = await timeCalls(many, few);
    progress('pages of administrators');
    const [pages, pagesOfFew] = [await timePages(many), await timePages(few)];
    progress('touches');
    const hot = await measureHotUpdates(many);
    progress('concurrent sign-ins');
    const bursts = await timeBursts(many);
    progress('ending everything');
    const everything = await endEverything(many);
    return { rows, calls, pages, pagesOfFew, hot, bursts, everything };
  } finally {
    await many.close();
    await few.close();
  }
}
