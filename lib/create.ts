import type { Knex } from 'knex';

import { ChangeFollower } from './changes/changes';
import { MonitoredHint } from './changes/hint';
import { postgresChangeLog, postgresChanges, postgresHint } from './changes/postgres';
import { CleanupLease } from './database/cleanup-lease';
import { DedicatedConnection } from './database/dedicated-connection';
import { appConnections } from './database/knex';
import { StatementRunner } from './database/statement-runner';
import { TableSchema } from './database/table-schema';
import { geoipLite } from './location/geoip-lite';
import type { Locator } from './location/location';
import { lru } from './lru';
import { Cleanup, type Cleaned } from './manager/cleanup';
import { IdentitySessionManager } from './manager/manager';
import { SessionWatch } from './manager/session-watch';
import type { IdentitySessionOptions } from './options/options';
import { settingsOf, type Settings } from './options/settings';
import { buffered } from './store/buffered';
import { cached } from './store/cached';
import { postgres } from './store/postgres/postgres';

/**
 * Creates a session manager and starts its cleanup. The manager uses the database only after its first call.
 * @throws TypeError that lists every problem of the options
 */
export function createIdentitySessionManager(options: IdentitySessionOptions): IdentitySessionManager {
  const settings = settingsOf(options);
  const { follower, ...chain } = chainOf(settings);
  const { store } = chain;

  const watch = new SessionWatch(store, settings);
  // The cache subscribed first. When the watch reads a changed session, the cache no longer has it.
  follower?.subscribe(({ ids, everything }) => watch.look(everything ? undefined : ids));

  const cleanup = new Cleanup(chain, settings);
  cleanup.start();

  const locate = locatorOf(settings);
  const synchronizeClock = follower && (() => follower.synchronizeClock());
  return new IdentitySessionManager(settings, { store, watch, cleanup, locate, synchronizeClock });
}

function locatorOf({ location }: Settings): Locator | undefined {
  if (typeof location === 'function') return location;
  return location ? geoipLite() : undefined;
}

/** The store of a manager, and the parts that cleanup and the watch need with it. */
interface Chain extends Cleaned {
  /** Undefined if the app passed its own store, because that has no change log. */
  readonly follower?: ChangeFollower;
}

function chainOf(settings: Settings): Chain {
  return settings.knex === undefined ? { store: settings.store! } : databaseChain(settings.knex, settings);
}

/** The usual chain: `buffered` collects touches, `cached` keeps sessions in memory, `postgres` runs the statements. */
function databaseChain(knex: Knex, settings: Settings): Chain {
  const { clock, changesConnection, lifetimes, cacheSize, requestBudget: budget } = settings;
  const runner = new StatementRunner(appConnections(knex), { budget, schema: settings.schema });
  // One connection serves two purposes: the follower reads the change log over it, and notifications arrive on it.
  const connection = new DedicatedConnection(knex, { connection: changesConnection });
  const schema = new TableSchema(settings.schema, new StatementRunner(connection, { budget }));
  const follower = followerOf(connection, runner, schema, settings);

  const database = postgres(runner, { schema });
  const cache = cached(database, { cache: lru(cacheSize), follower, lifetimes, clock });
  const store = buffered(cache, { ...settings, onFailure: reportFailure('touches', settings) });

  return {
    store,
    follower,
    log: postgresChangeLog(runner, { schema }),
    cleanupLease: new CleanupLease(runner, { clock, schema }),
  };
}

function followerOf(
  connection: DedicatedConnection,
  runner: StatementRunner,
  schema: TableSchema,
  settings: Settings,
): ChangeFollower {
  const { clock, lease, changesConnection, hint, report, requestBudget: budget } = settings;
  const changes = postgresChanges(connection, {
    budget,
    schema,
    // A connection of the app's choice could lead to another database than the one that sessions are written to.
    writer: changesConnection === undefined ? undefined : runner,
  });
  const hints = [postgresHint(connection, { budget }), ...(hint === undefined ? [] : [hint])];
  return new ChangeFollower(changes, {
    clock,
    lease,
    hints: hints.map((each) => new MonitoredHint(each, report, clock)),
    onFailure: reportFailure('changes', settings),
  });
}

function reportFailure(task: 'touches' | 'changes', { report }: Settings): (error: unknown) => void {
  return (error) => report({ type: 'failed', task, error });
}
