import { Contender } from '../contender';
import { costOf } from '../cost';
import { type Database } from '../database';
import { say } from '../report';
import { guarded } from '../variants/identity-sessions';

/** What so many nodes did in a second, all together. */
export interface SideBySide {
  readonly nodes: number;
  readonly requests: number;
  /** Reads of the change log included. */
  readonly statements: number;
  readonly heartbeats: number;
}

const COUNTS = [1, 2, 4];

/** Of each node: a rate that the machine can do for all of them, so that none waits for another. */
const REQUESTS_A_SECOND = 500;

/** So few that the last uses of some are due in every second. */
const SESSIONS = 250;

/** Long enough for the last uses of all to have been due at different times. */
const WARM_UP_SECONDS = 4;

/** Nodes on one database, each a process that serves warm requests at the same rate. */
export async function countSideBySide(database: Database, seconds: number): Promise<SideBySide[]> {
  const url = await database.create();
  const nodes: Contender[] = [];
  const counts: SideBySide[] = [];
  try {
    for (const count of COUNTS) {
      say(`${count} of them`);
      while (nodes.length < count) nodes.push(await Contender.join(guarded, SESSIONS, url));
      await serve(nodes, WARM_UP_SECONDS);
      let took = 0;
      const cost = await costOf(database, url, async () => {
        took = await serve(nodes, seconds);
      });
      if (cost === undefined) continue;
      counts.push({
        nodes: count,
        requests: (count * seconds * REQUESTS_A_SECOND) / took,
        statements: (cost.statements + cost.heartbeats) / took,
        heartbeats: cost.heartbeats / took,
      });
    }
    return counts;
  } finally {
    for (const node of nodes) await node.stop();
    await database.drop(url);
  }
}

/** Answers how many seconds it took: more, where the machine cannot do that much. */
async function serve(nodes: readonly Contender[], seconds: number): Promise<number> {
  const began = performance.now();
  await Promise.all(nodes.map((node) => node.paced(seconds * REQUESTS_A_SECOND, REQUESTS_A_SECOND)));
  return (performance.now() - began) / 1000;
}
