import knex, { type Knex } from 'knex';

import type { AdministeredStore } from '../../lib/store';
import { lru } from '../../lib/lru';
import { ChangeFollower, type Changes } from '../../lib/changes/changes';
import { postgresChanges } from '../../lib/changes/postgres';
import { appConnections } from '../../lib/database/knex';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { settingsOf } from '../../lib/options/settings';
import { buffered } from '../../lib/store/buffered';
import { cached } from '../../lib/store/cached';
import { postgres } from '../../lib/store/postgres/postgres';
import type { Database } from '../database';
import { Lane, throughput } from '../one-process';
import { say } from '../report';
import { ratios, shuffled, summary, type Summary } from '../statistics';
import { guard } from '../variants/identity-sessions';
import type { Variant } from '../variants/variant';

const SESSIONS = 2000;

/** A block of so many takes about a quarter of a second, in which the two nodes, with two reads a second each, read once. */
const REQUESTS = 1500;

/** For each read that a node would do. One alone is lost in the noise of the machine; what all cost is divided again. */
const READS = 10;

/** What reading the log does to warm requests: what each figure is of that without. */
export interface LogReading {
  readonly throughput: Summary;
  /** Of a request, the server's and the client's together. */
  readonly cpu: Summary;
}

/**
 * Warm requests while this node and a second one beside it read the log, compared with those while neither does. Both
 * nodes and the client share the process, so the second node's reading is paid here too, as it is nowhere else.
 */
export async function compareLogReading(database: Database, cycles: number): Promise<LogReading> {
  const log = new SwitchedLog();
  say('a guarded app and a second node: signing in');
  const lane = await Lane.open(twoNodes(log), database, SESSIONS);
  try {
    await lane.send(lane.browsers.requests.length);
    const [on, off] = [lane.again('the log is read'), lane.again('the log is not read')];
    say(`${cycles} cycles of ${REQUESTS} requests with the log and without it`);
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const each of shuffled([on, off])) {
        log.isRead = each === on;
        await each.block(REQUESTS);
      }
    }
    return { throughput: ofOneRead(throughput(on, off)), cpu: ofOneRead(summary(ratios(on.cpu, off.cpu))) };
  } finally {
    await lane.close();
  }
}

function ofOneRead({ median, quartiles, error }: Summary): Summary {
  const share = (ratio: number) => 1 + (ratio - 1) / READS;
  return {
    median: share(median),
    quartiles: [share(quartiles[0]), share(quartiles[1])],
    error: error / READS,
  };
}

/**
 * Whether followers really ask. One app with a switch, and not two apps: a node reads by the clock, whoever is served at
 * the moment, so that of two apps in one process the one would be slowed down by the other's reading as by its own.
 */
class SwitchedLog {
  isRead = true;

  of(changes: Changes): Changes {
    return {
      read: async (since) => {
        if (since === undefined) return changes.read(since);
        if (!this.isRead) return { ids: [], everything: false, position: since, time: Date.now() };
        for (let more = 1; more < READS; more++) await changes.read(since);
        return changes.read(since);
      },
      close: () => changes.close(),
    };
  }
}

function twoNodes(log: SwitchedLog): Variant {
  const one = guard('a node beside another', (pool) => ({ store: storeOf(pool, log) }));
  return {
    ...one,
    async start(place) {
      const { app, stop } = await one.start(place);
      const pool = knex({ client: 'pg', connection: place.databaseUrl });
      const other = storeOf(pool, log);
      // Whoever has asked for something reads the log from then on.
      await other.policy();
      return {
        app,
        stop: async () => {
          await other.close(0);
          await pool.destroy();
          await stop();
        },
      };
    },
  };
}

/** The stores in their usual order. */
function storeOf(pool: Knex, log: SwitchedLog): AdministeredStore {
  const settings = settingsOf({ knex: pool });
  const { cacheSize, requestBudget: budget } = settings;
  const onFailure = (error: unknown) => {
    throw error;
  };
  const connection = new DedicatedConnection(pool);
  const changes = log.of(postgresChanges(connection, { budget }));
  const follower = new ChangeFollower(changes, { ...settings, onFailure });
  const copies = cached(postgres(new StatementRunner(appConnections(pool), { budget })), {
    ...settings,
    cache: lru(cacheSize),
    follower,
  });
  return buffered(copies, { ...settings, onFailure });
}
