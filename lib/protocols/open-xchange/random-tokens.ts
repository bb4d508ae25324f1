import type { Request } from 'express';

import type { Clock } from '../../clock';
import { clientAddress } from '../../http/client-address';
import { mintSecret } from '../../session/credentials';
import { LONGEST_USER_AGENT } from '../../session/device/describe';
import { currentIpAddress, type IdentitySession } from '../../session/session';
import { capped } from '../../session/text';

/** The credentials that a random token hands over. */
export interface Handover {
  readonly sessionId: string;
  readonly secret: string;
}

interface Token extends Handover {
  /** The address and the user agent that may redeem the token. */
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly until: number;
}

/** The number of tokens in memory. If there are more, the oldest become invalid. */
const MOST_TOKENS = 10_000;

/**
 * The random tokens of logins. A token hands the session of its login over to another program of the same client: once, within
 * the timeout, and only at the session's address and with its user agent. Otherwise an attacker could hand the own session over
 * to a visitor. Tokens exist only in the memory of this process, because they contain the secret in plain text.
 */
export class RandomTokens {
  readonly #tokens = new Map<string, Token>();
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

  /** Creates a token for the session. */
  mint(session: IdentitySession, secret: string): string {
    this.#dropOld();
    const token = mintSecret('hex');
    const { sessionId, userAgent } = session;
    const until = this.#clock.monotonic() + this.#timeout;
    this.#tokens.set(token, { sessionId, secret, userAgent, ipAddress: currentIpAddress(session), until });
    return token;
  }

  /**
   * Returns the credentials of a token and invalidates it. Returns undefined if the token is unknown or too old, or if the
   * request comes from another client. A client with an unknown address never redeems a token.
   */
  redeem(token: string, request: Request): Handover | undefined {
    this.#dropOld();
    const found = this.#tokens.get(token);
    this.#tokens.delete(token);
    if (found === undefined || found.ipAddress === null) return undefined;
    const userAgent = capped(request.headers['user-agent'], LONGEST_USER_AGENT);
    if (found.ipAddress !== clientAddress(request) || found.userAgent !== userAgent) return undefined;
    return { sessionId: found.sessionId, secret: found.secret };
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
