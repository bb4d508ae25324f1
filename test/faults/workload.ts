import { setTimeout as sleep } from 'node:timers/promises';

import { FLUSH_EVERY } from '../../lib/store/buffered';
import type { Address, Client, Errand, Held } from './client';
import type { Operation } from './history';

export interface WorkloadOptions {
  readonly client: Client;
  readonly nodes: readonly [Address, Address];
  /** The number of clients that are not hunters. */
  readonly others: number;
  /** The shortest pause between two errands of a client, in milliseconds. The longest is twice as long. */
  readonly pause: number;
  /** True if hunters end a session only after its first use is written. */
  readonly patient: boolean;
}

/** The number of unanswered errands after which a client sends no more to a node. */
const QUEUE = 3;

/** The time that a client waits for a slow node before its next errand, in milliseconds. */
const HASTE = 300;

/** The number of sessions after which a client opens no further ones. */
const DEVICES = 2;

/** The interval in milliseconds and the number of a hunter's attempts to use an ended session. Lasts longer than the lease. */
const TRY_EVERY = 200;
const TRIES = 16;

/** The time after which the first use of a session is written, in milliseconds. */
const FIRST_USE_WRITTEN = FLUSH_EVERY + 300;

/** The number of parallel hunts of one hunter. */
const HUNTS = 4;

/** The number of clients that are hunters. */
const HUNTERS = 6;

/** The number of ended sessions that clients keep trying. The freshest ones are tried as often as all others together. */
const GHOSTS = 500;
const FRESH_GHOSTS = 20;

/**
 * Clients that sign in, send requests, list their sessions and end them, on both nodes. Every two clients share a user. They
 * also try ended sessions, so that about half of the requests must be refused.
 */
export class Workload {
  readonly #options: WorkloadOptions;
  /** The live sessions of each user. */
  readonly #held = new Map<string, Held[]>();
  #ghosts: Held[] = [];
  /** The sessions that hunters could not end. */
  readonly #escaped: Held[] = [];
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  start(): void {
    const hunters = Array.from({ length: HUNTERS }, (_, i) => this.#hunter(`hunter-${i}`, i % 2));
    const others = Array.from({ length: this.#options.others }, (_, i) => this.#client(`user-${i >> 1}`));
    this.#running = Promise.all([...hunters, ...others]);
  }

  /** Stops the clients and waits for running errands. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** All sessions that may be live. */
  get live(): readonly Held[] {
    return [...this.#held.values(), this.#escaped].flat();
  }

  /** The sessions that ended most recently. */
  get freshGhosts(): readonly Held[] {
    return this.#ghosts.slice(-FRESH_GHOSTS);
  }

  async #client(user: string): Promise<void> {
    const { nodes, pause } = this.#options;
    const own: Held[] = [];
    const underway = nodes.map(() => new Set<Promise<void>>());
    await sleep(pause * 2 * Math.random());
    while (!this.#stopped) {
      const errands = this.#next(user, own);
      for (const [i, node] of shuffled(nodes.map((node, i) => [i, node] as const))) {
        const errand = errands.shift();
        if (errand === undefined || underway[i]!.size >= QUEUE) continue;
        const running = this.#run(errand, node, own).finally(() => underway[i]!.delete(running));
        underway[i]!.add(running);
        await Promise.race([running, sleep(HASTE)]);
      }
      await sleep(pause * (1 + Math.random()));
    }
    await Promise.all(underway.flatMap((some) => [...some]));
  }

  /** Starts a hunt from time to time, while others continue. */
  async #hunter(name: string, own: number): Promise<void> {
    const hunts = new Set<Promise<void>>();
    for (let begun = 0; !this.#stopped;) {
      if (hunts.size < HUNTS) {
        const hunt = this.#hunt(`${name}-${++begun}`, own).finally(() => hunts.delete(hunt));
        hunts.add(hunt);
      }
      await sleep(2 * HASTE * (1 + Math.random()));
    }
    await Promise.all(hunts);
  }

  /**
   * Uses a session on one node, ends it on the other, and keeps using it on the first. This detects a cache entry that is
   * trusted for too long.
   */
  async #hunt(user: string, own: number): Promise<void> {
    const { client, nodes, patient } = this.#options;
    const [here, there] = [nodes[own]!, nodes[1 - own]!];
    const { opened } = await client.run({ act: 'sign in', user }, here);
    if (opened === undefined) return;
    const as = { user, with: opened };
    const asked = [client.run({ act: 'request', ...as }, there)];
    await sleep(patient ? FIRST_USE_WRITTEN : 2 * HASTE * Math.random());
    const { operation } = await client.run({ act: 'sign out', ...as, ends: [opened.id] }, here);
    if (operation.outcome !== 'accepted') this.#escaped.push(opened);
    asked.push(client.run({ act: 'request', ...as }, here));
    for (let tried = 0; tried < TRIES && !this.#stopped; tried++) {
      asked.push(client.run({ act: 'request', ...as }, there));
      await sleep(TRY_EVERY);
    }
    await Promise.all(asked);
  }

  /** The next errands of a client: one for each node, or one in total. */
  #next(user: string, own: readonly Held[]): Errand[] {
    const session = anyOf(own);
    const chance = Math.random();
    if (session === undefined || (chance < 0.05 && own.length < DEVICES)) return [{ act: 'sign in', user }];
    const others = (this.#held.get(user) ?? []).filter(({ id }) => id !== session.id);
    const other = anyOf(others);
    const as = { user, with: session };

    if (chance < 0.08) return [{ act: 'sign in', ...as, ends: [session.id] }];
    if (chance < 0.12) return [{ act: 'sign out', ...as, ends: [session.id] }];
    if (chance < 0.16 && other) return [{ act: 'revoke', ...as, target: other.id, ends: [other.id] }];
    if (chance < 0.19) return [{ act: 'revoke others', ...as, ends: others.map(({ id }) => id) }];
    if (chance < 0.27) return [{ act: 'list', ...as }];
    const ghost = anyOf(Math.random() < 0.5 ? this.#ghosts : this.freshGhosts);
    const who = chance < 0.55 && ghost ? { user: ghost.user, with: ghost } : as;
    return [
      { act: 'request', ...who },
      { act: 'request', ...who },
    ];
  }

  async #run(errand: Errand, node: Address, own: Held[]): Promise<void> {
    const { operation, opened } = await this.#options.client.run(errand, node);
    if (opened !== undefined) {
      own.push(opened);
      this.#held.set(opened.user, [...(this.#held.get(opened.user) ?? []), opened]);
    }
    for (const id of endedBy(operation)) this.#markEnded(operation.user, id);
    // Clients drop the cookies of refused sessions.
    own.splice(0, own.length, ...own.filter((session) => this.#held.get(session.user)?.includes(session)));
  }

  #markEnded(user: string, id: string): void {
    const held = this.#held.get(user) ?? [];
    this.#held.set(
      user,
      held.filter((session) => session.id !== id),
    );
    this.#ghosts = [...this.#ghosts, ...held.filter((session) => session.id === id)].slice(-GHOSTS);
  }
}

/** The sessions that have certainly ended after an operation. Clients keep using one that may have ended. */
function endedBy({ outcome, session, ends }: Operation): readonly string[] {
  if (outcome === 'accepted') return ends;
  return outcome === 'refused' && session !== undefined ? [session] : [];
}

function anyOf<T>(all: readonly T[]): T | undefined {
  return all[Math.floor(Math.random() * all.length)];
}

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((each) => [Math.random(), each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each);
}
