import type { Clock } from '../../clock';
import { mintSecret } from '../../session/credentials';

/** The credentials that a random token hands over. */
export interface Handover {
  readonly sessionId: string;
  readonly secret: string;
}

/** The number of tokens in memory. If there are more, the oldest become invalid. */
const MOST_TOKENS = 10_000;

/**
 * The random tokens of logins. Each hands its session over to another client, once and within the timeout. They are kept in
 * the memory of this process only, because the secret must not be written anywhere.
 */
export class RandomTokens {
  readonly #tokens = new Map<string, Handover & { readonly until: number }>();
  readonly #clock: Clock;
  readonly #timeout: number;

  /** @param timeout In milliseconds. With 0, no token is valid. */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** True if tokens can be redeemed. */
  get enabled(): boolean {
    return this.#timeout > 0;
  }

  mint(sessionId: string, secret: string): string {
    this.#dropOld();
    const token = mintSecret('hex');
    this.#tokens.set(token, { sessionId, secret, until: this.#clock.monotonic() + this.#timeout });
    return token;
  }

  /** Returns the credentials of a token and invalidates it. Returns undefined if the token is unknown or too old. */
  redeem(token: string): Handover | undefined {
    this.#dropOld();
    const found = this.#tokens.get(token);
    this.#tokens.delete(token);
    return found && { sessionId: found.sessionId, secret: found.secret };
  }

  /** Starts with the oldest token: tokens expire in the order in which they were added. */
  #dropOld(): void {
    const now = this.#clock.monotonic();
    for (const [token, { until }] of this.#tokens) {
      if (until > now && this.#tokens.size < MOST_TOKENS) return;
      this.#tokens.delete(token);
    }
  }
}
