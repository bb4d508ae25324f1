import { sessionCache } from '../../lib/store/session-cache';
import { ChangeFollower, READ_EVERY } from '../../lib/changes/changes';
import { unavailable } from '../../lib/database/failures';
import { cutoffs } from '../../lib/session/lifetimes';
import { everySessionOf, sessionsOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import { cached } from '../../lib/store/cached';
import { memory } from '../../lib/store/memory';
import type { End, AdministeredStore } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { GatedStore, turns } from '../support/gate';
import { HandWrittenLog } from '../support/log';
import { ALICE, BOB, HOUR, LIFETIMES, ROTATION, admission, aSession, fieldsOf } from '../support/sessions';
import { testStoreOnPostgres } from './on-postgres';

describe('cached', () => {
  testStoreOnPostgres('on top of postgres', (table, { clock, follower }) => ({
    store: cached(table, {
      cache: sessionCache(100),
      follower,
      lifetimes: LIFETIMES,
      rotation: ROTATION,
      clock,
    }),
  }));

  testStoreOnPostgres('twice on top of postgres', (table, { clock, follower }) => {
    const layer = () => ({
      cache: sessionCache(100),
      follower,
      lifetimes: LIFETIMES,
      rotation: ROTATION,
      clock,
    });
    return { store: cached(cached(table, layer()), layer()) };
  });
});

describe('cached on one of two nodes', () => {
  const LEASE = 2000;
  let clock: FakeClock;
  let log: HandWrittenLog;
  /** The database that this node shares with others. */
  let database: AdministeredStore;
  /** The same database as this node uses it. A test can hold back its answers. */
  let inner: GatedStore;
  let follower: ChangeFollower;
  let store: AdministeredStore;
  let session: StoredSession;

  beforeEach(async () => {
    clock = new FakeClock();
    log = new HandWrittenLog();
    database = memory();
    inner = new GatedStore(database);
    follower = new ChangeFollower(log, { clock, lease: LEASE, onFailure: () => undefined });
    follower.start();
    await turns();
    store = newStore();
    session = aSession(clock.now());
  });

  function newStore({ size = 100, by = follower } = {}): AdministeredStore {
    return cached(inner.store, {
      cache: sessionCache(size),
      follower: by,
      lifetimes: LIFETIMES,
      rotation: ROTATION,
      clock,
    });
  }

  const find = async () => store.find(session.sessionId);
  const end = (): End => ({ at: clock.now(), reason: 'revoked', by: null });
  /** Ends the session on another node. This node learns of it only from the change log. */
  const endElsewhere = () => database.end(everySessionOf(ALICE), end());
  const readLog = async () => {
    clock.advance(READ_EVERY);
    await turns();
  };
  const logged = (sessionId: string) => {
    log.write(sessionId);
    return readLog();
  };

  /** Makes a call whose response the wrapped store holds back until `inner.open()`. */
  async function held<T>(call: () => T): Promise<{ response: T }> {
    inner.close();
    const response = call();
    await turns();
    return { response };
  }

  describe('cache entries', () => {
    beforeEach(async () => {
      await database.insert(session, admission(clock.now()));
      await find();
    });

    it('serves a cached session synchronously, without a read from the wrapped store', async () => {
      await find();
      const asked = inner.asked['find'];
      expect(fieldsOf(store.find(session.sessionId) as StoredSession)).toEqual(session);
      expect(inner.asked['find']).toBe(asked);
    });

    it('does not cache a session whose read started before a use of it was written', async () => {
      const fresh = newStore();
      const { sessionId } = session;
      let answer!: () => void;
      const answered = new Promise<void>((resolve) => (answer = resolve));
      jest.spyOn(database, 'find').mockImplementationOnce(async () => {
        await answered;
        return session;
      });
      const reading = fresh.find(sessionId);
      const at = clock.now() + 1000;
      await fresh.touch([{ id: sessionId, at, ipAddresses: [] }]);
      answer();
      await reading;
      expect((await fresh.find(sessionId))?.lastAccessed).toBe(at);
    });

    it('evicts a session that is ended here by id, even if another node had ended it before', async () => {
      await find();
      await endElsewhere();
      await store.end(sessionsOf(ALICE, [session.sessionId]), end());
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('evicts a session that a sign-in here replaces, even if another node had ended it before', async () => {
      await find();
      await endElsewhere();
      const which = sessionsOf(ALICE, [session.sessionId]);
      const replacing = { ...admission(clock.now()), displaces: [{ which, end: end() }] };
      await store.insert(aSession(clock.now()), replacing);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('evicts a session if the response of the statement that ends it is lost', async () => {
      await find();
      jest.spyOn(database, 'end').mockImplementationOnce(async (...given) => {
        await database.end(...given);
        throw new Error('The answer was lost');
      });
      await expect(store.end(sessionsOf(ALICE, [session.sessionId]), end())).rejects.toThrow('lost');
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('does not cache a session on insert, because endEverything may have ended it already', async () => {
      const added = aSession(clock.now());
      await database.endEverything({}, { at: clock.now(), by: null });
      await readLog();
      await store.insert(added, admission(clock.now()));
      expect((await store.find(added.sessionId))?.endReason).toBe('administrator');
    });

    it('evicts a session as soon as the change log names it', async () => {
      await find();
      await endElsewhere();
      await logged(session.sessionId);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('evicts every session when the change log reports that anything may have changed', async () => {
      await find();
      await endElsewhere();
      log.writeEverything();
      await readLog();
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('serves no cached session for longer than the lease if the change log cannot be read', async () => {
      await find();
      await endElsewhere();
      log.failure = new Error('no connection');
      clock.advance(LEASE - 1);
      expect((await find())?.endedAt).toBeNull();
      clock.advance(1);
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('does not trust a cached session for longer because it is used', async () => {
      await find();
      await endElsewhere();
      log.failure = new Error('no connection');
      for (let waited = 0; waited < LEASE; waited += 100) {
        clock.advance(100);
        await find();
      }
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('trusts cached sessions from the time when a read of the change log was sent, not from its delayed response', async () => {
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

    it('asks the wrapped store every time if the lease is 0', async () => {
      const noLease = { clock, lease: 0, onFailure: () => undefined };
      store = newStore({ by: new ChangeFollower(log, noLease) });
      const before = inner.asked['find']!;
      await find();
      await find();
      expect(inner.asked['find']).toBe(before + 2);
    });

    it('reads an idle session again, because another node may have used it', async () => {
      await find();
      clock.advance(HOUR - 1);
      await database.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      await readLog();
      clock.advance(1000);
      await turns();
      expect((await find())?.lastAccessed).toBe(clock.now() - 1000 - READ_EVERY);
    });

    it('updates a cached session with the touches of this node', async () => {
      await find();
      clock.advance(1000);
      await turns();
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: ['198.51.100.7'] }]);
      const asked = inner.asked['find'];
      const ipAddresses = ['192.0.2.1', '198.51.100.7'];
      expect(store.find(session.sessionId)).toMatchObject({ lastAccessed: clock.now(), ipAddresses });
      expect(inner.asked['find']).toBe(asked);
    });

    it('evicts a session when a touch reports that it has ended', async () => {
      await find();
      await endElsewhere();
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      expect((await find())?.endedAt).not.toBeNull();
    });
  });

  describe('unknown ids', () => {
    beforeEach(() => {
      store = newStore({ size: 1 });
    });

    it('asks the wrapped store for an unknown id once a second, however often it is requested', async () => {
      for (let request = 0; request < 20; request++) {
        expect(await find()).toBeUndefined();
        clock.advance(100);
        await turns();
      }
      expect(inner.asked['find']).toBe(2);
    });

    it('asks the wrapped store for an unknown id every time while the cache is not trusted', async () => {
      await find();
      log.failure = new Error('no connection');
      clock.advance(2000);
      await turns();
      await find();
      await find();
      expect(inner.asked['find']).toBe(3);
    });

    it('does not evict cached sessions for unknown ids', async () => {
      await store.insert(session, admission(clock.now()));
      await store.find(session.sessionId);
      for (let guess = 0; guess < 10; guess++) await store.find(aSession(clock.now()).sessionId);
      expect(fieldsOf(store.find(session.sessionId) as StoredSession)).toEqual(session);
    });

    it('finds a session after its sign-in although its id was unknown before, even if its cache entry is evicted', async () => {
      await find();
      await store.insert(session, admission(clock.now()));
      await store.insert(aSession(clock.now()), admission(clock.now()));
      expect(fieldsOf(await find())).toEqual(session);
    });

    it('finds a session after its sign-in although an earlier read of its id has not finished', async () => {
      const { response: before } = await held(find);
      const inserting = store.insert(session, admission(clock.now()));
      await turns();
      inner.open();
      expect(await before).toBeUndefined();
      await inserting;
      await store.insert(aSession(clock.now()), admission(clock.now()));
      expect(fieldsOf(await find())).toEqual(session);
    });

    it('asks for an unknown id again after the change log reported that anything may have changed', async () => {
      await find();
      log.writeEverything();
      await readLog();
      await find();
      expect(inner.asked['find']).toBe(2);
    });
  });

  describe('notifications', () => {
    it('announces each change that this store makes, and no other call', async () => {
      const announce = jest.spyOn(follower, 'announce');
      const next = aSession(clock.now());
      await store.insert(session, admission(clock.now()));
      await find();
      await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }]);
      await store.end(everySessionOf(BOB), end());
      expect(announce).toHaveBeenCalledTimes(0);

      await store.update(aSession(clock.now()).sessionId, { data: { a: 1 } });
      await store.wake(session.sessionId, clock.now(), clock.now() - HOUR);
      await store.sweep({ endedAfter: 0, cutoffs: cutoffs(LIFETIMES, 0) }, 10);
      await store.hibernate(cutoffs(LIFETIMES, 0), 10);
      expect(announce).toHaveBeenCalledTimes(0);

      await store.update(session.sessionId, { data: { a: 1 } });
      await store.wake(session.sessionId, clock.now(), clock.now());
      expect(announce).toHaveBeenCalledTimes(2);
      const displaces = [{ which: everySessionOf(ALICE), end: end() }];
      await store.insert(next, admission(clock.now(), { displaces }));
      expect(announce).toHaveBeenCalledTimes(3);

      const { response: ending } = await held(() => store.end(everySessionOf(ALICE), end()));
      expect(announce).toHaveBeenCalledTimes(3);
      inner.open();
      await ending;
      expect(announce).toHaveBeenCalledTimes(4);

      await store.endEverything({}, { at: clock.now(), by: null });
      await store.setPolicy({});
      expect(announce).toHaveBeenCalledTimes(6);
    });

    it('announces sessions that cleanup deleted or hibernated', async () => {
      const announce = jest.spyOn(follower, 'announce');
      await store.insert({ ...session, staySignedIn: true, data: { a: 1 } }, admission(clock.now()));
      const later = clock.now() + LIFETIMES.short + 1;
      expect((await store.hibernate(cutoffs(LIFETIMES, later), 10)).dropped).toBe(1);
      expect(announce).toHaveBeenCalledTimes(1);
      await store.end(everySessionOf(ALICE), end());
      expect(announce).toHaveBeenCalledTimes(2);
      expect(await store.sweep({ endedAfter: clock.now(), cutoffs: cutoffs(LIFETIMES, 0) }, 10)).toBe(1);
      expect(announce).toHaveBeenCalledTimes(3);
    });

    it('announces a change whose response was lost, because it may be committed', async () => {
      const announce = jest.spyOn(follower, 'announce');
      for (const method of ['end', 'update', 'insert', 'sweep'] as const) {
        jest.spyOn(database, method).mockRejectedValueOnce(unavailable(new Error('The answer was lost')));
      }
      const refused = { code: 'store-unavailable' };
      await expect(store.end(everySessionOf(ALICE), end())).rejects.toMatchObject(refused);
      await expect(store.update(session.sessionId, {})).rejects.toMatchObject(refused);
      await expect(store.insert(session, admission(clock.now()))).rejects.toMatchObject(refused);
      const swept = store.sweep({ endedAfter: 0, cutoffs: cutoffs(LIFETIMES, 0) }, 10);
      await expect(swept).rejects.toMatchObject(refused);
      expect(announce).toHaveBeenCalledTimes(4);
    });

    it('announces nothing when a sign-in is refused', async () => {
      const announce = jest.spyOn(follower, 'announce');
      await store.insert(session, admission(clock.now()));
      const again = store.insert(aSession(clock.now(), session), admission(clock.now()));
      await expect(again).rejects.toMatchObject({ code: 'session-id-taken' });
      expect(announce).toHaveBeenCalledTimes(0);
    });
  });

  describe('reads in progress', () => {
    beforeEach(async () => {
      await database.insert(session, admission(clock.now()));
    });
    it('answers all requests for the same session with one read', async () => {
      const { response } = await held(() => Promise.all(Array.from({ length: 1000 }, find)));
      inner.open();
      expect((await response).every((found) => found?.sessionId === session.sessionId)).toBe(true);
      expect(inner.asked['find']).toBe(1);
    });

    it('caches no session that ended here before the response of the read arrived', async () => {
      const { response: before } = await held(find);
      const ending = store.end(sessionsOf(ALICE, [session.sessionId]), end());
      await turns();
      inner.open();
      await ending;
      await before;
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('caches no session that the change log named before the response of the read arrived', async () => {
      const { response: before } = await held(find);
      await endElsewhere();
      await logged(session.sessionId);
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await find())?.endedAt).not.toBeNull();
    });

    it('starts a new read for a request that began after the change log named the session', async () => {
      const { response: before } = await held(find);
      await endElsewhere();
      await logged(session.sessionId);
      const after = find();
      await turns();
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await after)?.endedAt).not.toBeNull();
    });

    it('starts a new read if the one in progress is older than the lease', async () => {
      const { response: before } = await held(find);
      await endElsewhere();
      clock.advance(2000);
      const after = find();
      await turns();
      inner.open();
      expect((await before)?.endedAt).toBeNull();
      expect((await after)?.endedAt).not.toBeNull();
    });

    it('does not cache a policy that changed before the response of the read arrived', async () => {
      const { response } = await held(() => store.policy());
      await database.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
      log.writeEverything();
      await readLog();
      inner.open();
      expect(await response).toEqual({});
      expect(await store.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    });
  });

  describe('inserts in progress', () => {
    it('does not answer a find of the same id', async () => {
      await database.insert(session, admission(clock.now()));
      await logged(session.sessionId);
      const inserting = store.insert(aSession(clock.now(), session), admission(clock.now()));
      const asked = find();
      await expect(inserting).rejects.toMatchObject({ code: 'session-id-taken' });
      expect(fieldsOf(await asked)).toEqual(session);
    });

    it('does not cache the session if it ended before the response of the insert arrived', async () => {
      const added = aSession(clock.now());
      const { response: inserting } = await held(() => store.insert(added, admission(clock.now())));
      await endElsewhere();
      await logged(added.sessionId);
      inner.open();
      await inserting;
      expect((await store.find(added.sessionId))?.endedAt).not.toBeNull();
    });
  });
});
