import fc, { type Scheduler } from 'fast-check';

import { cached } from '../lib/store/cached';
import { CachedSession } from '../lib/store/cached-session';
import type { Cache } from '../lib/lru';
import {
  ChangeFollower,
  IDLE_AFTER,
  READ_EVERY,
  type Changes,
  type ChangeSet,
  type FollowerOptions,
} from '../lib/changes/changes';
import { MonitoredHint, type HintListener } from '../lib/changes/hint';
import { everySessionOf } from '../lib/session/revocation';
import type { StoredSession } from '../lib/session/session';
import { memory } from '../lib/store/memory';
import { sessionCache } from '../lib/store/session-cache';
import type { End, AdministeredStore } from '../lib/store/store';
import { FakeClock } from './support/clock';
import { ALICE, LIFETIMES, ROTATION, admission, aSession } from './support/sessions';

/*
 * Simulates two nodes, a store and a change log. The scheduler decides when each call arrives and when its result returns.
 * In no order may a node accept a session that it must refuse.
 */

const LEASE = 2000;

type Act = 'find' | 'find on the other' | 'end' | 'end by hand' | 'notify' | { readonly wait: number };

/** An act, and the number of pending calls and results that arrive after it. */
interface Step {
  readonly act: Act;
  readonly arrivals: number;
}

const STEPS = fc.array(
  fc.record({
    act: fc.oneof(
      {
        arbitrary: fc.constantFrom<Act>('find', 'find', 'find on the other', 'end', 'end by hand', 'notify'),
        weight: 12,
      },
      {
        arbitrary: fc.constantFrom(1, READ_EVERY, 1500, LEASE - 1).map((wait): Act => ({ wait })),
        weight: 6,
      },
      // Long enough to pause reading.
      { arbitrary: fc.constant<Act>({ wait: IDLE_AFTER }), weight: 1 },
    ),
    arrivals: fc.constantFrom(0, 0, 1, 2, 5),
  }),
  { minLength: 10, maxLength: 40 },
);

/** The time of an event: its position in the order of events, and the time of the clock. */
interface Moment {
  readonly order: number;
  readonly time: number;
}

/** A deliberate mistake in a node. The test must detect it. */
interface Mistake {
  readonly Follower?: typeof ChangeFollower;
  readonly behind?: (store: AdministeredStore, cache: Cache<CachedSession>) => AdministeredStore;
  readonly before?: (store: AdministeredStore) => AdministeredStore;
}

class World {
  readonly clock = new FakeClock();
  readonly #truth = memory();
  readonly #log: string[] = [];
  readonly #listeners: HintListener[] = [];
  readonly #scheduler: Scheduler;
  readonly #session = aSession(this.clock.now());
  readonly #nodes: readonly AdministeredStore[];
  #order = 0;
  #ending = Infinity;
  #acknowledged: Moment | undefined;
  readonly #acknowledgedBy = new Map<AdministeredStore, number>();
  readonly #refused = new Map<AdministeredStore, number>();
  readonly violations: string[] = [];

  private constructor(scheduler: Scheduler, mistake: Mistake) {
    this.#scheduler = scheduler;
    this.#nodes = [this.#node(mistake), this.#node(mistake)];
  }

  static async of(scheduler: Scheduler, mistake: Mistake): Promise<World> {
    const world = new World(scheduler, mistake);
    await world.#truth.insert(world.#session, admission(world.clock.now()));
    return world;
  }

  async take({ act, arrivals }: Step): Promise<void> {
    this.#do(act);
    for (let arrived = 0; arrived < arrivals && this.#scheduler.count() > 0; arrived++) {
      await this.#scheduler.waitOne();
    }
  }

  async settle(): Promise<void> {
    while (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
  }

  #do(act: Act): void {
    const [one, other] = this.#nodes;
    if (act === 'find') void this.#find(one!);
    else if (act === 'find on the other') void this.#find(other!);
    else if (act === 'end') void this.#end(one!);
    else if (act === 'end by hand') void this.#endByHand();
    else if (act === 'notify') for (const { notify } of this.#listeners) notify();
    else this.clock.advance(act.wait);
  }

  async #find(node: AdministeredStore): Promise<void> {
    const began = this.#moment();
    const found = await node.find(this.#session.sessionId);
    const answered = this.#moment();
    if (found === undefined) return this.#violate('P4: a session that exists was not found');
    if (found.endedAt === null) return this.#judgeAccepted(node, began);
    if (answered.order < this.#ending) this.#violate('P4: refused although nobody had ended it');
    this.#refused.set(node, Math.min(answered.order, this.#refused.get(node) ?? Infinity));
  }

  #judgeAccepted(node: AdministeredStore, began: Moment): void {
    if (this.#acknowledged !== undefined && began.time >= this.#acknowledged.time + LEASE) {
      this.#violate('P1: accepted later than the lease after the end');
    }
    if (began.order > (this.#acknowledgedBy.get(node) ?? Infinity)) {
      this.#violate('P2: accepted by the node that had ended it');
    }
    if (began.order > (this.#refused.get(node) ?? Infinity)) this.#violate('P3: accepted after a refusal');
  }

  async #end(node: AdministeredStore): Promise<void> {
    this.#ending = Math.min(this.#ending, this.#moment().order);
    const { ended } = await node.end(everySessionOf(ALICE), this.#reason());
    const now = this.#moment();
    if (ended.length > 0) this.#acknowledgedBy.set(node, now.order);
    this.#acknowledged ??= now;
  }

  async #endByHand(): Promise<void> {
    const now = this.#moment();
    this.#ending = Math.min(this.#ending, now.order);
    await this.#endTruly();
    this.#acknowledged ??= now;
  }

  async #endTruly(): ReturnType<AdministeredStore['end']> {
    const ending = await this.#truth.end(everySessionOf(ALICE), this.#reason());
    this.#log.push(...ending.ended.map(({ sessionId }) => sessionId));
    return ending;
  }

  #node({ Follower = ChangeFollower, behind, before }: Mistake): AdministeredStore {
    const { clock } = this;
    const cache = sessionCache(10);
    const hint = {
      name: 'hint',
      listen: (listener: HintListener) => (this.#listeners.push(listener), () => undefined),
    };
    const hints = [new MonitoredHint(hint, () => undefined, clock)];
    const follower = new Follower(this.#changes(), {
      clock,
      lease: LEASE,
      hints,
      onFailure: () => undefined,
    });
    const inner = behind?.(this.#store(), cache) ?? this.#store();
    const node = cached(inner, { cache, follower, lifetimes: LIFETIMES, rotation: ROTATION, clock });
    return before?.(node) ?? node;
  }

  /** The store behind a network. */
  #store(): AdministeredStore {
    return this.#remote(this.#truth, {
      find: async (id: string) => this.#truth.find(id),
      end: () => this.#endTruly(),
    });
  }

  #changes(): Changes {
    const read = async (since: string | undefined): Promise<ChangeSet> => {
      const ids = this.#log.slice(Number(since ?? this.#log.length));
      return { ids, everything: since === undefined, position: String(this.#log.length), time: 0 };
    };
    return this.#remote<Changes>(
      { read, rest: async () => undefined, close: async () => undefined },
      { read },
    );
  }

  /** Replaces methods by ones whose call and result each arrive when the scheduler decides. */
  #remote<T extends object>(local: T, methods: Partial<T>): T {
    const remote = Object.entries(methods as Record<string, (...given: unknown[]) => Promise<unknown>>).map(
      ([name, method]) => [
        name,
        async (...given: unknown[]) => {
          await this.#scheduler.schedule(Promise.resolve(), `${name} arrives`);
          const result = await method(...given);
          await this.#scheduler.schedule(Promise.resolve(), `${name} returns`);
          return result;
        },
      ],
    );
    return changed(local, Object.fromEntries(remote) as Partial<T>);
  }

  #reason(): End {
    return { at: this.clock.now(), reason: 'revoked', by: null };
  }

  #moment(): Moment {
    return { order: ++this.#order, time: this.clock.monotonic() };
  }

  #violate(property: string): void {
    this.violations.push(property);
  }
}

/** The object with some methods replaced. */
function changed<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(methods, name) ? methods : target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function nothingIsViolated(mistake: Mistake = {}) {
  return fc.asyncProperty(fc.scheduler(), STEPS, async (scheduler, steps) => {
    const world = await World.of(scheduler, mistake);
    for (const step of steps) await world.take(step);
    await world.settle();
    expect(world.violations).toEqual([]);
  });
}

class ExtendedByHits extends ChangeFollower {
  #until = -Infinity;

  override trustedAt(moment: number): boolean {
    if (super.trustedAt(moment) || moment < this.#until) this.#until = moment + LEASE;
    return moment < this.#until;
  }
}

class CountedFromAnswers extends ChangeFollower {
  readonly #answer: { at: number };

  constructor(changes: Changes, options: FollowerOptions) {
    const answer = { at: -Infinity };
    const read = async (since: string | undefined) => {
      const change = await changes.read(since);
      answer.at = options.clock.monotonic();
      return change;
    };
    super(changed(changes, { read }), options);
    this.#answer = answer;
  }

  override trustedAt(moment: number): boolean {
    return moment < this.#answer.at + LEASE;
  }
}

class TrustingDuringPause extends ChangeFollower {
  readonly #pause: { trusted: boolean };

  constructor(changes: Changes, options: FollowerOptions) {
    const pause = { trusted: false };
    const read = (since: string | undefined) => {
      pause.trusted = false;
      return changes.read(since);
    };
    const rest = () => {
      pause.trusted = true;
      return changes.rest();
    };
    super(changed(changes, { read, rest }), options);
    this.#pause = pause;
  }

  override trustedAt(moment: number): boolean {
    return this.#pause.trusted || super.trustedAt(moment);
  }
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'caching the result of a read that a revocation cancelled': {
    behind: (store, cache) =>
      changed(store, {
        find: async (id) => {
          const session = await store.find(id);
          cache.set(id, new CachedSession(session!, { lifetimes: LIFETIMES, rotation: ROTATION }));
          return session;
        },
      }),
  },
  'extending the lease at every cache hit': { Follower: ExtendedByHits },
  'counting the lease from the time of the result': { Follower: CountedFromAnswers },
  'trusting the cache while reading is paused': { Follower: TrustingDuringPause },
  'joining a read that began before the end': {
    before: (store) => {
      let underway: Promise<StoredSession | undefined> | undefined;
      const find = (id: string) => {
        if (underway !== undefined) return underway;
        const found = store.find(id);
        if (found instanceof Promise) underway = found.finally(() => (underway = undefined));
        return underway ?? found;
      };
      return changed(store, { find });
    },
  },
};

/** A fixed seed makes runs repeatable. Any value will do. */
const SEED = 20;

describe('a node, in every order of calls and results,', () => {
  it('accepts no session that has ended for longer than the lease, and refuses no live session', async () => {
    await fc.assert(nothingIsViolated(), { seed: SEED, numRuns: 2000 });
  });
});

describe('the simulation', () => {
  it.each(Object.entries(MISTAKES))('detects a node that makes the mistake of %s', async (_, mistake) => {
    const { failed, errorInstance } = await fc.check(nothingIsViolated(mistake), {
      seed: SEED,
      numRuns: 5000,
      endOnFailure: true,
    });
    expect([failed, String(errorInstance)]).toEqual([true, expect.stringMatching(/P[123]: accepted/)]);
  });
});
