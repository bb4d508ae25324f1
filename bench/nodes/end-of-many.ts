import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

import { costOf } from '../cost';
import type { Database } from '../database';
import { FilledTable } from '../rows/filled';
import { timed } from '../rows/pages';

/** Very many sessions that were ended at once. */
export interface EndOfMany {
  readonly act: Act;
  readonly ms: number;
  /** That this took, as the server has counted them; undefined where it cannot. */
  readonly statements: number | undefined;
  /** That all other nodes were sent for it. */
  readonly notices: number;
}

type Act = 'revokeEverything()' | 'revokeEverything({ tenantId })';

const SESSIONS = 100_000;

/** All of them are of one tenant. */
const TENANT = 'tenant-0';

/** More than a notice takes to come. */
const NOTICE_COMES_WITHIN = 500;

export async function endMany(database: Database): Promise<EndOfMany[]> {
  return [
    await endAll('revokeEverything()', {}, database),
    await endAll('revokeEverything({ tenantId })', { tenantId: TENANT }, database),
  ];
}

async function endAll(act: Act, scope: { tenantId?: string }, database: Database): Promise<EndOfMany> {
  const table = await FilledTable.of(SESSIONS, database, SESSIONS);
  const listening = await Listening.on(table.url);
  try {
    const { administration } = await table.runningManager({ isCleanupEnabled: false });
    insist(await administration.count({ tenantId: TENANT }), SESSIONS);
    let ms = 0;
    const end = async () => {
      ms = await timed(() => administration.revokeEverything(scope));
    };
    const cost = await costOf(database, table.url, end);
    if (cost === undefined) await end();
    await sleep(NOTICE_COMES_WITHIN);
    insist(await administration.count(), 0);
    return { act, ms, statements: cost?.statements, notices: listening.notices };
  } finally {
    await listening.close();
    await table.close();
  }
}

function insist(live: number, expected: number): void {
  if (live !== expected) throw new Error(`${live} sessions live where ${expected} should.`);
}

/** Hears what the nodes hear. */
class Listening {
  notices = 0;

  private constructor(private readonly client: Client) {
    client.on('notification', () => this.notices++);
  }

  static async on(url: string): Promise<Listening> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('listen identity_session_changes');
    return new Listening(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
