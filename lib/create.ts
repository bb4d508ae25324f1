import { lru } from './lru';
import { ChangeFollower } from './changes/changes';
import { MonitoredHint } from './changes/hint';
import { postgresChangeLog, postgresChanges, postgresHint } from './changes/postgres';
import { Cleanup, type Cleaned } from './manager/cleanup';
import { appConnections } from './database/knex';
import { DedicatedConnection } from './database/dedicated-connection';
import { StatementRunner } from './database/statement-runner';
import { CleanupLease } from './database/cleanup-lease';
import { geoipLite } from './location/geoip-lite';
import { IdentitySessionManager } from './manager/manager';
import type { IdentitySessionOptions } from './options/options';
import { SessionWatch } from './manager/session-watch';
import { settingsOf, type Settings } from './options/settings';
import { buffered } from './store/buffered';
import { cached } from './store/cached';
import { postgres } from './store/postgres/postgres';

/**
 * A manager with its stores in the usual order: buffered, cached, Postgres.
 * @throws TypeError that lists everything that is wrong with the options
 */
export function createIdentitySessionManager(options: IdentitySessionOptions): IdentitySessionManager {
  const settings = settingsOf(options);
  const { location } = settings;
  const locate = typeof location === 'function' ? location : location ? geoipLite() : undefined;
  const { follower, ...cleaned } = chainOf(options, settings);
  const { store } = cleaned;
  const watch = new SessionWatch(store, settings);
  // After the copies: what is looked at again must not be one that has gone.
  follower?.subscribe(({ ids, everything }) => watch.look(everything ? undefined : ids));
  const cleanup = new Cleanup(cleaned, settings);
  cleanup.start();
  const synchronizeClock = follower && (() => follower.synchronizeClock());
  return new IdentitySessionManager(settings, { store, watch, cleanup, locate, synchronizeClock });
}

interface Chain extends Cleaned {
  /** None where there is no log of changes to follow. */
  readonly follower?: ChangeFollower;
}

function chainOf(options: IdentitySessionOptions, settings: Settings): Chain {
  const { knex, schema, changesConnection, hint } = options;
  if (knex === undefined) return { store: options.store! };
  const { clock, lifetimes, lease, cacheSize, requestBudget: budget, report } = settings;

  const runner = new StatementRunner(appConnections(knex), { budget, schema });
  const table = postgres(runner, { schema });

  // One connection serves two purposes: the follower reads the change log over it, and notifications arrive on it.
  const connection = new DedicatedConnection(knex, { connection: changesConnection });
  const changes = postgresChanges(connection, {
    budget,
    schema,
    writer: changesConnection === undefined ? undefined : runner,
  });
  const hints = [postgresHint(connection), ...(hint === undefined ? [] : [hint])];
  const follower = new ChangeFollower(changes, {
    clock,
    lease,
    hints: hints.map((each) => new MonitoredHint(each, report, clock)),
    onFailure: (error) => report({ type: 'failed', task: 'changes', error }),
  });

  const copies = cached(table, { cache: lru(cacheSize), follower, lifetimes, clock });
  const touched = buffered(copies, {
    ...settings,
    onFailure: (error) => report({ type: 'failed', task: 'touches', error }),
  });
  return {
    store: touched,
    log: postgresChangeLog(runner, { schema }),
    follower,
    cleanupLease: new CleanupLease(runner, { clock, schema }),
  };
}
