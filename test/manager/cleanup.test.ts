import fc from 'fast-check';

import {
  memory,
  type Credentials,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type SignIn,
} from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { READ_EVERY } from '../../lib/changes/changes';
import { CHUNK, retainedAt } from '../../lib/manager/cleanup';
import { isLive, stage } from '../../lib/session/lifetimes';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { GatedStore, turns, until } from '../support/gate';
import { managerOn } from '../support/manager';
import { DAY, HOUR, admission, aSession } from '../support/sessions';

let database: TestDatabase;
let clock: FakeClock;
let events: SessionEvent[];
let managers: IdentitySessionManager[];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.knex.raw(
    'truncate identity_sessions; truncate identity_session_changes; truncate identity_session_cleanup; truncate identity_session_trail',
  );
  clock = new FakeClock();
  events = [];
  managers = [];
});
afterEach(() => Promise.all(managers.map((manager) => manager.close())));
afterAll(() => database.destroy());

/** Creates a manager whose cleanup worker is off, unless the test enables it. */
function use(options: IdentitySessionOptions = {}): IdentitySessionManager {
  const where = options.store === undefined ? { knex: database.knex } : {};
  const report = (event: SessionEvent) => events.push(event);
  const manager = managerOn({ ...where, clock, report, isCleanupEnabled: false, ...options });
  managers.push(manager);
  return manager;
}

async function open(manager: IdentitySessionManager, fields: Partial<SignIn> = {}): Promise<Credentials> {
  const { session, secret } = await manager.open({ userId: 'alice', ...fields });
  return { sessionId: session.sessionId, secret };
}

/** Runs a cleanup. Its pauses end because the clock of the test advances. */
function cleanUp(manager: IdentitySessionManager) {
  return withTimePassing(manager.runCleanup());
}

async function withTimePassing<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const working = work.finally(() => (done = true));
  working.catch(() => undefined);
  while (!done) {
    clock.advance(10);
    await turns();
  }
  return working;
}

const remaining = () => database.knex('identity_sessions').pluck<string[]>('user_id');
const NOTHING = { deleted: 0, displaced: 0, hibernated: 0, pruned: 0 };

describe('retainedAt', () => {
  it('retains every session that has not ended, with any options', () => {
    const time = fc.integer({ min: 0, max: 40 * DAY });
    const session = fc.record({
      signedIn: time,
      lastAccessed: fc.option(time),
      staySignedIn: fc.boolean(),
      endedAt: fc.constant(null),
    });
    const lifetimes = fc.record({
      short: time,
      long: time,
      absolute: fc.oneof(time, fc.constant(Infinity)),
      autologin: fc.boolean(),
    });
    const kept = fc.record({ endedRetention: time, inactiveTimeSpan: time });
    fc.assert(
      fc.property(session, lifetimes, kept, time, (session, lifetimes, kept, now) => {
        fc.pre(lifetimes.long >= lifetimes.short && kept.inactiveTimeSpan >= lifetimes.long);
        const isKept = isLive(session, retainedAt(now, { lifetimes, ...kept }).cutoffs);
        expect(isKept || stage(session, lifetimes, now) === 'ended').toBe(true);
      }),
    );
  });
});

describe.each(['postgres', 'memory'])('a cleanup on %s', (where) => {
  const on = (options: IdentitySessionOptions = {}) =>
    use({ ...(where === 'memory' && { store: memory() }), ...options });

  it('deletes ended sessions after the retention period', async () => {
    const manager = on({ endedRetention: '1D' });
    const credentials = await open(manager);
    await manager.signOut(credentials);
    clock.advance(DAY);
    expect(await cleanUp(manager)).toEqual(NOTHING);
    clock.advance(HOUR);
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, deleted: 1 });
  });

  it('deletes expired sessions after the retention period, and keeps hibernating ones', async () => {
    const manager = on({ endedRetention: '1D' });
    await open(manager);
    const stays = await open(manager, { staySignedIn: true });
    clock.advance(DAY + HOUR);
    expect(await cleanUp(manager)).toEqual(NOTHING);
    clock.advance(HOUR);
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, deleted: 1 });
    expect(await manager.revive(stays)).toMatchObject({ sessionId: stays.sessionId });
  });

  it('deletes sessions that were not used for inactiveTimeSpan since their last use or their sign-in', async () => {
    const options = { endedRetention: '3650D', inactiveTimeSpan: '10D', shortLifetime: '1D' };
    const manager = on({ ...options, longLifetime: '10D' });
    const used = await open(manager, { staySignedIn: true });
    await open(manager, { staySignedIn: true });
    clock.advance(5 * DAY);
    await manager.verify(used);
    clock.advance(5 * DAY);
    expect(await cleanUp(manager)).toEqual(NOTHING);
    clock.advance(HOUR);
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, deleted: 1 });
    clock.advance(5 * DAY);
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, deleted: 1 });
  });

  it('keeps a session in use even if its touches are not written yet', async () => {
    const options = { shortLifetime: '10M', longLifetime: '10M', inactiveTimeSpan: '10M', endedRetention: 0 };
    const manager = on({ ...options, updateAfterCacheHits: 1000, touchInterval: 60_000 });
    const credentials = await open(manager, { data: { draft: 'x' } });
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(59_999);
      await manager.verify(credentials);
      expect(await cleanUp(manager)).toEqual(NOTHING);
      clock.advance(1);
    }
    expect(await manager.verify(credentials)).toMatchObject({ data: { draft: 'x' } });
  });

  it('drops the temporary data of hibernating sessions, and reports each of them once', async () => {
    const manager = on();
    const credentials = await open(manager, {
      staySignedIn: true,
      data: { draft: 'x' },
      extraProperties: { theme: 'dark' },
    });
    await open(manager, { staySignedIn: true });
    clock.advance(HOUR + 5 * 60_000);
    events.length = 0;
    expect(await cleanUp(manager)).toMatchObject({ deleted: 0, hibernated: 1 });
    expect(await cleanUp(manager)).toMatchObject({ deleted: 0, hibernated: 0 });
    const session = expect.objectContaining({ sessionId: credentials.sessionId, userId: 'alice' });
    expect(events.filter(({ type }) => type !== 'cleaned')).toEqual([{ type: 'hibernated', session }]);
    expect(await manager.revive(credentials)).toMatchObject({ data: {}, extraProperties: { theme: 'dark' } });
  });

  it('deletes all sessions chunk by chunk', async () => {
    const store = memory();
    const manager = where === 'memory' ? use({ store }) : on();
    const count = 2 * CHUNK + 1;
    if (where === 'memory') {
      for (let i = 0; i < count; i++) await store.insert(aSession(0, { userId: `${i}` }), admission(0));
    } else {
      await database.knex.raw(`
        insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
        select gen_random_uuid(), '', i, 'Web', false, '2025-01-01', '2025-01-01' from generate_series(1, ${count}) as i`);
    }
    events.length = 0;
    expect(await cleanUp(manager)).toMatchObject({ deleted: count });
    expect(events).toEqual([{ type: 'cleaned', deleted: count }]);
  });

  it('ends the longest-unused sessions beyond maxSessionsKept, and reports each of them once', async () => {
    const manager = on({ maxSessionsKept: 2 });
    const used = await open(manager);
    const unused: string[] = [];
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      unused.push((await open(manager)).sessionId);
    }
    await open(manager, { userId: 'bob' });
    clock.advance(60_000);
    await manager.verify(used);
    await manager.flush();
    clock.advance(120_000);
    events.length = 0;
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, displaced: 2 });
    expect(await cleanUp(manager)).toEqual(NOTHING);
    const session = (sessionId: string) => expect.objectContaining({ sessionId, userId: 'alice' });
    expect(events.filter(({ type }) => type === 'ended')).toHaveLength(2);
    for (const id of unused.slice(0, 2)) {
      expect(events).toContainEqual({ type: 'ended', session: session(id), reason: 'displaced', by: null });
    }
    expect(await manager.verify(used)).toMatchObject({ sessionId: used.sessionId });
  });

  it('keeps all sessions if maxSessionsKept is false, and those that maxSessionsPerUser allows', async () => {
    for (const options of [
      { maxSessionsKept: false },
      { maxSessionsKept: 1, maxSessionsPerUser: 3 },
    ] as const) {
      const manager = on(options);
      for (let i = 0; i < 3; i++) await open(manager);
      clock.advance(120_000);
      expect(await cleanUp(manager)).toEqual(NOTHING);
    }
  });

  it('keeps the sessions that the limit of the policy allows', async () => {
    const manager = on({ maxSessionsKept: 1 });
    await manager.administration.setPolicy({ maxSessionsPerUser: 3 });
    for (let i = 0; i < 3; i++) await open(manager);
    clock.advance(120_000);
    expect(await cleanUp(manager)).toEqual(NOTHING);
    await manager.administration.setPolicy({ maxSessionsPerUser: null });
    expect(await cleanUp(manager)).toEqual({ ...NOTHING, displaced: 2 });
  });

  it('deletes the tokens of links that have expired', async () => {
    const manager = use();
    const { session } = await manager.open({ userId: 'alice' });
    for (const lifetime of ['1D', '3D'])
      await manager.notMeLink(session, { url: 'https://a.example', lifetime });
    clock.advance(2 * DAY);
    await cleanUp(manager);
    expect(await database.knex('identity_session_tokens')).toHaveLength(1);
  });

  it('runs automatically within one period', async () => {
    const store = where === 'memory' ? memory() : undefined;
    const manager = on({ endedRetention: 0, isCleanupEnabled: true, ...(store && { store }) });
    const { sessionId } = await open(manager);
    await manager.revoke({ owner: { userId: 'alice' } });
    clock.advance(HOUR);
    const isGone = async () =>
      store ? (await store.find(sessionId)) === undefined : (await remaining()).length === 0;
    await until(isGone);
  });

  it('does not run automatically if isCleanupEnabled is false', async () => {
    const manager = on({ endedRetention: 0, isCleanupEnabled: false });
    await manager.signOut(await open(manager));
    clock.advance(50 * DAY);
    for (let i = 0; i < 10; i++) await turns();
    expect(await cleanUp(manager)).toMatchObject({ deleted: 1 });
  });
});

describe('cleanup of a database that is published for logical replication', () => {
  it('deletes sessions and entries of the change log, and drops the data of hibernating sessions', async () => {
    await database.knex.raw('create publication everything for all tables');
    try {
      const manager = use({ endedRetention: 0 });
      await open(manager, { staySignedIn: true, data: { draft: 'text' } });
      await manager.signOut(await open(manager));
      await database.knex.raw(
        "insert into identity_session_changes (session_id, xid) values (gen_random_uuid(), '99999999999')",
      );
      clock.advance(DAY);
      expect(await cleanUp(manager)).toEqual({ ...NOTHING, deleted: 1, hibernated: 1, pruned: 1 });
    } finally {
      await database.knex.raw('drop publication everything');
    }
  });
});

describe('cleanup on two nodes', () => {
  /** Makes the last cleanup seem longer ago. */
  const serverPasses = (milliseconds: number) =>
    database.knex.raw(
      `update identity_session_cleanup set finished_at = finished_at - ${milliseconds} * interval '1 millisecond'`,
    );
  const leaseNumber = async () =>
    (await database.knex('identity_session_cleanup').pluck<string[]>('lease_number'))[0];
  const isFinished = async () => {
    const recent = database.knex.raw("now() - interval '30 minutes'");
    return (await database.knex('identity_session_cleanup').where('finished_at', '>', recent)).length > 0;
  };

  it('runs on one node at a time', async () => {
    const [one, other] = [use({ endedRetention: 0 }), use({ endedRetention: 0 })];
    await one.signOut(await open(one));
    clock.advance(DAY);
    // Pauses after the statement that deletes the session, until time passes.
    const running = one.runCleanup();
    await until(async () => (await remaining()).length === 0);
    expect([await other.runCleanup(), await one.runCleanup()]).toEqual([undefined, undefined]);
    expect(await withTimePassing(running)).toEqual({ ...NOTHING, deleted: 1 });
    expect(await cleanUp(other)).toEqual(NOTHING);
  });

  it('runs once per period if the timers of both nodes fire together', async () => {
    use({ isCleanupEnabled: true });
    use({ isCleanupEnabled: true });
    for (const expected of ['1', '2', '3']) {
      clock.advance(1.1 * HOUR);
      await until(() => (clock.advance(10), isFinished()));
      for (let i = 0; i < 20; i++) await turns();
      expect(await leaseNumber()).toBe(expected);
      await serverPasses(HOUR);
    }
  });

  it('evicts a deleted session from the caches of both nodes, even if it is still live by the options of one', async () => {
    const other = use({ shortLifetime: '40D', longLifetime: '40D', inactiveTimeSpan: '40D' });
    const one = use({ inactiveTimeSpan: '30D' });
    const credentials = await open(other, { staySignedIn: true });
    await until(() => clock.reads > 0);
    clock.advance(31 * DAY);
    const fresh = await open(other);
    const verify = (at: Credentials) => other.verify(at, { activity: false });
    await readLog(() => verify(fresh));
    await verify(credentials);
    expect(verify(credentials)).not.toBeInstanceOf(Promise);

    expect(await cleanUp(one)).toMatchObject({ deleted: 1 });
    await readLog(() => verify(fresh));
    // The cache is trusted, but no longer contains the deleted session.
    expect(verify(fresh)).not.toBeInstanceOf(Promise);
    await expect(verify(credentials)).rejects.toMatchObject({ code: 'credentials-invalid' });
  });

  /** Resolves when the follower has read all rows of the change log. Each use lets a node read on that has paused meanwhile. */
  async function readLog(use: () => unknown): Promise<void> {
    for (let read = 0; read < 2; read++) {
      const { reads } = clock;
      await use();
      clock.advance(READ_EVERY);
      await until(() => clock.reads > reads);
    }
  }
});

describe('a failed cleanup', () => {
  it('prunes the trail after `trailRetention`', async () => {
    const manager = use({ trailRetention: '10D', endedRetention: '30D' });
    await open(manager);
    clock.advance(5 * DAY);
    await open(manager);
    clock.advance(6 * DAY);
    await cleanUp(manager);
    expect((await manager.trail({ userId: 'alice' })).entries).toHaveLength(1);
  });

  it('is reported and repeated later, and makes runCleanup() reject', async () => {
    const inner = memory();
    let failure: Error | undefined = new Error('no disk');
    const store: AdministeredStore = new Proxy(inner, {
      get: (target, name: keyof AdministeredStore) =>
        name === 'sweep' && failure !== undefined
          ? () => Promise.reject(failure!)
          : (target[name] as () => unknown).bind(target),
    });
    const manager = use({ store, endedRetention: 0, isCleanupEnabled: true });
    const { sessionId } = await open(manager);
    await manager.revoke({ owner: { userId: 'alice' } });
    clock.advance(5 * 60_000);
    await expect(manager.runCleanup()).rejects.toThrow('no disk');
    events.length = 0;
    clock.advance(HOUR);
    await until(() => events.length > 0);
    expect(events).toEqual([{ type: 'failed', task: 'cleanup', error: failure }]);
    failure = undefined;
    clock.advance(1.1 * HOUR);
    await until(async () => (await inner.find(sessionId)) === undefined);
  });

  it('appears in health() with the time of the first failure, until a cleanup completes', async () => {
    const broken = database.connect();
    const manager = use({ knex: broken });
    const started = clock.now();
    expect(manager.health().cleanup).toEqual({ lastSuccess: null, failingSince: null });
    await database.knex.raw('alter table identity_session_changes rename to elsewhere');
    try {
      for (let run = 0; run < 2; run++) {
        await expect(cleanUp(manager)).rejects.toThrow();
        clock.advance(HOUR);
      }
    } finally {
      await database.knex.raw('alter table elsewhere rename to identity_session_changes');
    }
    const { lastSuccess, failingSince } = manager.health().cleanup!;
    expect(lastSuccess).toBeNull();
    expect(failingSince! - started).toBeLessThan(HOUR);

    expect(await cleanUp(manager)).toEqual(NOTHING);
    expect(manager.health().cleanup).toEqual({ lastSuccess: clock.now(), failingSince: null });
  });

  it('no longer appears in health() after another node has completed a cleanup', async () => {
    const [one, other] = [use({ knex: database.connect(), isCleanupEnabled: true }), use()];
    await database.knex.raw('alter table identity_session_changes rename to elsewhere');
    try {
      await expect(cleanUp(one)).rejects.toThrow();
    } finally {
      await database.knex.raw('alter table elsewhere rename to identity_session_changes');
    }
    expect(one.health().cleanup?.failingSince).not.toBeNull();
    await cleanUp(other);
    // Cleanup is not due when the timer of this node fires.
    await until(() => (clock.advance(HOUR), one.health().cleanup?.failingSince === null));
    expect(one.health().cleanup?.lastSuccess).not.toBeNull();
  });

  it('releases its lease, so that another node can run the cleanup', async () => {
    const broken = database.connect();
    const [one, other] = [use({ knex: broken }), use()];
    await database.knex.raw('alter table identity_sessions rename to elsewhere');
    try {
      await expect(one.runCleanup()).rejects.toThrow(/run its migrations/);
    } finally {
      await database.knex.raw('alter table elsewhere rename to identity_sessions');
    }
    expect(await cleanUp(other)).toEqual(NOTHING);
  });
});

describe('close during a cleanup', () => {
  it('waits for the current chunk and stops the cleanup after it', async () => {
    const gated = new GatedStore(memory());
    const manager = use({ store: gated.store, endedRetention: 0 });
    await manager.signOut(await open(manager));
    clock.advance(HOUR);
    gated.close('sweep');
    const cleaning = manager.runCleanup();
    await until(() => gated.asked['sweep'] === 1);
    let closed = false;
    const closing = manager.close().then(() => (closed = true));
    await turns();
    expect(closed).toBe(false);

    gated.open();
    await closing;
    expect(await cleaning).toEqual({ ...NOTHING, deleted: 1 });
    expect(gated.asked).not.toHaveProperty('hibernate');
    expect(await manager.runCleanup()).toBeUndefined();
  });

  it('ends a pause and releases the lease, so that another node can continue', async () => {
    const [one, other] = [use({ endedRetention: 0 }), use({ endedRetention: 0 })];
    await one.signOut(await open(one));
    clock.advance(HOUR);
    const cleaning = one.runCleanup();
    await until(async () => (await remaining()).length === 0);
    await one.close();
    expect(await cleaning).toEqual({ ...NOTHING, deleted: 1 });
    expect(await cleanUp(other)).toEqual(NOTHING);
  });

  it('stops the timer of the cleanup worker', async () => {
    const gated = new GatedStore(memory());
    const manager = use({ store: gated.store, isCleanupEnabled: true });
    await manager.close();
    clock.advance(DAY);
    await turns();
    expect(gated.asked).not.toHaveProperty('sweep');
  });
});
