import type { Database } from '../database';
import { say } from '../report';
import { endMany, type EndOfMany } from './end-of-many';
import { compareLogReading, type LogReading } from './log-reading';
import { countSideBySide, type SideBySide } from './side-by-side';

/** What it costs that there are several nodes. */
export interface NodesCost {
  readonly reading: LogReading;
  readonly ends: readonly EndOfMany[];
  readonly sideBySide: readonly SideBySide[];
}

export async function costsOfNodes(
  database: Database,
  { cycles, seconds }: { readonly cycles: number; readonly seconds: number },
): Promise<NodesCost> {
  const reading = await compareLogReading(database, cycles);
  say('the end of many sessions');
  const ends = await endMany(database);
  say('side by side');
  const sideBySide = await countSideBySide(database, seconds);
  return { reading, ends, sideBySide };
}
