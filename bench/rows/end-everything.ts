import { timed } from '../statistics';
import type { FilledTable } from './filled-table';

/** The times of ending all sessions and of a search after that, in milliseconds. */
export interface EndOfEverything {
  readonly ending: number;
  /** The number of session rows that it wrote. */
  readonly written: number;
  /** The search for the newest sessions, which finds none. */
  readonly page: number;
}

export async function endEverything(table: FilledTable): Promise<EndOfEverything> {
  const { administration } = await table.runningManager();
  const before = await endedRows(table);
  const ending = await timed(() => administration.revokeEverything());
  const page = await timed(() => administration.search());
  return { ending, page, written: (await endedRows(table)) - before };
}

async function endedRows({ pool }: FilledTable): Promise<number> {
  const [row] = await pool('identity_sessions').whereNotNull('ended_at').count({ count: '*' });
  return Number(row!.count);
}
