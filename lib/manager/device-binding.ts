import { plainRefusal, SessionError } from '../errors';
import { lru } from '../lru';
import type { Settings } from '../options/settings';
import { isSignedBy, readProof } from '../session/binding-proof';
import type { Key, Keys } from '../session/keyed-hash';
import type { IdentitySession, StoredSession } from '../session/session';
import { stampExpiry, stampOf } from '../session/stamp';
import type { AdministeredStore, MaybePromise } from '../store/store';
import { managerPart } from './manager-part';

/** The proof in a request that it comes from the device of its session. */
export interface BindingEvidence {
  /** The value of the bound cookie. */
  readonly cookie: string | undefined;
  /** True if the browser says that it could not renew the bound cookie. */
  readonly skipped: boolean;
  /** True for a request with which the browser gets the bound cookie, so that it needs none. Only `deviceBinding` sets it. */
  readonly renews?: true;
}

/** The circumstances of a request. Its evidence is read only for a session that needs it. */
export interface BoundVisit {
  readonly binding?: BindingEvidence | undefined;
}

/** The time for which a bound cookie is valid, in milliseconds. A stolen one is worth nothing afterwards. */
export const BOUND_FOR = 10 * 60_000;

/** A request that was sent just before its cookie ran out is accepted for this time, in milliseconds. */
const ON_THE_WAY = 30_000;

/** The time in which a browser must answer a challenge, in milliseconds. Making a key in hardware takes seconds. */
const CHALLENGE_LIFETIME = 2 * 60_000;

/**
 * The time after a sign-in in which a browser must register, in milliseconds, if the app requires it. Pages that open meanwhile are
 * accepted.
 */
const TIME_TO_REGISTER = 60_000;

/** The number of bound cookies that are recognized without computing a hash. */
const MOST_RECOGNIZED = 10_000;

/** The session and the key that a bound cookie is for, and the time until which it is valid. */
interface Recognized {
  readonly sessionId: string;
  readonly key: string;
  readonly until: number;
}

/** The purposes of stamps. */
const REGISTRATION = 'binding registration';
const RENEWAL = 'binding renewal';
const COOKIE = 'bound cookie';

/** The parts of a manager that device binding uses. */
export interface DeviceBindingParts {
  readonly store: AdministeredStore;
  readonly keys: Keys;
  readonly settings: Settings;
}

/**
 * Binds sessions to the devices of their browsers (Device Bound Session Credentials). The row holds the public key. Its browser
 * proves about every ten minutes that it holds the private key, and gets a short-lived cookie, without which requests of a bound
 * session are refused. Challenges and cookies are stamps of the installation, so that every node recognizes them without a query.
 */
export class DeviceBinding {
  readonly #parts: DeviceBindingParts;
  /** Bound cookies that were valid when they were last seen. */
  readonly #recognized = lru<Recognized>(MOST_RECOGNIZED);

  constructor(parts: DeviceBindingParts) {
    this.#parts = parts;
  }

  /** Returns the challenge that lets a browser bind a session that it has just signed in to. */
  registrationChallenge({ sessionId }: IdentitySession): Promise<string> {
    return this.#stamp(REGISTRATION, sessionId, CHALLENGE_LIFETIME);
  }

  /** Returns the challenge that a browser must answer to get the bound cookie again. */
  renewalChallenge({ sessionId }: IdentitySession): Promise<string> {
    return this.#stamp(RENEWAL, sessionId, CHALLENGE_LIFETIME);
  }

  /**
   * Stores the key in the proof, and returns the value of the bound cookie. The session is bound from the first request with this
   * cookie on, because the response may be lost: then the browser goes on without binding, or registers again, also with another key.
   * A bound session keeps its key.
   * @throws SessionError `credentials-invalid`, `store-unavailable`
   */
  async register({ sessionId }: IdentitySession, text: string): Promise<string> {
    const { store } = this.#parts;
    const proof = readProof(text);
    const key = proof?.key;
    if (proof === undefined || key === undefined || !isSignedBy(proof, key)) throw invalidProof();
    if (!(await this.#isOwn(REGISTRATION, sessionId, proof.challenge))) throw invalidProof();
    if (!(await store.bind(sessionId, key))) {
      const present = await store.read(sessionId);
      if (present?.boundKey !== key || present.endedAt !== null) throw invalidProof();
    }
    return this.#cookie(sessionId, key);
  }

  /**
   * Returns the value of a new bound cookie, or undefined if the proof answers an old challenge, so that the browser must answer a new
   * one.
   * @throws SessionError `credentials-invalid`, `store-unavailable`
   */
  async renew({ sessionId }: IdentitySession, text: string): Promise<string | undefined> {
    const key = await this.#keyOf(sessionId);
    const proof = readProof(text);
    if (proof === undefined || key === null || !isSignedBy(proof, key)) throw invalidProof();
    if (!(await this.#isOwn(RENEWAL, sessionId, proof.challenge))) return undefined;
    return this.#cookie(sessionId, key);
  }

  /**
   * Checks that the request comes from the device that the session is bound to. Returns nothing, without waiting, if the cookie was
   * seen before.
   * @throws SessionError `binding-required`, `binding-unavailable`
   */
  check(session: StoredSession, visit: BoundVisit, now: number): MaybePromise<void> {
    const { deviceBound } = this.#parts.settings;
    if (deviceBound === 'off') return undefined;
    const { boundKey: key, boundAt, signedIn } = session;
    const isFree = boundAt === null && (deviceBound === 'optional' || now - signedIn < TIME_TO_REGISTER);
    if (isFree && key === null) return undefined;
    // Requests that were sent before the browser received its first bound cookie are still on their way.
    if (boundAt !== null && Math.abs(now - boundAt) < ON_THE_WAY) return undefined;
    const { binding: evidence } = visit;
    if (evidence?.renews === true) return undefined;
    const recognized = this.#recognizes(session, evidence?.cookie, now);
    return recognized instanceof Promise
      ? recognized.then((valid) => this.#decide(session, evidence, { isFree, valid, now }))
      : this.#decide(session, evidence, { isFree, valid: recognized, now });
  }

  #decide(
    { boundAt, boundKey, sessionId }: StoredSession,
    evidence: BindingEvidence | undefined,
    { isFree, valid, now }: { readonly isFree: boolean; readonly valid: boolean; readonly now: number },
  ): MaybePromise<void> {
    if (!valid && !isFree) throw missing(evidence);
    if (valid && boundAt === null) return this.#confirm(sessionId, boundKey!, now);
    return undefined;
  }

  /** Returns true if it is a valid bound cookie of the session. */
  #recognizes(
    { sessionId, boundKey: key }: StoredSession,
    cookie: string | undefined,
    now: number,
  ): MaybePromise<boolean> {
    if (cookie === undefined || key === null) return false;
    const known = this.#recognized.get(cookie);
    if (known?.sessionId === sessionId && known.key === key && known.until > now) return true;
    const isValidUnder = (all: readonly Key[]) => {
      const until = stampExpiry(all, cookie, { purpose: COOKIE, subject: subjectOf(sessionId, key), now });
      if (until !== undefined) this.#recognized.set(cookie, { sessionId, key, until });
      return until !== undefined;
    };
    const keys = this.#parts.keys();
    return keys instanceof Promise ? keys.then(isValidUnder) : isValidUnder(keys);
  }

  /** Notes that the browser has its bound cookie. If the database does not answer, the next request notes it. */
  async #confirm(sessionId: string, key: string, now: number): Promise<void> {
    try {
      await this.#parts.store.confirmBinding(sessionId, key, now);
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'store-unavailable') throw error;
    }
  }

  /** Reads the row if the cache has no key: the session may have been bound on another node a moment ago. */
  async #keyOf(sessionId: string): Promise<string | null> {
    const { store } = this.#parts;
    const cached = await store.find(sessionId);
    return cached?.boundKey ?? (await store.read(sessionId))?.boundKey ?? null;
  }

  #cookie(sessionId: string, key: string): Promise<string> {
    return this.#stamp(COOKIE, subjectOf(sessionId, key), BOUND_FOR + ON_THE_WAY);
  }

  async #stamp(purpose: string, subject: string, lifetime: number): Promise<string> {
    const { keys, settings } = this.#parts;
    const [key] = await keys();
    return stampOf(key, { purpose, subject, expires: Math.floor(settings.clock.now()) + lifetime });
  }

  async #isOwn(purpose: string, subject: string, challenge: string): Promise<boolean> {
    const { keys, settings } = this.#parts;
    const now = settings.clock.now();
    return stampExpiry(await keys(), challenge, { purpose, subject, now }) !== undefined;
  }
}

/** A cookie is for one session and one key. */
function subjectOf(sessionId: string, key: string): string {
  return `${sessionId} ${key}`;
}

function invalidProof(): SessionError {
  return plainRefusal('credentials-invalid');
}

/** If the browser could not renew its cookie, it will try again, so its user need not sign in. */
function missing(evidence: BindingEvidence | undefined): SessionError {
  return evidence?.skipped === true
    ? plainRefusal('binding-unavailable', { retryAfter: 5 })
    : plainRefusal('binding-required');
}

/** Sets and returns the device binding of a manager. */
export const [setDeviceBinding, deviceBindingOf] = managerPart<DeviceBinding>('deviceBinding');
