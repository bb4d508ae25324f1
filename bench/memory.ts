import { Child } from './child';
import type { Database } from './database';

/** Bytes of memory that a session takes in the process. */
export interface SessionMemory {
  readonly cached: number;
  /** While its last-accessed time waits to be written, too. */
  readonly used: number;
}

/** In a process of its own: nothing else may come and go there. */
export async function memoryOfSessions(database: Database, sessions: number): Promise<SessionMemory> {
  const [child, memory] = await Child.start<SessionMemory>(
    'memory-of-sessions.ts',
    [await database.create(), String(sessions)],
    ['--expose-gc'],
  );
  await child.stop();
  return memory;
}
