import type { Clock } from '../../clock';
import { mintSecret } from '../../session/credentials';

/** What a random token stands for. */
export interface HandedOver {
  readonly sessionId: string;
  readonly secret: string;
}

/** How many are kept: beyond it the oldest are good for nothing any more. */
const MOST_KEPT = 10_000;

/**
 * The `random` of logins: each hands its session over to another client, once and soon. They are kept in this process
 * only, for the secret that goes with them must be written nowhere.
 */
export class RandomTokens {
  readonly #kept = new Map<string, HandedOver & { readonly until: number }>();
  readonly #clock: Clock;
  readonly #timeout: number;

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** Whether there are any. */
  get enabled(): boolean {
    return this.#timeout > 0;
  }

  mint(sessionId: string, secret: string): string {
    this.#forgetOld();
    const token = mintSecret('hex');
    this.#kept.set(token, { sessionId, secret, until: this.#clock.monotonic() + this.#timeout });
    return token;
  }

  /** What the token stands for: for the first who asks in time. */
  take(token: string): HandedOver | undefined {
    this.#forgetOld();
    const kept = this.#kept.get(token);
    this.#kept.delete(token);
    return kept && { sessionId: kept.sessionId, secret: kept.secret };
  }

  /** They were added in the order in which they expire. */
  #forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [token, { until }] of this.#kept) {
      if (until > now && this.#kept.size < MOST_KEPT) return;
      this.#kept.delete(token);
    }
  }
}
