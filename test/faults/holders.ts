import { setTimeout as sleep } from 'node:timers/promises';

import type { RotationRules } from '../../lib/session/secret-rotation';
import type { Address, Client, Held } from './client';

/** The number of browsers. The cookies of every second one are stolen. */
const BROWSERS = 8;

/** The number of parallel requests of a page. */
const REQUESTS = 6;

/** The pause between two pages, in milliseconds. */
const PAUSE = 120;

/** The share of pages before which a browser crashes, and of responses that are lost. */
const CRASHES = 0.05;
const LOSSES = 0.2;

/**
 * Browsers that load pages with parallel requests, lose responses, and lose their newest cookie in crashes. Thieves copy the cookies
 * of some, and use them when their secrets were replaced.
 */
export class Holders {
  readonly #client: Client;
  readonly #nodes: readonly [Address, Address];
  readonly #rules: RotationRules;
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(client: Client, nodes: readonly [Address, Address], rules: RotationRules) {
    this.#client = client;
    this.#nodes = nodes;
    this.#rules = rules;
  }

  start(): void {
    const browsers = Array.from({ length: BROWSERS }, (_, i) => this.#browser(i));
    this.#running = Promise.all(browsers);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Signs in again when its session has ended, so that there are several thefts. */
  async #browser(number: number): Promise<void> {
    for (let life = 0; !this.#stopped; life++) {
      const user = `holder-${number}-${life}`;
      const { opened } = await this.#client.run({ act: 'sign in', user }, this.#nodes[0]);
      if (opened === undefined) await sleep(PAUSE);
      else if (number % 2 === 0) await this.#browse(opened);
      else await Promise.all([this.#browse(opened), this.#steal(opened, this.#nodes[(number >> 1) % 2]!)]);
    }
  }

  /** Loads pages until the session is refused. */
  async #browse(held: Held): Promise<void> {
    // A small part of the grace period, because responses can be late on a busy machine.
    const flushedAfter = this.#rules.rotationGrace / 5;
    let received = [{ cookie: held.cookie, at: -Infinity }];
    const load = async (node: Address): Promise<boolean> => {
      const isLost = Math.random() < LOSSES;
      const { operation } = await this.#client.run(
        { act: 'request', user: held.user, with: held, isLost },
        node,
      );
      if (held.cookie !== received.at(-1)!.cookie) {
        // After a slow response, the grace period may be over before the cookie is on disk. Browsers have 60 seconds for it.
        const isSlow = operation.answered - operation.began > this.#rules.rotationGrace / 2;
        received = [...received, { cookie: held.cookie, at: isSlow ? -Infinity : operation.answered }];
      }
      return operation.outcome !== 'refused';
    };
    for (let isLive = true; isLive && !this.#stopped;) {
      if (Math.random() < CRASHES) {
        received = received.filter(({ at }) => at + flushedAfter <= performance.now());
        held.cookie = received.at(-1)!.cookie;
      }
      const loading = Array.from({ length: REQUESTS }, (_, i) => load(this.#nodes[i % 2]!));
      isLive = !(await Promise.all(loading)).includes(false);
      await sleep(PAUSE * (0.5 + Math.random()));
    }
  }

  /** Uses a copy of the first cookie on one node, after its owner has certainly stored the next one. */
  async #steal(held: Held, node: Address): Promise<void> {
    const copy: Held = { ...held, issued: held.issued };
    await sleep(this.#rules.rotateAfter + 3 * this.#rules.rotationGrace);
    for (let tried = 0; tried < 30 && !this.#stopped; tried++) {
      await this.#client.run({ act: 'request', user: copy.user, with: copy, stolen: true }, node);
      await sleep(PAUSE);
    }
  }
}
