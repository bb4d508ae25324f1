import type { Database } from '../database';
import { say } from '../report';
import { endEverything, type EndOfEverything } from './everything';
import { FilledTable } from './filled';
import { timeActs, type ActTime } from './one-user';
import { timePages, type PageTime } from './pages';
import { timeRushes, type RushTime } from './rush';
import { shareOfHotUpdates } from './touches';

/** How the package fares among many sessions. */
export interface ManyRows {
  readonly rows: number;
  readonly acts: readonly ActTime[];
  readonly pages: readonly PageTime[];
  /** The same pages among few sessions. */
  readonly pagesOfFew: readonly PageTime[];
  readonly hot: number;
  readonly rushes: readonly RushTime[];
  readonly everything: EndOfEverything;
}

/** The small table, for comparison. */
const FEW = 10_000;

export async function amongManyRows(database: Database, rows: number): Promise<ManyRows> {
  const [few, many] = [await FilledTable.of(FEW, database), await FilledTable.of(rows, database)];
  try {
    say('what users do');
    const acts = await timeActs(many, few);
    say('what administrators look at');
    const [pages, pagesOfFew] = [await timePages(many), await timePages(few)];
    say('touches');
    const hot = await shareOfHotUpdates(many);
    say('many sign-ins at once');
    const rushes = await timeRushes(many);
    say('the end of everything');
    const everything = await endEverything(many);
    return { rows, acts, pages, pagesOfFew, hot, rushes, everything };
  } finally {
    await many.close();
    await few.close();
  }
}
