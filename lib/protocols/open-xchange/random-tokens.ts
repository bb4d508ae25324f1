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
 * The random tokens of logins. A token hands the session of its login over to another client, once and within the timeout.
 * Tokens exist only in the memory of this process, because they contain the secret in plain text.
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

  /** True if the timeout allows tokens to be redeemed. */
  get enabled(): boolean {
    return this.#timeout > 0;
  }

  /** Creates a token for the credentials. */
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

  /** Deletes expired tokens. It starts with the oldest, because tokens expire in the order in which they were added. */
  #dropOld(): void {
    const now = this.#clock.monotonic();
    for (const [token, { until }] of this.#tokens) {
      if (until > now && this.#tokens.size < MOST_TOKENS) return;
      this.#tokens.delete(token);
    }
  }
}
