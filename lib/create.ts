import type { Knex } from 'knex';

import { ChangeFollower } from './changes/changes';
import { MonitoredHint } from './changes/hint';
import { postgresChangeLog, postgresChanges, postgresHint } from './changes/postgres';
import { systemClock, withTimeout } from './clock';
import { CleanupLease } from './database/cleanup-lease';
import { DedicatedConnection } from './database/dedicated-connection';
import { appConnections } from './database/knex';
import { ownKnex } from './database/own-knex';
import { StatementRunner } from './database/statement-runner';
import { TableSchema } from './database/table-schema';
import { geoipLite } from './location/geoip-lite';
import { type Locator, unfailing } from './location/location';
import { AccountLimit } from './manager/account-limit';
import { Cleanup, type Cleaned } from './manager/cleanup';
import { IdentitySessionManager } from './manager/manager';
import { SessionWatch } from './manager/session-watch';
import { SessionTrail } from './manager/trail';
import type { IdentitySessionOptions } from './options/options';
import { settingsOf, type Settings } from './options/settings';
import { mintKey, type Keys } from './session/keyed-hash';
import { buffered } from './store/buffered';
import { cached } from './store/cached';
import { memoryAttempts } from './store/memory-attempts';
import { memoryKnownDevices } from './store/memory-known-devices';
import { memorySingleUseTokens } from './store/memory-single-use-tokens';
import { withMemoryTrail } from './store/memory-trail';
import { postgresAttempts } from './store/postgres/attempts';
import { postgresKeys } from './store/postgres/keys';
import { postgresKnownDevices } from './store/postgres/known-devices';
import { postgres } from './store/postgres/postgres';
import { postgresSingleUseTokens } from './store/postgres/single-use-tokens';
import { postgresTrail } from './store/postgres/trail';
import { sessionCache } from './store/session-cache';

/**
 * Creates a session manager and starts its cleanup. The manager uses the database only after its first call.
 * @throws TypeError that lists every problem of the options
 */
export function createIdentitySessionManager(options: IdentitySessionOptions): IdentitySessionManager {
  const settings = settingsOf(options);
  const { follower, keys, disconnect, ...chain } = chainOf(settings);
  const { store, attempts, tokens, knownDevices } = chain;

  const watch = new SessionWatch(store, settings);
  const onChange =
    follower &&
    ((listener: (ids: readonly string[] | undefined) => void) =>
      follower.subscribe(({ ids, everything }) => listener(everything ? undefined : ids)));
  // The cache subscribed first. When the watch reads a changed session, the cache no longer has it.
  onChange?.((ids) => watch.look(ids));

  const cleanup = new Cleanup(chain, settings);
  cleanup.start();

  const accountLimit = new AccountLimit(attempts, keys, settings);
  const locate = locatorOf(settings);
  const synchronizeClock = follower && (() => follower.synchronizeClock());
  return new IdentitySessionManager(settings, {
    store,
    watch,
    cleanup,
    accountLimit,
    tokens,
    knownDevices,
    trail: new SessionTrail(chain.trail, keys, settings),
    keys,
    locate,
    synchronizeClock,
    onChange,
    disconnect,
  });
}

function locatorOf(settings: Settings): Locator | undefined {
  const { location } = settings;
  if (location === false) return undefined;
  return unfailing(location === true ? geoipLite() : location, reportFailure('location', settings));
}

/** The store of a manager, and the parts that cleanup and the watch need with it. */
interface Chain extends Cleaned {
  readonly keys: Keys;
  /** Undefined if the app passed its own store, because that has no change log. */
  readonly follower?: ChangeFollower;
  /** Destroys the pool that the manager created for `connection`, if any. */
  readonly disconnect?: (timeout: number) => Promise<void>;
}

function chainOf(settings: Settings): Chain {
  const { knex, connection, store } = settings;
  if (knex !== undefined) return databaseChain(knex, settings);
  if (connection === undefined) {
    const keys = settings.keys ?? ([mintKey()] as const);
    return {
      ...withMemoryTrail(store!),
      attempts: memoryAttempts(),
      tokens: memorySingleUseTokens(),
      knownDevices: memoryKnownDevices(),
      keys: () => keys,
    };
  }
  const own = ownKnex(connection);
  return { ...databaseChain(own, settings), disconnect: (timeout) => destroy(own, timeout) };
}

/** Waits at most `timeout` milliseconds, because the server may never answer. */
async function destroy(knex: Knex, timeout: number): Promise<void> {
  const problem = 'The database took too long to close the connections';
  await withTimeout(knex.destroy(), { clock: systemClock(), limit: timeout, problem }).catch(() => undefined);
}

/** The usual chain: `buffered` collects touches, `cached` keeps sessions in memory, `postgres` runs the statements. */
function databaseChain(knex: Knex, settings: Settings): Chain {
  const { clock, changesConnection, keys, lifetimes, rotation, cacheSize, requestBudget: budget } = settings;
  const runner = new StatementRunner(appConnections(knex), { budget, schema: settings.schema });
  // One connection serves two purposes: the follower reads the change log over it, and notifications arrive on it.
  const connection = new DedicatedConnection(knex, { connection: changesConnection });
  const schema = new TableSchema(settings.schema, new StatementRunner(connection, { budget }));
  const follower = followerOf(connection, runner, schema, settings);

  // When the sessions are moved to partitions, the log says that everything changed, as it does at the first read. If the layout
  // cannot be read then, the first statement that fails because of it reads it.
  let isFirst = true;
  follower.subscribe(({ everything }) => {
    if (everything && !isFirst) schema.refresh().catch(() => undefined);
    isFirst = false;
  });
  const database = postgres(runner, { schema, onDefect: reportFailure('rows', settings) });
  const cache = cached(database, {
    cache: sessionCache(cacheSize),
    follower,
    lifetimes,
    rotation,
    clock,
  });
  const store = buffered(cache, { ...settings, onFailure: reportFailure('touches', settings) });

  return {
    store,
    attempts: postgresAttempts(runner, schema),
    tokens: postgresSingleUseTokens(runner, schema),
    knownDevices: postgresKnownDevices(runner, schema),
    trail: postgresTrail(runner, schema),
    keys: keys === undefined ? postgresKeys(runner, schema) : () => keys,
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

function reportFailure(
  task: 'touches' | 'changes' | 'location' | 'rows',
  { report }: Settings,
): (error: unknown) => void {
  return (error) => report({ type: 'failed', task, error });
}
