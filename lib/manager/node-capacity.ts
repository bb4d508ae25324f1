import type { Clock } from '../clock';
import { SessionError } from '../errors';

/** How long a count is gone by, in milliseconds. */
const COUNT_EVERY = 1000;

export interface NodeCapacityOptions {
  /** How many live sessions the node may hold. */
  readonly max: number;
  /** Counts those that it holds. */
  readonly count: () => Promise<number>;
  readonly clock: Clock;
}

/**
 * Keeps a node from holding more sessions than it should. They are counted at most once a second, while sign-ins come; in
 * between every sign-in that takes a place is added. So it protects a node, and is no exact rule: a place that becomes free,
 * or that a sign-in took in vain because it was refused after all, is noticed at the next count, and a sign-in that is under
 * way during a count may be missed by it.
 */
export class NodeCapacity {
  readonly #options: NodeCapacityOptions;
  #held = 0;
  #countedAt = -Infinity;
  #counting: Promise<void> | undefined;

  constructor(options: NodeCapacityOptions) {
    this.#options = options;
  }

  /**
   * Takes a place for a sign-in.
   * @throws SessionError `session-limit-reached`, and what counting throws
   */
  async take(): Promise<void> {
    if (this.#options.clock.monotonic() - this.#countedAt >= COUNT_EVERY) {
      await (this.#counting ??= this.#count());
    }
    if (this.#held >= this.#options.max) {
      throw new SessionError(
        'session-limit-reached',
        'There is no room for more sessions; try again later.',
        {
          per: 'node',
        },
      );
    }
    this.#held++;
  }

  async #count(): Promise<void> {
    try {
      this.#held = await this.#options.count();
      this.#countedAt = this.#options.clock.monotonic();
    } finally {
      this.#counting = undefined;
    }
  }
}
