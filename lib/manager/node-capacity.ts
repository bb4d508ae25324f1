import type { Clock } from '../clock';
import { SessionError } from '../errors';

/** How long a count is used, in milliseconds. */
const COUNT_EVERY = 1000;

export interface NodeCapacityOptions {
  /** The largest number of live sessions on the node. */
  readonly max: number;
  /** Counts the live sessions of the node. */
  readonly count: () => Promise<number>;
  readonly clock: Clock;
}

/**
 * Limits the number of sessions on a node. Sessions are counted at most once a second, while sign-ins arrive; in between,
 * every sign-in adds one. The limit protects the node and is not exact: a session that ends, or a sign-in that is refused
 * afterwards, frees its place at the next count, and a count may miss a sign-in that is in progress.
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
   * Reserves a place for a sign-in.
   * @throws SessionError `session-limit-reached`, and the errors of `count`
   */
  async reserve(): Promise<void> {
    if (this.#options.clock.monotonic() - this.#countedAt >= COUNT_EVERY) {
      await (this.#counting ??= this.#count());
    }
    if (this.#held >= this.#options.max) {
      throw new SessionError(
        'session-limit-reached',
        'This server has no room for more sessions. Try again later.',
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
