import type { Database } from '../database';
import { progress } from '../report';
import { endManySessions, type MassEnd } from './end-everything';
import { compareLogReading, type LogReading } from './log-reading';
import { countSideBySide, type SideBySide } from './side-by-side';

/** The cost of running several nodes. */
export interface NodesCost {
  readonly reading: LogReading;
  readonly ends: readonly MassEnd[];
  readonly sideBySide: readonly SideBySide[];
}

export async function measureNodes(
  database: Database,
  { cycles, seconds }: { readonly cycles: number; readonly seconds: number },
): Promise<NodesCost> {
  const reading = await compareLogReading(database, cycles);
  progress('ending many sessions');
  const ends = await endManySessions(database);
  progress('nodes side by side');
  const sideBySide = await countSideBySide(database, seconds);
  return { reading, ends, sideBySide };
}
