import { VariantProcess } from '../variant-process';
import { costOf } from '../cost';
import { type Database } from '../database';
import { progress } from '../report';
import { guarded } from '../variants/identity-sessions';

/** The work of all nodes together, per second. */
export interface SideBySide {
  readonly nodes: number;
  readonly requests: number;
  /** SQL statements, including reads of the change log. */
  readonly statements: number;
  readonly logReads: number;
}

const COUNTS = [1, 2, 4];

/** The rate of each node. The machine can serve it for all nodes at once, so that no node waits for another. */
const REQUESTS_A_SECOND = 500;

/** So few that touches are due in every second. */
const SESSIONS = 250;

/** Long enough that the touches of the sessions become due at different times. */
const WARM_UP_SECONDS = 4;

/** Counts the statements of several nodes on one database. Each node is a process that serves requests at the same rate. */
export async function countSideBySide(database: Database, seconds: number): Promise<SideBySide[]> {
  const url = await database.create();
  const nodes: VariantProcess[] = [];
  const counts: SideBySide[] = [];
  try {
    for (const count of COUNTS) {
      progress(`${count} nodes`);
      while (nodes.length < count) nodes.push(await VariantProcess.join(guarded, SESSIONS, url));
      await serve(nodes, WARM_UP_SECONDS);
      let took = 0;
      const cost = await costOf(database, url, async () => {
        took = await serve(nodes, seconds);
      });
      if (cost === undefined) continue;
      counts.push({
        nodes: count,
        requests: (count * seconds * REQUESTS_A_SECOND) / took,
        statements: (cost.statements + cost.logReads) / took,
        logReads: cost.logReads / took,
      });
    }
    return counts;
  } finally {
    for (const node of nodes) await node.stop();
    await database.drop(url);
  }
}

/** Returns the seconds that it took. They are more than `seconds` if the machine cannot serve the rate. */
async function serve(nodes: readonly VariantProcess[], seconds: number): Promise<number> {
  const began = performance.now();
  await Promise.all(nodes.map((node) => node.paced(seconds * REQUESTS_A_SECOND, REQUESTS_A_SECOND)));
  return (performance.now() - began) / 1000;
}
