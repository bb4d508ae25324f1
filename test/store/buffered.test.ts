import { lru } from '../../lib/lru';
import { ChangeFollower } from '../../lib/changes/changes';
import { postgresChanges } from '../../lib/changes/postgres';
import { appConnections } from '../../lib/database/knex';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { everySessionOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import { buffered, FLUSH_EVERY, MOST_WAITING } from '../../lib/store/buffered';
import { cached } from '../../lib/store/cached';
import { memory } from '../../lib/store/memory';
import { postgres } from '../../lib/store/postgres/postgres';
import type { AdministeredStore, Touch, TouchResult } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns } from '../support/gate';
import { ALICE, LIFETIMES, admission, aSession } from '../support/sessions';
import { testSessionStore, type StoreUnderTest } from './contract';

const HITS = 10;
const INTERVAL = 60_000;

/** A store that remembers the touches that reached it, and answers them as a test says. */
class WatchedStore {
  readonly flushes: (readonly Touch[])[] = [];
  readonly store: AdministeredStore;
  skip = new Set<string>();
  failure: Error | undefined;
  /** How many answers are the failure. */
  failures = Infinity;
  #last: Promise<unknown> = Promise.resolve();

  constructor(inner: AdministeredStore) {
    this.store = new Proxy(inner, {
      get: (target, name: keyof AdministeredStore) =>
        name === 'touch'
          ? (touches: readonly Touch[]) => this.#touch(inner, touches)
          : target[name].bind(target),
    });
  }

  /** Resolves when the last flush has come home. */
  async settled(): Promise<void> {
    await this.#last.catch(() => undefined);
    await turns();
  }

  #touch(inner: AdministeredStore, touches: readonly Touch[]): Promise<TouchResult> {
    this.flushes.push(touches);
    const result = this.#answer(inner, touches);
    this.#last = result;
    return result;
  }

  async #answer(inner: AdministeredStore, touches: readonly Touch[]): Promise<TouchResult> {
    if (this.failure !== undefined && this.failures-- > 0) throw this.failure;
    const taken = touches.filter(({ id }) => !this.skip.has(id));
    const { ended } = await inner.touch(taken);
    return { ended, skipped: touches.map(({ id }) => id).filter((id) => this.skip.has(id)) };
  }
}

describe('buffered', () => {
  describe('on cached on postgres', () => {
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
      const table = postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 }));
      const watched = new WatchedStore(
        cached(table, { cache: lru(100), follower, lifetimes: LIFETIMES, clock }),
      );
      const options = { clock, updateAfterCacheHits: HITS, touchInterval: INTERVAL, onFailure: fail };
      const settle = () => {
        clock.advance(INTERVAL + FLUSH_EVERY);
        return watched.settled();
      };
      return { store: buffered(watched.store, options), clock, settle };
    }
  });

  describe('its writes', () => {
    let clock: FakeClock;
    let inner: WatchedStore;
    let store: AdministeredStore;
    let failures: unknown[];
    let session: StoredSession;

    beforeEach(async () => {
      clock = new FakeClock();
      inner = new WatchedStore(memory());
      failures = [];
      store = buffered(inner.store, {
        clock,
        updateAfterCacheHits: HITS,
        touchInterval: INTERVAL,
        onFailure: (error) => failures.push(error),
      });
      session = await inserted();
    });

    async function inserted(): Promise<StoredSession> {
      const newcomer = aSession(clock.now());
      await store.insert(newcomer, admission(clock.now()));
      return newcomer;
    }

    function touch(id = session.sessionId, ipAddresses: string[] = []): void {
      void store.touch([{ id, at: clock.now(), ipAddresses }]);
    }

    async function pass(milliseconds: number): Promise<void> {
      for (let passed = 0; passed < milliseconds; passed += FLUSH_EVERY) {
        clock.advance(Math.min(FLUSH_EVERY, milliseconds - passed));
        await inner.settled();
      }
    }

    it('wait for nothing', () => {
      expect(store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }])).not.toBeInstanceOf(
        Promise,
      );
    });

    it('are told of by how many there are, and for how many whole milliseconds the oldest waits', () => {
      touch();
      clock.advance(249.6);
      touch('another');
      expect(store.health().touches).toEqual({ pending: 2, oldest: 250 });
    });

    it('are due after so many touches', async () => {
      for (let hit = 1; hit < HITS; hit++) touch();
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(0);
      touch();
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('are due after the interval, however few touches there are', async () => {
      touch();
      const at = clock.now();
      await pass(INTERVAL);
      expect(inner.flushes).toEqual([[{ id: session.sessionId, at, ipAddresses: [], node: null }]]);
    });

    it('are due when the address is new', async () => {
      touch(session.sessionId, ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(inner.flushes[0]?.[0]?.ipAddresses).toEqual(['198.51.100.7']);
    });

    it('are due when the session was listed', async () => {
      touch();
      await store.list(ALICE);
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('go together, all that is due in one statement', async () => {
      const others = await Promise.all(Array.from({ length: 20 }, inserted));
      for (const { sessionId } of others) touch(sessionId, ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
      expect(inner.flushes[0]).toHaveLength(20);
    });

    it('do nothing while nothing was touched', async () => {
      await pass(10 * FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(0);
    });

    it('of a row that somebody else is writing are sent again', async () => {
      inner.skip.add(session.sessionId);
      touch(session.sessionId, ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      inner.skip.clear();
      const later = clock.now();
      touch();
      await pass(FLUSH_EVERY);
      expect(inner.flushes[1]).toEqual([
        { id: session.sessionId, at: later, ipAddresses: ['198.51.100.7'], node: null },
      ]);
      await pass(2 * INTERVAL);
      expect(inner.flushes).toHaveLength(2);
    });

    it('that failed are kept, seen meanwhile, and sent again', async () => {
      inner.failure = new Error('no connection');
      touch(session.sessionId, ['198.51.100.7']);
      const at = clock.now();
      await pass(3 * FLUSH_EVERY);
      expect(failures).toHaveLength(3);
      expect(await store.find(session.sessionId)).toMatchObject({ lastAccessed: at });
      inner.failure = undefined;
      await pass(FLUSH_EVERY);
      expect(inner.flushes.at(-1)).toEqual([
        { id: session.sessionId, at, ipAddresses: ['198.51.100.7'], node: null },
      ]);
    });

    it('that failed keep the rest of the flush waiting, so that nobody is asked for each piece of it', async () => {
      inner.failure = new Error('no connection');
      for (let i = 0; i < 20_000; i++) touch(`${i}`, ['198.51.100.7']);
      await pass(2 * FLUSH_EVERY);
      expect(failures).toHaveLength(2);
      inner.failure = undefined;
      await pass(FLUSH_EVERY);
      expect(store.health().touches).toEqual({ pending: 0, oldest: 0 });
    });

    it('are due early when there are many', async () => {
      for (let i = 0; i <= MOST_WAITING / 2; i++) touch(`${i}`);
      await pass(FLUSH_EVERY);
      expect(store.health().touches).toEqual({ pending: 0, oldest: 0 });
    });

    it('stop recording further sessions while those of 100,000 sessions wait, and report their number', async () => {
      inner.failure = new Error('read only');
      for (let i = 0; i < MOST_WAITING + 3; i++) touch(`${i}`);
      touch('7', ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(failures).toEqual([
        inner.failure,
        new Error(
          '3 uses of sessions were not recorded, because those of 100000 other sessions wait to be written',
        ),
      ]);
      expect(store.health().touches?.pending).toBe(MOST_WAITING);
      inner.failure = undefined;
      await pass(FLUSH_EVERY);
      expect(store.health().touches?.pending).toBe(0);
      const written = inner.flushes.flat().filter(({ id }) => id === '7');
      expect(written.at(-1)).toMatchObject({ ipAddresses: ['198.51.100.7'] });
      touch(`${MOST_WAITING + 1}`);
      expect(store.health().touches?.pending).toBe(1);
      expect(failures).toHaveLength(2);
    });

    it('of a session that ended here are dropped', async () => {
      touch();
      await store.end(everySessionOf(ALICE), { at: clock.now(), reason: 'revoked', by: null });
      await pass(2 * INTERVAL);
      expect(inner.flushes).toHaveLength(0);
    });

    it('that are not due yet go when it closes, which may be said twice', async () => {
      touch();
      await Promise.all([store.close(1000), store.close(1000)]);
      expect(inner.flushes).toHaveLength(1);
    });

    it('are tried again at the end, when a connection broke or a row was in use just then', async () => {
      touch();
      inner.failure = new Error('connection terminated');
      inner.failures = 1;
      expect(await store.close(1000)).toBe(0);
      expect(inner.flushes).toHaveLength(2);
    });

    it('are given up at the end when none of a few attempts gets through, and it is told how many', async () => {
      touch();
      inner.failure = new Error('no database');
      expect(await store.close(1000)).toBe(1);
      expect(inner.flushes).toHaveLength(3);
    });

    it('are made within the interval and one flush of the touch', async () => {
      const touches: number[] = [];
      for (let second = 0; second < 300; second++) {
        if (second % 7 === 0) {
          touch();
          touches.push(clock.now());
        }
        await pass(FLUSH_EVERY);
        const overdue = touches.filter((at) => at <= clock.now() - INTERVAL - FLUSH_EVERY).at(-1);
        const { lastAccessed } = (await inner.store.find(session.sessionId))!;
        expect(lastAccessed ?? 0).toBeGreaterThanOrEqual(overdue ?? 0);
      }
      expect(inner.flushes.length).toBeLessThan(10);
    });
  });
});

function fail(error: unknown): void {
  throw error;
}
