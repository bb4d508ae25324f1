import { sessionCache } from '../../lib/store/session-cache';
import { everySessionOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import { buffered, FLUSH_EVERY, MOST_WAITING } from '../../lib/store/buffered';
import { cached } from '../../lib/store/cached';
import { memory } from '../../lib/store/memory';
import type { AdministeredStore, MaybePromise, Touch, TouchResult } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { GatedStore, turns } from '../support/gate';
import { ALICE, LIFETIMES, ROTATION, admission, aPage, aSession } from '../support/sessions';
import { testStoreOnPostgres } from './on-postgres';

const HITS = 10;
const INTERVAL = 60_000;
const OPTIONS = { updateAfterCacheHits: HITS, touchInterval: INTERVAL, touchBeforeResponse: false };

/** Records the touches that the wrapped store receives, and skips or rejects them as a test wants. */
class WatchedStore {
  readonly flushes: (readonly Touch[])[] = [];
  readonly store: AdministeredStore;
  skip = new Set<string>();
  failure: Error | undefined;
  /** The number of flushes that fail with `failure`. */
  remainingFailures = Infinity;
  #lastFlush: Promise<unknown> = Promise.resolve();

  constructor(inner: AdministeredStore) {
    this.store = new Proxy(inner, {
      get: (target, name: keyof AdministeredStore) =>
        name === 'touch'
          ? (touches: readonly Touch[]) => this.#touch(inner, touches)
          : target[name].bind(target),
    });
  }

  /** Resolves when the last flush has finished. */
  async settled(): Promise<void> {
    await this.#lastFlush.catch(() => undefined);
    await turns();
  }

  #touch(inner: AdministeredStore, touches: readonly Touch[]): Promise<TouchResult> {
    this.flushes.push(touches);
    const result = this.#write(inner, touches);
    this.#lastFlush = result;
    return result;
  }

  async #write(inner: AdministeredStore, touches: readonly Touch[]): Promise<TouchResult> {
    if (this.failure !== undefined && this.remainingFailures-- > 0) throw this.failure;
    const written = touches.filter(({ id }) => !this.skip.has(id));
    const { ended } = await inner.touch(written);
    return { ended, skipped: touches.map(({ id }) => id).filter((id) => this.skip.has(id)) };
  }
}

describe('buffered', () => {
  testStoreOnPostgres('on top of cached and postgres', (table, { clock, follower }) => {
    const watched = new WatchedStore(
      cached(table, { cache: sessionCache(100), follower, lifetimes: LIFETIMES, rotation: ROTATION, clock }),
    );
    const onFailure = (error: unknown) => {
      throw error;
    };
    const settle = () => {
      clock.advance(INTERVAL + FLUSH_EVERY);
      return watched.settled();
    };
    const options = { ...OPTIONS, clock, onFailure };
    return { store: buffered(watched.store, options), settle };
  });

  describe('write-batching', () => {
    let clock: FakeClock;
    let inner: WatchedStore;
    let store: AdministeredStore;
    let failures: unknown[];
    let session: StoredSession;

    beforeEach(async () => {
      clock = new FakeClock();
      inner = new WatchedStore(memory());
      failures = [];
      store = buffered(inner.store, { ...OPTIONS, clock, onFailure: (error) => failures.push(error) });
      session = await inserted();
    });

    async function inserted(): Promise<StoredSession> {
      const added = aSession(clock.now());
      await store.insert(added, admission(clock.now()));
      return added;
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

    it('records a touch synchronously, without a promise', () => {
      expect(store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: [] }])).not.toBeInstanceOf(
        Promise,
      );
    });

    it('reports the number of unwritten touches and the age of the oldest in whole milliseconds', () => {
      touch();
      clock.advance(249.6);
      touch('another');
      expect(store.health().touches).toEqual({ pending: 2, oldest: 250 });
    });

    it('writes a session after updateAfterCacheHits touches', async () => {
      for (let hit = 1; hit < HITS; hit++) touch();
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(0);
      touch();
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('writes a session after touchInterval, even after a single touch', async () => {
      touch();
      const at = clock.now();
      await pass(INTERVAL);
      expect(inner.flushes).toEqual([[{ id: session.sessionId, at, ipAddresses: [], node: null }]]);
    });

    it('writes a session in the next flush if the address is new', async () => {
      touch(session.sessionId, ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(inner.flushes[0]?.[0]?.ipAddresses).toEqual(['198.51.100.7']);
    });

    it('writes a session in the next flush if it was listed', async () => {
      touch();
      await store.list(ALICE, aPage());
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('writes the first use of a session in the next flush, and later uses after touchInterval', async () => {
      const use = (previous: number | null) =>
        store.use({ ...session, lastAccessed: previous }, { at: clock.now(), ipAddresses: [] });
      void use(null);
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
      void use(clock.now() - FLUSH_EVERY);
      await pass(INTERVAL - FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('writes a use within a tenth of the idle timeout, also if earlier touches did not know it', async () => {
      touch();
      await pass(FLUSH_EVERY);
      void store.use({ ...session, idleTimeout: 30_000 }, { at: clock.now(), ipAddresses: [] });
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(0);
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('writes a session in the next flush if a search returned it', async () => {
      touch();
      const { cutoffs } = admission(clock.now());
      const [found] = await store.search({ filter: {}, cutoffs, order: [], skip: 0, take: 1 });
      expect(found).toMatchObject({ lastAccessed: clock.now() });
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it('writes a session in the next flush if it was read', async () => {
      touch();
      expect(await store.read(session.sessionId)).toMatchObject({ lastAccessed: clock.now() });
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
    });

    it.each<[string, () => MaybePromise<unknown>]>([
      ['find', () => store.find(session.sessionId)],
      ['read', () => store.read(session.sessionId)],
      ['list', () => store.list(ALICE, aPage()).then(([first]) => first)],
      [
        'search',
        () =>
          store
            .search({ filter: {}, cutoffs: admission(clock.now()).cutoffs, order: [], skip: 0, take: 1 })
            .then(([first]) => first),
      ],
    ])('shows a touch in %s that was written after the database was read', async (name, reading) => {
      const gate = new GatedStore(inner.store);
      store = buffered(gate.store, { ...OPTIONS, clock, onFailure: (error) => failures.push(error) });
      clock.advance(1000);
      touch(session.sessionId, ['198.51.100.7']);
      const at = clock.now();
      gate.close(name as keyof AdministeredStore);
      const read = reading();
      await turns();
      await store.flush();
      expect(store.health().touches?.pending).toBe(0);
      gate.open();
      expect(await read).toMatchObject({ lastAccessed: at, ipAddresses: ['192.0.2.1', '198.51.100.7'] });
    });

    it('writes the due touches of all sessions with one call', async () => {
      const others = await Promise.all(Array.from({ length: 20 }, inserted));
      for (const { sessionId } of others) touch(sessionId, ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(1);
      expect(inner.flushes[0]).toHaveLength(20);
    });

    it('writes nothing if no session was touched', async () => {
      await pass(10 * FLUSH_EVERY);
      expect(inner.flushes).toHaveLength(0);
    });

    it('sends the touch of a locked row again, merged with later touches', async () => {
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

    it('keeps touches after a failed write, shows them in find, and sends them again', async () => {
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

    it('does not try the remaining batches of a flush after a failed write', async () => {
      inner.failure = new Error('no connection');
      for (let i = 0; i < 20_000; i++) touch(`${i}`, ['198.51.100.7']);
      await pass(2 * FLUSH_EVERY);
      expect(failures).toHaveLength(2);
      inner.failure = undefined;
      await pass(FLUSH_EVERY);
      expect(store.health().touches).toEqual({ pending: 0, oldest: 0 });
    });

    it('writes all sessions early if more than half of the allowed number wait', async () => {
      for (let i = 0; i <= MOST_WAITING / 2; i++) touch(`${i}`);
      await pass(FLUSH_EVERY);
      expect(store.health().touches).toEqual({ pending: 0, oldest: 0 });
    });

    it('records no further sessions while 50,000 wait, and reports the number of lost touches', async () => {
      inner.failure = new Error('read only');
      for (let i = 0; i < MOST_WAITING + 3; i++) touch(`${i}`);
      touch('7', ['198.51.100.7']);
      await pass(FLUSH_EVERY);
      expect(failures).toEqual([
        inner.failure,
        new Error(
          '3 uses of sessions were not recorded, because those of 50000 other sessions wait to be written',
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

    it('drops the touches of a session that ended through this store', async () => {
      touch();
      await store.end(everySessionOf(ALICE), { at: clock.now(), reason: 'revoked', by: null });
      await pass(2 * INTERVAL);
      expect(inner.flushes).toHaveLength(0);
    });

    it('writes touches that are not due yet in flush, and continues afterwards', async () => {
      touch();
      await store.flush();
      expect(inner.flushes).toHaveLength(1);
      await store.flush();
      expect(inner.flushes).toHaveLength(1);
      touch();
      await pass(INTERVAL);
      expect(inner.flushes).toHaveLength(2);
    });

    it('rejects in flush with store-unavailable if touches cannot be written, and keeps them', async () => {
      touch();
      inner.failure = new Error('no database');
      await expect(store.flush()).rejects.toMatchObject({
        code: 'store-unavailable',
        cause: inner.failure,
      });
      inner.failure = undefined;
      await store.flush();
      expect(store.health().touches?.pending).toBe(0);
    });

    describe('with touchBeforeResponse', () => {
      beforeEach(() => {
        const onFailure = (error: unknown) => failures.push(error);
        store = buffered(inner.store, { ...OPTIONS, touchBeforeResponse: true, clock, onFailure });
      });

      /** Touches a session that was last used `idle` milliseconds ago. */
      function touchAfter(idle: number, sessionId = session.sessionId): MaybePromise<unknown> {
        const at = clock.now();
        return store.use({ ...session, sessionId, lastAccessed: at - idle }, { at, ipAddresses: [] });
      }

      it('writes a touch before it resolves if the session was last used touchInterval ago', async () => {
        const touched = touchAfter(INTERVAL);
        expect(touched).toBeInstanceOf(Promise);
        await touched;
        expect(inner.flushes).toMatchObject([[{ id: session.sessionId, at: clock.now() }]]);
      });

      it('records touches synchronously until the written one is touchInterval old', async () => {
        expect(touchAfter(INTERVAL - 1000)).not.toBeInstanceOf(Promise);
        clock.advance(999);
        expect(touchAfter(999)).not.toBeInstanceOf(Promise);
        clock.advance(1);
        await touchAfter(1);
        expect(inner.flushes).toHaveLength(1);
      });

      it('writes a touch after updateAfterCacheHits touches, and at once if the address is new', async () => {
        for (let hit = 1; hit < HITS; hit++) expect(touchAfter(0)).not.toBeInstanceOf(Promise);
        await touchAfter(0);
        expect(inner.flushes).toHaveLength(1);
        await store.touch([{ id: session.sessionId, at: clock.now(), ipAddresses: ['198.51.100.7'] }]);
        expect(inner.flushes).toHaveLength(2);
      });

      it('writes the touches of one moment together, and those that arrive during a write in the next one', async () => {
        const gate = new GatedStore(inner.store);
        store = buffered(gate.store, {
          ...OPTIONS,
          touchBeforeResponse: true,
          clock,
          onFailure: () => undefined,
        });
        gate.close();
        const first = ['a', 'b', 'c'].map((id) => touchAfter(INTERVAL, id));
        await turns();
        const second = ['a', 'd'].map((id) => touchAfter(INTERVAL, id));
        await turns();
        expect(inner.flushes.map((flush) => flush.map(({ id }) => id))).toEqual([['a', 'b', 'c']]);
        gate.open();
        await Promise.all([...first, ...second]);
        expect(inner.flushes.map((flush) => flush.map(({ id }) => id))).toEqual([
          ['a', 'b', 'c'],
          ['a', 'd'],
        ]);
      });

      it('resolves after a failed write, reports the failure and keeps the touch', async () => {
        inner.failure = new Error('no database');
        await touchAfter(INTERVAL);
        expect(failures).toEqual([inner.failure]);
        expect(store.health().touches?.pending).toBe(1);
        inner.failure = undefined;
        await pass(FLUSH_EVERY);
        expect(store.health().touches?.pending).toBe(0);
      });
    });

    it('writes touches that are not due yet in close, once for two calls', async () => {
      touch();
      await Promise.all([store.close(1000), store.close(1000)]);
      expect(inner.flushes).toHaveLength(1);
    });

    it('tries again in close after a single failed write', async () => {
      touch();
      inner.failure = new Error('connection terminated');
      inner.remainingFailures = 1;
      expect(await store.close(1000)).toBe(0);
      expect(inner.flushes).toHaveLength(2);
    });

    it('gives up in close after three failed writes, and returns the number of lost touches', async () => {
      touch();
      inner.failure = new Error('no database');
      expect(await store.close(1000)).toBe(1);
      expect(inner.flushes).toHaveLength(3);
    });

    it('writes every touch within touchInterval and one flush interval', async () => {
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
