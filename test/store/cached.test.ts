import { lru } from '../../lib/lru';
import { ChangeFollower, READ_EVERY } from '../../lib/changes/changes';
import { postgresChanges } from '../../lib/changes/postgres';
import { appConnections } from '../../lib/database/knex';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { everySessionOf, sessionsOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import { cached } from '../../lib/store/cached';
import { memory } from '../../lib/store/memory';
import { postgres } from '../../lib/store/postgres/postgres';
import type { End, AdministeredStore } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { GatedStore, turns } from '../support/gate';
import { HandWrittenLog } from '../support/log';
import { ALICE, BOB, HOUR, LIFETIMES, admission, aSession } from '../support/sessions';
import { testSessionStore, type StoreUnderTest } from './contract';

describe('cached', () => {
  describe.each([1, 2])('%i deep on postgres', (layers) => {
    let database: TestDatabase;
    let follower: ChangeFollower;

    beforeAll(async () => {
      database = await createDatabase();
    });
    beforeEach(async () => {
      await database.empty();
    });
    afterEach(() => follower.close());
    afterAll(() => database.destroy());

    testSessionStore(() => Promise.resolve(stack()));

    function stack(): StoreUnderTest {
      const clock = new FakeClock();
      const connection = new DedicatedConnection(database.knex);
      const changes = postgresChanges(connection, { budget: 30_000 });
      follower = new ChangeFollower(changes, { clock, lease: 2000, onFailure: fail });
      let store: AdministeredStore = postgres(
        new StatementRunner(appConnections(database.knex), { budget: 30_000 }),
      );
      for (let layer = 0; layer < layers; layer++) {
        store = cached(store, { cache: lru(100), follower, lifetimes: LIFETIMES, clock });
      }
      return { store, clock, settle: () => Promise.resolve() };
    }
  });

  describe('its copies', () => {
    const LEASE = 2000;
    let clock: FakeClock;
    let log: HandWrittenLog;
    let inner: GatedStore;
    let elsewhere: AdministeredStore;
    let store: AdministeredStore;
    let session: StoredSession;

    beforeEach(async () => {
      clock = new FakeClock();
      log = new HandWrittenLog();
      elsewhere = memory();
      inner = new GatedStore(elsewhere);
      store = newStore(LEASE);
      session = aSession(clock.now());
      await elsewhere.insert(session, admission(clock.now()));
      await store.find(session.sessionId);
      await turns();
    });

    function newStore(lease: number): AdministeredStore {
      const follower = new ChangeFollower(log, { clock, lease, onFailure: () => undefined });
      return cached(inner.store, { cache: lru(100), follower, lifetimes: LIFETIMES, clock });
    }

    const find = () => store.find(session.sessionId);
    const end = (): End => ({ at: clock.now(), reason: 'revoked', by: null });
    /** Another node ends the session; whether ours hears of it is the log's business. */
    const endElsewhere = () => elsewhere.end(everySessionOf(ALICE), end());
    const readLog = async () => {
      clock.advance(READ_EVERY);
      await turns();
    };

    it('answer without asking, and at once', async () => {
      await find();
      const asked = inner.asked['find'];
      expect(find()).toEqual(session);
      expect(inner.asked['find']).toBe(asked);
    });

    it('are gone when their session is ended here by its id, though another node was faster', async () => {
      await find();
      await endElsewhere();
      await store.end(sessionsOf(ALICE, [session.sessionId]), end());
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are gone when a sign-in here replaces their session, though another node was faster', async () => {
      await find();
      await endElsewhere();
      const which = sessionsOf(ALICE, [session.sessionId]);
      const replacing = { ...admission(clock.now()), displaces: [{ which, end: end() }] };
      await store.insert(aSession(clock.now()), replacing);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are gone when nobody knows whether their session was ended', async () => {
      await find();
      jest.spyOn(elsewhere, 'end').mockImplementationOnce(async (...given) => {
        await elsewhere.end(...given);
        throw new Error('The answer was lost');
      });
      await expect(store.end(sessionsOf(ALICE, [session.sessionId]), end())).rejects.toThrow('lost');
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are not made by an insert: with everything, the newcomer may have ended since it was stamped', async () => {
      const newcomer = aSession(clock.now());
      await elsewhere.endEverything({}, { at: clock.now(), by: null });
      await readLog();
      await store.insert(newcomer, admission(clock.now()));
      expect((await store.find(newcomer.sessionId))?.endReason).toBe('administrator');
    });

    it('are gone as soon as the log names their session', async () => {
      await find();
      await endElsewhere();
      log.write(session.sessionId);
      await readLog();
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are gone when the log says that anything may have changed', async () => {
      await find();
      await endElsewhere();
      log.writeEverything();
      await readLog();
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are not used for longer than the lease when the log cannot be read', async () => {
      await find();
      await endElsewhere();
      log.failure = new Error('no connection');
      clock.advance(LEASE - 1);
      expect((await find())?.endedAt).toBeNull();
      clock.advance(1);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('gain no time from being used', async () => {
      await find();
      await endElsewhere();
      log.failure = new Error('no connection');
      for (let waited = 0; waited < LEASE; waited += 100) {
        clock.advance(100);
        await find();
      }
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('gain no time from an answer of the log that was long on its way', async () => {
      await find();
      const release = log.hold();
      clock.advance(READ_EVERY);
      await endElsewhere();
      clock.advance(LEASE - 1);
      release();
      await turns();
      expect((await find())?.endedAt).toBeNull();
      log.failure = new Error('no connection');
      clock.advance(1);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('are asked for every time when the lease is 0', async () => {
      store = newStore(0);
      const before = inner.asked['find']!;
      await find();
      await find();
      expect(inner.asked['find']).toBe(before + 2);
    });

    it('never refuse for idleness: a session may have been used elsewhere', async () => {
      await find();
      clock.advance(HOUR - 1);
      await elsewhere.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      await readLog();
      clock.advance(1000);
      await turns();
      expect((await find())?.lastAccessed).toBe(clock.now() - 1000 - READ_EVERY);
    });

    it('go forward with the touches of this node', async () => {
      await find();
      clock.advance(1000);
      await turns();
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: ['198.51.100.7'] }]);
      const asked = inner.asked['find'];
      expect(find()).toMatchObject({ lastAccessed: clock.now(), ipAddresses: ['192.0.2.1', '198.51.100.7'] });
      expect(inner.asked['find']).toBe(asked);
    });

    it('are gone when a touch tells that their session has ended', async () => {
      await find();
      await endElsewhere();
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      expect((await find())?.endedAt).not.toBeNull();
    });
  });

  describe('an id that does not exist', () => {
    let clock: FakeClock;
    let log: HandWrittenLog;
    let inner: GatedStore;
    let store: AdministeredStore;
    let newcomer: StoredSession;

    beforeEach(async () => {
      clock = new FakeClock();
      log = new HandWrittenLog();
      inner = new GatedStore(memory());
      const follower = new ChangeFollower(log, { clock, lease: 2000, onFailure: () => undefined });
      follower.start();
      await turns();
      store = cached(inner.store, { cache: lru(1), follower, lifetimes: LIFETIMES, clock });
      newcomer = aSession(clock.now());
    });

    const find = async () => store.find(newcomer.sessionId);

    it('is asked for once a second, however often it is shown', async () => {
      for (let shown = 0; shown < 20; shown++) {
        expect(await find()).toBeUndefined();
        clock.advance(100);
        await turns();
      }
      expect(inner.asked['find']).toBe(2);
    });

    it('is asked for every time while nothing is trusted', async () => {
      await find();
      log.failure = new Error('no connection');
      clock.advance(2000);
      await turns();
      await find();
      await find();
      expect(inner.asked['find']).toBe(3);
    });

    it('pushes out no copy', async () => {
      await store.insert(newcomer, admission(clock.now()));
      await store.find(newcomer.sessionId);
      for (let guess = 0; guess < 10; guess++) await store.find(aSession(clock.now()).sessionId);
      expect(store.find(newcomer.sessionId)).toEqual(newcomer);
    });

    it('is there from a sign-in on, also when its copy is pushed out at once', async () => {
      await find();
      await store.insert(newcomer, admission(clock.now()));
      await store.insert(aSession(clock.now()), admission(clock.now()));
      expect(await find()).toEqual(newcomer);
    });

    it('is there from a sign-in on that was faster than the answer that it is not', async () => {
      inner.close();
      const before = find();
      await turns();
      const inserting = store.insert(newcomer, admission(clock.now()));
      await turns();
      inner.open();
      expect(await before).toBeUndefined();
      await inserting;
      await store.insert(aSession(clock.now()), admission(clock.now()));
      expect(await find()).toEqual(newcomer);
    });

    it('is asked for again when anything may have changed', async () => {
      await find();
      log.writeEverything();
      clock.advance(READ_EVERY);
      await turns();
      await find();
      expect(inner.asked['find']).toBe(2);
    });
  });

  describe('what it ends or changes itself', () => {
    it('is announced when it is done, and nothing else is', async () => {
      const clock = new FakeClock();
      const gated = new GatedStore(memory());
      const follower = new ChangeFollower(new HandWrittenLog(), {
        clock,
        lease: 2000,
        onFailure: () => undefined,
      });
      const announce = jest.spyOn(follower, 'announce');
      const store = cached(gated.store, { cache: lru(100), follower, lifetimes: LIFETIMES, clock });
      const [session, next] = [aSession(clock.now()), aSession(clock.now())];
      const end: End = { at: clock.now(), reason: 'revoked', by: null };

      await store.insert(session, admission(clock.now()));
      await store.find(session.sessionId);
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      await store.end(everySessionOf(BOB), end);
      expect(announce).toHaveBeenCalledTimes(0);

      await store.update(session.sessionId, { data: { a: 1 } });
      await store.wake(session.sessionId, clock.now(), clock.now());
      expect(announce).toHaveBeenCalledTimes(2);
      await store.insert(
        next,
        admission(clock.now(), { displaces: [{ which: everySessionOf(ALICE), end }] }),
      );
      expect(announce).toHaveBeenCalledTimes(3);

      gated.close();
      const ending = store.end(everySessionOf(ALICE), end);
      await turns();
      expect(announce).toHaveBeenCalledTimes(3);
      gated.open();
      await ending;
      expect(announce).toHaveBeenCalledTimes(4);

      await store.endEverything({}, { at: clock.now(), by: null });
      await store.setPolicy({});
      expect(announce).toHaveBeenCalledTimes(6);
    });
  });

  describe('a read that is under way', () => {
    let clock: FakeClock;
    let log: HandWrittenLog;
    let inner: GatedStore;
    let elsewhere: AdministeredStore;
    let store: AdministeredStore;
    let session: StoredSession;
    const end = (): End => ({ at: clock.now(), reason: 'revoked', by: null });

    beforeEach(async () => {
      clock = new FakeClock();
      log = new HandWrittenLog();
      elsewhere = memory();
      inner = new GatedStore(elsewhere);
      const follower = new ChangeFollower(log, { clock, lease: 2000, onFailure: () => undefined });
      follower.start();
      await turns();
      store = cached(inner.store, { cache: lru(100), follower, lifetimes: LIFETIMES, clock });
      session = aSession(clock.now());
      await elsewhere.insert(session, admission(clock.now()));
    });

    it('is shared by all who ask meanwhile', async () => {
      inner.close();
      const asked = Promise.all(Array.from({ length: 1000 }, async () => store.find(session.sessionId)));
      await turns();
      inner.open();
      expect((await asked).every((found) => found?.sessionId === session.sessionId)).toBe(true);
      expect(inner.asked['find']).toBe(1);
    });

    it('leaves no copy when the session ended here before the answer came', async () => {
      inner.close();
      const before = store.find(session.sessionId);
      await turns();
      const ending = store.end(sessionsOf(ALICE, [session.sessionId]), end());
      await turns();
      inner.open();
      await ending;
      await before;
      expect((await store.find(session.sessionId))?.endedAt).not.toBeNull();
    });

    it('leaves no copy when the log named the session before the answer came', async () => {
      inner.close();
      const before = store.find(session.sessionId);
      await turns();
      await elsewhere.end(everySessionOf(ALICE), end());
      log.write(session.sessionId);
      clock.advance(READ_EVERY);
      await turns();
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await store.find(session.sessionId))?.endedAt).not.toBeNull();
    });

    it('is not joined by a request that began after the session had ended here', async () => {
      inner.close();
      const before = store.find(session.sessionId);
      await turns();
      await elsewhere.end(everySessionOf(ALICE), end());
      log.write(session.sessionId);
      clock.advance(READ_EVERY);
      await turns();
      const after = store.find(session.sessionId);
      await turns();
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await after)?.endedAt).not.toBeNull();
    });

    it('is not joined once it is older than a copy may be', async () => {
      inner.close();
      const before = store.find(session.sessionId);
      await turns();
      await elsewhere.end(everySessionOf(ALICE), end());
      clock.advance(2000);
      const after = store.find(session.sessionId);
      await turns();
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await after)?.endedAt).not.toBeNull();
    });

    it('of the policy leaves no copy when the policy changed in the meantime', async () => {
      inner.close();
      const asked = store.policy();
      await turns();
      await elsewhere.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
      log.writeEverything();
      clock.advance(READ_EVERY);
      await turns();
      inner.open();
      expect(await asked).toEqual({});
      expect(await store.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    });

    it('of an insert is joined by nobody who asks for a session of the same id', async () => {
      log.write(session.sessionId);
      clock.advance(READ_EVERY);
      await turns();
      const inserting = store.insert(aSession(clock.now(), session), admission(clock.now()));
      const asked = store.find(session.sessionId);
      await expect(inserting).rejects.toMatchObject({ code: 'session-id-taken' });
      expect(await asked).toEqual(session);
    });

    it('of an insert leaves no copy when the session ended before it was acknowledged', async () => {
      const newcomer = aSession(clock.now());
      inner.close();
      const inserting = store.insert(newcomer, admission(clock.now()));
      await turns();
      await elsewhere.end(everySessionOf(ALICE), end());
      log.write(newcomer.sessionId);
      clock.advance(READ_EVERY);
      await turns();
      inner.open();
      await inserting;
      expect((await store.find(newcomer.sessionId))?.endedAt).not.toBeNull();
    });
  });
});

function fail(error: unknown): void {
  throw error;
}
