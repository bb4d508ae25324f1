import { plainRefusal, SessionError, type PlainRefusal, type RefusalDetails } from '../errors';
import { placeOf, type Locator } from '../location/location';
import { credentialsMatch, type Credentials } from '../session/credentials';
import { ipAddress, namesAddress } from '../session/ip-address';
import { withoutExpiredData, cutoffs, stage } from '../session/lifetimes';
import {
  afterUse,
  currentIpAddress,
  referenceTo,
  withoutSecret,
  type IdentitySession,
  type StoredSession,
} from '../session/session';
import type { Settings } from '../options/settings';
import type { MaybePromise, SessionStore } from '../store/store';

/** The circumstances of a request. */
export interface Visit {
  /** The address of the request, in any usual spelling; text that is none counts as unknown, as does its absence. */
  readonly ipAddress?: string | null | undefined;
  /** Whether it counts as use of the session. `true` when absent. */
  readonly activity?: boolean | undefined;
  /** Whether the address must be the session's where `ipCheck` sets no `mode`. `false` when absent. */
  readonly sameAddress?: boolean | undefined;
  /**
   * The address that the session goes on at, where a program asks on behalf of a user who sits elsewhere. What is checked is
   * the request's own address.
   */
  readonly movesTo?: string | undefined;
}

/** In the place of credentials: the session was named by a token whose signature the app has verified. */
export const CLAIMED = Symbol('claimed');

/** What shows that a session is the request's own. */
export type Proof = Credentials | typeof CLAIMED;

/** Judges requests: whether one proves possession of its session, and whether that lives and may be used from its address. */
export class Verification {
  readonly #store: SessionStore;
  readonly #settings: Settings;
  readonly #countryOf: (address: string) => string | undefined;

  constructor(store: SessionStore, settings: Settings, locate: Locator | undefined) {
    this.#store = store;
    this.#settings = settings;
    this.#countryOf = (address) => placeOf(address, locate)?.country;
  }

  /** @throws SessionError as `verify` of the manager */
  verify(sessionId: string | undefined, proof: Proof, visit: Visit): MaybePromise<IdentitySession> {
    const found = sessionId === undefined ? undefined : this.#store.find(sessionId);
    if (found instanceof Promise) return found.then((session) => this.#admit(session, proof, visit));
    return this.#admit(found, proof, visit);
  }

  #admit(session: StoredSession | undefined, proof: Proof, visit: Visit): MaybePromise<IdentitySession> {
    // Without a session too: its absence must not show in the time that a refusal takes.
    const proved = proof === CLAIMED || credentialsMatch(proof, session);
    if (!proved || session === undefined) {
      throw this.#refusal('credentials-invalid', visit);
    }
    if (session.endedAt !== null) {
      throw this.#refusal('session-ended', visit, session, { endReason: session.endReason ?? undefined });
    }
    const now = this.#settings.clock.now();
    const at = stage(session, this.#settings.lifetimes, now);
    if (at === 'ended') throw this.#refusal('session-expired', visit, session);
    const moved = this.#move(session, visit);
    if (visit.activity === false)
      return withoutExpiredData(withoutSecret(session), this.#settings.lifetimes, now);
    return at === 'hibernating' ? this.#wake(session, proof, visit, now) : this.#touch(session, moved, now);
  }

  /**
   * The address that becomes the session's with this request, if it is another one.
   * @throws SessionError `ip-changed`, `invalid-request`
   */
  #move(session: StoredSession, visit: Visit): readonly string[] {
    const followed = this.#follow(session, visit);
    if (visit.movesTo === undefined) return followed;
    const address = ipAddress(visit.movesTo);
    if (address === null) throw new SessionError('invalid-request', '"movesTo" must be an IP address.');
    return [address];
  }

  /** @throws SessionError `ip-changed` */
  #follow(session: StoredSession, visit: Visit): readonly string[] {
    const { ipAddress: from } = visit;
    const current = currentIpAddress(session);
    if (from && current !== null && namesAddress(from, current)) return NO_ADDRESSES;
    const address = ipAddress(from);
    const check = visit.sameAddress ? this.#settings.sameAddressCheck : this.#settings.ipCheck;
    const { allowed, follow } = check(current, address, session.clientId, this.#countryOf);
    if (!allowed) throw this.#refusal('ip-changed', visit, session);
    return follow && address !== null && address !== current ? [address] : NO_ADDRESSES;
  }

  /** A session that wakes has lost its data. Who finds that it was woken or ended meanwhile looks again. */
  async #wake(session: StoredSession, proof: Proof, visit: Visit, now: number): Promise<IdentitySession> {
    const { short } = cutoffs(this.#settings.lifetimes, now);
    if (await this.#store.wake(session.sessionId, now, short)) {
      this.#settings.report({ type: 'reactivated', session: referenceTo(session) });
      const awake = { ...session, data: {}, lastAccessed: now };
      return this.#touch(awake, this.#move(awake, visit), now);
    }
    return this.verify(session.sessionId, proof, visit);
  }

  #touch(session: StoredSession, ipAddresses: readonly string[], now: number): MaybePromise<IdentitySession> {
    const { nodeId: node, observed, report } = this.#settings;
    const touched = this.#store.touch([{ id: session.sessionId, at: now, ipAddresses, node }]);
    const seen = withoutSecret(afterUse(session, { at: now, ipAddresses }));
    if (observed) report({ type: 'touched', session: referenceTo(seen) });
    return touched instanceof Promise ? touched.then(() => seen) : seen;
  }

  /** The refusal of a request, which is told of. The session is its own only when it has proved that. */
  #refusal(
    code: PlainRefusal,
    { ipAddress: from }: Visit,
    session?: StoredSession,
    evidence?: RefusalDetails,
  ): SessionError {
    const of = session && { session: referenceTo(session) };
    this.#settings.report({ type: 'refused', code, ...of, ipAddress: ipAddress(from) });
    return plainRefusal(code, evidence);
  }
}

const NO_ADDRESSES: readonly string[] = Object.freeze([]);
