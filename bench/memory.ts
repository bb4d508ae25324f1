import { Child } from './child';
import type { Database } from './database';

/** The memory of a session in the process, in bytes. */
export interface SessionMemory {
  readonly cached: number;
  /** The memory while its last-accessed time is not yet written. */
  readonly used: number;
}

/** Measures in a child process, so that nothing else allocates memory there. */
export async function measureMemory(database: Database, sessions: number): Promise<SessionMemory> {
  const [child, memory] = await Child.start<SessionMemory>(
    'memory-server.ts',
    [await database.create(), String(sessions)],
    ['--expose-gc'],
  );
  await child.stop();
  return memory;
}
