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
  const { administration } = table.manager();
  await administration.policy();
  const ending = await timed(() => administration.revokeEverything());
  const page = await timed(() => administration.search());
  const { rows } = await table.pool.raw<{ rows: { count: string }[] }>(
    "select count(*) from identity_sessions where ended_at is not null and ended_at > now() - interval '1 minute'",
  );
  return { ending, page, written: Number(rows[0]!.count) };
}
