import knex, { type Knex } from 'knex';

import type { AdministeredStore } from '../../lib/store';
import { sessionCache } from '../../lib/store/session-cache';
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
import { LocalVariant, throughput } from '../one-process';
import { progress } from '../report';
import { ratios, shuffled, summary, type Summary } from '../statistics';
import { guardedApp } from '../variants/identity-sessions';
import type { Variant } from '../variants/variant';

const SESSIONS = 2000;

/** The requests of a block. They take about 250 ms, in which the two nodes, with two reads per second each, read once. */
const REQUESTS = 1500;

/** The reads done in place of each usual read, because a single read is less than the noise. The cost is divided by it. */
const READS = 10;

/** The effect of reading the change log on requests with cached sessions, relative to no reads. */
export interface LogReading {
  readonly throughput: Summary;
  /** The CPU time of a request, of server and client together. */
  readonly cpu: Summary;
}

/**
 * Compares requests with cached sessions while two nodes read the change log with the same requests while neither reads.
 * Both nodes and the client share this process, so the reads of the second node cost time here too.
 */
export async function compareLogReading(database: Database, cycles: number): Promise<LogReading> {
  const log = new SwitchedLog();
  progress('a guarded app and a second node: signing in');
  const local = await LocalVariant.open(twoNodes(log), database, SESSIONS);
  try {
    await local.send(local.browsers.requests.length);
    const [on, off] = [local.again('the log is read'), local.again('the log is not read')];
    progress(`${cycles} cycles of ${REQUESTS} requests with the log and without it`);
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const each of shuffled([on, off])) {
        log.isRead = each === on;
        await each.block(REQUESTS);
      }
    }
    return { throughput: ofOneRead(throughput(on, off)), cpu: ofOneRead(summary(ratios(on.cpu, off.cpu))) };
  } finally {
    await local.close();
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
 * Turns the reads of all followers on and off. Two apps, one of them without reads, would not do: a node reads by its
 * clock, so the reads of one app would also slow down the requests of the other one in the same process.
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
      rest: () => changes.rest(),
      close: () => changes.close(),
    };
  }
}

function twoNodes(log: SwitchedLog): Variant {
  const one = guardedApp('a node beside another', (pool) => ({ store: storeOf(pool, log) }));
  return {
    ...one,
    async start(place) {
      const { app, stop } = await one.start(place);
      const pool = knex({ client: 'pg', connection: place.databaseUrl });
      const other = storeOf(pool, log);
      // The first call starts the follower, which then reads the log.
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

/** Returns the chain of stores in its usual order. */
function storeOf(pool: Knex, log: SwitchedLog): AdministeredStore {
  const settings = settingsOf({ knex: pool });
  const { cacheSize, requestBudget: budget } = settings;
  const onFailure = (error: unknown) => {
    throw error;
  };
  const connection = new DedicatedConnection(pool);
  const changes = log.of(postgresChanges(connection, { budget }));
  const follower = new ChangeFollower(changes, { ...settings, onFailure });
  const cachedStore = cached(postgres(new StatementRunner(appConnections(pool), { budget })), {
    ...settings,
    cache: sessionCache(cacheSize),
    follower,
  });
  return buffered(cachedStore, { ...settings, onFailure });
}
