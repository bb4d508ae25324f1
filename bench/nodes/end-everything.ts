import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

import { costOf } from '../cost';
import type { Database } from '../database';
import { FilledTable } from '../rows/filled-table';
import { timed } from '../statistics';

/** One call that ended very many sessions. */
export interface MassEnd {
  readonly call: Call;
  readonly ms: number;
  /** The statements that the server counted for it, or `undefined` if the server cannot count. */
  readonly statements: number | undefined;
  /** The notifications that each other node received for it. */
  readonly notifications: number;
}

type Call = 'revokeEverything()' | 'revokeEverything({ tenantId })';

const SESSIONS = 100_000;

/** The tenant of all sessions. */
const TENANT = 'tenant-0';

/** The time within which notifications arrive, in milliseconds. */
const NOTIFICATION_DELAY = 500;

export async function endManySessions(database: Database): Promise<MassEnd[]> {
  return [
    await endAll('revokeEverything()', {}, database),
    await endAll('revokeEverything({ tenantId })', { tenantId: TENANT }, database),
  ];
}

async function endAll(call: Call, scope: { tenantId?: string }, database: Database): Promise<MassEnd> {
  const table = await FilledTable.of(SESSIONS, database, { sessionsATenant: SESSIONS });
  const counter = await NotificationCounter.on(table.url);
  try {
    const { administration } = await table.runningManager({ isCleanupEnabled: false });
    expectLive(await administration.count({ tenantId: TENANT }), SESSIONS);
    let ms = 0;
    const end = async () => {
      ms = await timed(() => administration.revokeEverything(scope));
    };
    const cost = await costOf(database, table.url, end);
    if (cost === undefined) await end();
    await sleep(NOTIFICATION_DELAY);
    expectLive(await administration.count(), 0);
    return { call, ms, statements: cost?.statements, notifications: counter.notifications };
  } finally {
    await counter.close();
    await table.close();
  }
}

function expectLive(live: number, expected: number): void {
  if (live !== expected) throw new Error(`Expected ${expected} live sessions and found ${live}`);
}

/** Counts the notifications that the nodes receive. */
class NotificationCounter {
  notifications = 0;

  private constructor(private readonly client: Client) {
    client.on('notification', () => this.notifications++);
  }

  static async on(url: string): Promise<NotificationCounter> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('listen identity_session_changes');
    return new NotificationCounter(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
