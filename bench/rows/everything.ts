import type { FilledTable } from './filled';
import { timed } from './pages';

/** Everything ended at once, and what administrators see then. In milliseconds. */
export interface EndOfEverything {
  readonly ending: number;
  /** How many rows of sessions were written by it. */
  readonly written: number;
  /** A page of the newest sessions, of which there are none. */
  readonly page: number;
}

export async function endEverything(table: FilledTable): Promise<EndOfEverything> {
  const { administration } = await table.runningManager();
  const before = await marked(table);
  const ending = await timed(() => administration.revokeEverything());
  const page = await timed(() => administration.search());
  return { ending, page, written: (await marked(table)) - before };
}

async function marked({ pool }: FilledTable): Promise<number> {
  const [row] = await pool('identity_sessions').whereNotNull('ended_at').count({ count: '*' });
  return Number(row!.count);
}
