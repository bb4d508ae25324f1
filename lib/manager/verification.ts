import {
  invalidRequest,
  plainRefusal,
  SessionError,
  type PlainRefusal,
  type RefusalDetails,
} from '../errors';
import { credentialsMatch, familyOf, secretOf, type Credentials } from '../session/credentials';
import { ipAddress } from '../session/ip-address';
import { withoutExpiredData, cutoffs, stage } from '../session/lifetimes';
import { NO_DATA } from '../session/session-data';
import {
  copyOf,
  currentIpAddress,
  referenceTo,
  sameOwner,
  withoutSecret,
  type IdentitySession,
  type JsonObject,
  type Owner,
  type StoredSession,
} from '../session/session';
import type { Settings } from '../options/settings';
import type { Renewal } from '../session/secret-rotation';
import type { BindingEvidence, DeviceBinding } from './device-binding';
import type { RefusedReason } from '../session/trail-entry';
import type { MaybePromise, SessionStore } from '../store/store';

import { SecretRenewal, type GiveSecret } from './secret-renewal';
import type { Signals, Verdict } from './signals';
import type { RefusedFrom } from './trail';

/** The circumstances of a request. */
export interface Visit {
  /** The address of the request, in any usual spelling. Other text counts as unknown. */
  readonly ipAddress?: string | null | undefined;
  /** False if the request does not count as use of the session. Default: true. */
  readonly activity?: boolean | undefined;
  /** True checks the address strictly if the app sets no `ipCheck.mode`. Default: false. */
  readonly sameAddress?: boolean | undefined;
  /**
   * The address that becomes the session's, if a program sends the request on behalf of a user at another address. The IP
   * check applies to the request's own address.
   */
  readonly movesTo?: string | undefined;
  /**
   * The `User-Agent` header of the request. It is compared with that of the sign-in, and thefts are reported with it. Null if the
   * request has none, and undefined if it is unknown.
   */
  readonly userAgent?: string | null | undefined;
  /**
   * The token of the request's device cookie, which is compared with that of the sign-in. Null if the request has none, and undefined
   * if it needs none.
   */
  readonly deviceToken?: string | null | undefined;
  /**
   * Receives the client's new secret if it rotates, before the session is returned. The response must carry it to the client.
   * Without this function, the secret does not rotate.
   */
  readonly onNewSecret?: GiveSecret | undefined;
  /** The proof that the request comes from the device of its session. Without it, bound sessions are refused. */
  readonly binding?: BindingEvidence | undefined;
}

/** Replaces the credentials if a token names the session and the app has verified the token's signature. */
export const CLAIMED = Symbol('claimed');

/** The proof that a session belongs to a request. `subject` is the owner that the token names. */
export type Proof = Credentials | typeof CLAIMED | { readonly subject: string | Owner };

function proves(proof: Proof, session: StoredSession | undefined): boolean {
  if (proof === CLAIMED) return true;
  if (!('subject' in proof)) return credentialsMatch(proof, session);
  const { subject } = proof;
  if (session === undefined) return false;
  return typeof subject === 'string' ? subject === session.userId : sameOwner(subject, session);
}

/** The functions of the manager that verification uses. */
export interface VerificationParts {
  readonly binding: DeviceBinding;
  readonly signals: Signals;
  readonly countryOf: (address: string) => string | undefined;
  /** Called for a refused request that concerns the owner of a live session. */
  readonly onRefused: (sessionId: string, reason: RefusedReason, from: RefusedFrom) => void;
  /** Ends a session of which a copied secret was used, and reports it. */
  readonly onTheft: (session: StoredSession, visit: Visit) => Promise<void>;
}

/**
 * Returns the secret of the request if it can have been a secret of the session, although it is not the current one. Hashes it in any
 * case, so that the response time does not reveal whether the session exists.
 */
function familiarSecret(proof: Proof, session: StoredSession | undefined): string | undefined {
  if (proof === CLAIMED || !('secret' in proof)) return undefined;
  const secret = session === undefined ? '' : secretOf(proof, session);
  const family = familyOf(secret);
  return family !== null && family === session?.secretFamily ? secret : undefined;
}

/** The state of a session for one request at `now`. */
interface Standing {
  readonly isActive: boolean;
  /** True if neither its secret nor anything else is due. */
  readonly isQuiet: boolean;
  readonly renewal: Renewal;
  readonly now: number;
}

/** Verifies requests: the credentials must match, the session must be live, and the address must be allowed. */
export class Verification {
  readonly #store: SessionStore;
  readonly #settings: Settings;
  readonly #countryOf: VerificationParts['countryOf'];
  readonly #signals: Signals;
  readonly #renewal: SecretRenewal;
  readonly #onRefused: VerificationParts['onRefused'];
  readonly #onTheft: VerificationParts['onTheft'];
  readonly #binding: DeviceBinding;

  constructor(
    store: SessionStore,
    settings: Settings,
    { binding, signals, countryOf, onRefused, onTheft }: VerificationParts,
  ) {
    this.#renewal = new SecretRenewal(store, settings);
    this.#binding = binding;
    this.#onRefused = onRefused;
    this.#onTheft = onTheft;
    this.#store = store;
    this.#settings = settings;
    this.#countryOf = countryOf;
    this.#signals = signals;
  }

  /** @throws SessionError as `verify` of the manager */
  verify(
    sessionId: string | undefined,
    proof: Proof,
    visit: Visit,
    renewal: Renewal = 'when-due',
  ): MaybePromise<IdentitySession> {
    const { clock } = this.#settings;
    const moment = clock.monotonic();
    const found = sessionId === undefined ? undefined : this.#store.find(sessionId, moment);
    if (!(found instanceof Promise)) return this.#judge(found, proof, visit, renewal, clock.now());
    return this.#lookedUp(found, visit).then((session) =>
      this.#judge(session, proof, visit, renewal, clock.now()),
    );
  }

  /**
   * Returns the session that the credentials belong to, also if it has ended. Ends it if they are a copy that was replaced.
   * @throws SessionError `store-unavailable`
   */
  async sessionOf(credentials: Credentials, visit: Visit): Promise<StoredSession | undefined> {
    const found = await this.#store.find(credentials.sessionId);
    if (credentialsMatch(credentials, found)) return found;
    const secret = familiarSecret(credentials, found);
    const session = secret === undefined ? undefined : await this.#store.read(credentials.sessionId);
    if (session === undefined) return undefined;
    const verdict = this.#renewal.judge(session, secret!);
    if (verdict === 'reused' && this.#isLive(session)) await this.#onTheft(session, visit);
    return verdict === 'wrong' ? undefined : session;
  }

  /**
   * Replaces the secret of a session in place, and returns the session and the new secret.
   * @throws SessionError `credentials-invalid`, `session-ended`, `session-expired`, `store-unavailable`
   */
  async replaceSecret(
    credentials: Credentials,
    earlierAssurance: JsonObject,
  ): Promise<{ readonly session: StoredSession; readonly secret: string }> {
    const session = await this.sessionOf(credentials, {});
    if (session === undefined) throw this.#refusal('credentials-invalid', {});
    const presented = secretOf(credentials, session);
    if (this.#renewal.judge(session, presented) === 'reused') {
      throw this.#refusal('session-ended', {}, session, REUSED);
    }
    this.#isActive(session, {}, this.#settings.clock.now());
    return { session, secret: await this.#renewal.replace(session, presented, earlierAssurance) };
  }

  /** Waits for a session that is not cached, and reports the time. */
  async #lookedUp<T>(found: Promise<T>, { ipAddress: from }: Visit): Promise<T> {
    const { clock, observed, report, keptAddress } = this.#settings;
    if (!observed) return found;
    const begun = clock.monotonic();
    try {
      return await found;
    } catch (error) {
      if (error instanceof SessionError) {
        report({ type: 'refused', code: error.code, ipAddress: keptAddress(from) });
      }
      throw error;
    } finally {
      report({ type: 'looked-up', milliseconds: clock.monotonic() - begun });
    }
  }

  #judge(
    session: StoredSession | undefined,
    proof: Proof,
    visit: Visit,
    renewal: Renewal,
    now: number,
  ): MaybePromise<IdentitySession> {
    // Compares without a session too, so that the response time does not reveal whether the session exists.
    const proved = proves(proof, session);
    if (!proved || session === undefined) {
      const secret = familiarSecret(proof, session);
      if (secret !== undefined) return this.#judgeEarlier(session!.sessionId, secret, proof, visit, renewal);
      if (session !== undefined && this.#isLive(session)) this.#note(session, 'wrong-secret', visit);
      throw this.#refusal('credentials-invalid', visit);
    }
    return this.#accept(session, proof, visit, renewal, now);
  }

  /**
   * Judges a secret that is not the current one, as far as the cache knows. Other nodes may have replaced or confirmed secrets since, so
   * the database decides.
   */
  async #judgeEarlier(
    sessionId: string,
    secret: string,
    proof: Proof,
    visit: Visit,
    renewal: Renewal,
  ): Promise<IdentitySession> {
    const session = await this.#lookedUp(this.#store.read(sessionId), visit);
    const verdict = session === undefined ? 'wrong' : this.#renewal.judge(session, secret);
    if (verdict === 'wrong' || session === undefined) {
      if (session !== undefined && this.#isLive(session)) this.#note(session, 'wrong-secret', visit);
      throw this.#refusal('credentials-invalid', visit);
    }
    const now = this.#settings.clock.now();
    if (verdict === 'reused') {
      this.#isActive(session, visit, now);
      await this.#onTheft(session, visit);
      throw this.#refusal('session-ended', visit, session, REUSED);
    }
    const seen = await this.#accept(session, proof, visit, renewal, now);
    if (verdict === 'earlier-without-successor')
      return Object.freeze({ ...seen, ...session.earlierAssurance });
    if (verdict === 'earlier' && visit.onNewSecret !== undefined) {
      await this.#renewal.giveAgain(session, secret, visit.onNewSecret);
    }
    return seen;
  }

  /** Accepts a request whose secret was judged: records the use, and replaces or confirms the current secret if it is time. */
  #accept(
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    renewal: Renewal,
    now: number,
  ): MaybePromise<IdentitySession> {
    const { nothingDueBefore: due } = session;
    const isQuiet = due !== undefined && now < due;
    const isActive = isQuiet || this.#isActive(session, visit, now);
    const standing = { isActive, isQuiet: isQuiet && renewal !== 'always', renewal, now };
    const bound = this.#checkBinding(session, proof, visit, now);
    return bound instanceof Promise
      ? bound.then(() => this.#admit(session, proof, visit, standing))
      : this.#admit(session, proof, visit, standing);
  }

  #admit(
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    standing: Standing,
  ): MaybePromise<IdentitySession> {
    const address = this.#otherAddress(session, visit);
    const moved = this.#newAddresses(session, visit, address);
    const decision = this.#signals.judge(session, visit, address);
    return decision === undefined
      ? this.#record(session, proof, visit, moved, standing)
      : this.#decided(decision, session, visit).then(() =>
          this.#record(session, proof, visit, moved, standing),
        );
  }

  /** @throws SessionError `session-ended` if the app has ended the session, `store-unavailable` if it could not decide */
  async #decided(decision: Promise<Verdict>, session: StoredSession, visit: Visit): Promise<void> {
    const verdict = await decision.catch((error: unknown) => {
      if (!(error instanceof SessionError) || error.code !== 'store-unavailable') throw error;
      throw this.#refusal('store-unavailable', visit, session, error);
    });
    if (verdict === 'end') throw this.#refusal('session-ended', visit, session, SUSPICIOUS);
  }

  #record(
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    moved: readonly string[],
    { isActive, isQuiet, renewal, now }: Standing,
  ): MaybePromise<IdentitySession> {
    const accepted = this.#use(session, proof, visit, { isActive, moved, renewal, now });
    return isQuiet ? accepted : this.#renewed(accepted, session, proof, visit, renewal);
  }

  #use(
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    { isActive, moved, renewal, now }: Omit<Standing, 'isQuiet'> & { readonly moved: readonly string[] },
  ): MaybePromise<IdentitySession> {
    if (visit.activity === false) {
      const seen = withoutSecret(session);
      return isActive ? seen : withoutExpiredData(seen, this.#settings.lifetimes, now);
    }
    return isActive ? this.#recordUse(session, moved, now) : this.#wake(session, proof, visit, now, renewal);
  }

  /** Returns the session of an accepted request, after its current secret was replaced or confirmed if it is time. */
  #renewed(
    accepted: MaybePromise<IdentitySession>,
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    renewal: Renewal,
  ): MaybePromise<IdentitySession> {
    if (proof === CLAIMED || !('secret' in proof)) return accepted;
    const renew = () => this.#renewal.renew(session, secretOf(proof, session), renewal, visit.onNewSecret);
    if (accepted instanceof Promise) return accepted.then((seen) => renew()?.then(() => seen) ?? seen);
    return renew()?.then(() => accepted) ?? accepted;
  }

  /**
   * Makes the checks that `nothingDueBefore` saves. Returns false if the session hibernates.
   * @throws SessionError `session-ended`, `session-expired`
   */
  #isActive(session: StoredSession, visit: Visit, now: number): boolean {
    if (session.endedAt !== null) {
      this.#signals.noteEnded(session, visit);
      throw this.#refusal('session-ended', visit, session, { endReason: session.endReason ?? undefined });
    }
    if (session.defect !== undefined) throw session.defect;
    const at = stage(session, this.#settings.lifetimes, now);
    if (at === 'ended') throw this.#refusal('session-expired', visit, session);
    return at === 'active';
  }

  /** Tokens that the app signs are not bound to devices. */
  #checkBinding(session: StoredSession, proof: Proof, visit: Visit, now: number): MaybePromise<void> {
    if (proof === CLAIMED || 'subject' in proof) return undefined;
    try {
      const checked = this.#binding.check(session, visit, now);
      return checked instanceof Promise
        ? checked.catch((error: unknown) => this.#refuseUnbound(session, visit, error))
        : checked;
    } catch (error) {
      return this.#refuseUnbound(session, visit, error);
    }
  }

  #refuseUnbound(session: StoredSession, visit: Visit, error: unknown): never {
    if (!(error instanceof SessionError)) throw error;
    if (error.code === 'binding-required') this.#note(session, 'binding-required', visit);
    const from = this.#settings.keptAddress(visit.ipAddress);
    const { code } = error;
    this.#settings.report({ type: 'refused', code, session: referenceTo(session), ipAddress: from });
    throw error;
  }

  /**
   * Returns the address that this request adds to the session, or an empty list.
   * @throws SessionError `ip-changed`, `invalid-request`
   */
  #newAddresses(
    session: StoredSession,
    visit: Visit,
    other = this.#otherAddress(session, visit),
  ): readonly string[] {
    const followed = other === undefined ? NO_ADDRESSES : this.#checkedAddress(session, visit, other);
    if (visit.movesTo === undefined) return followed;
    const address = ipAddress(visit.movesTo);
    if (address === null) throw invalidRequest('movesTo', '"{name}" must be an IP address.');
    const kept = this.#settings.keptAddress(address);
    return kept === null ? NO_ADDRESSES : [kept];
  }

  /** Returns the kept part of the request's address, or null. Returns undefined if it is the session's current address. */
  #otherAddress(session: StoredSession, { ipAddress: from }: Visit): string | null | undefined {
    const current = currentIpAddress(session);
    if (current !== null && from === current) return undefined;
    const kept = this.#settings.keptAddress(from);
    return current !== null && kept === current ? undefined : kept;
  }

  /** @throws SessionError `ip-changed` */
  #checkedAddress(session: StoredSession, visit: Visit, kept: string | null): readonly string[] {
    const address = ipAddress(visit.ipAddress);
    const current = currentIpAddress(session);
    const check = visit.sameAddress ? this.#settings.sameAddressCheck : this.#settings.ipCheck;
    const { allowed, follow } = check(current, address, session.clientId, this.#countryOf);
    if (!allowed) {
      this.#note(session, 'ip-changed', visit);
      throw this.#refusal('ip-changed', visit, session);
    }
    return follow && kept !== null ? [kept] : NO_ADDRESSES;
  }

  /** Wakes a hibernating session, whose data is dropped. If another request was faster, verifies again. */
  async #wake(
    session: StoredSession,
    proof: Proof,
    visit: Visit,
    now: number,
    renewal: Renewal,
  ): Promise<IdentitySession> {
    const { hibernation } = cutoffs(this.#settings.lifetimes, now);
    if (await this.#store.wake(session.sessionId, now, hibernation)) {
      this.#settings.report({ type: 'reactivated', session: referenceTo(session) });
      const awake = { ...copyOf(session), data: NO_DATA, lastAccessed: now };
      return this.#recordUse(awake, this.#newAddresses(awake, visit), now);
    }
    return this.verify(session.sessionId, proof, visit, renewal);
  }

  #recordUse(
    session: StoredSession,
    ipAddresses: readonly string[],
    now: number,
  ): MaybePromise<IdentitySession> {
    const { nodeId: node, observed, report } = this.#settings;
    const used = this.#store.use(session, { at: now, ipAddresses, node });
    if (observed) report({ type: 'touched', session: referenceTo(session) });
    return used instanceof Promise ? used.then(withoutSecret) : withoutSecret(used);
  }

  #isLive(session: StoredSession): boolean {
    return stage(session, this.#settings.lifetimes, this.#settings.clock.now()) !== 'ended';
  }

  #note({ sessionId }: StoredSession, reason: RefusedReason, { ipAddress: from }: Visit): void {
    this.#onRefused(sessionId, reason, { ipAddress: from });
  }

  /** Reports and returns the refusal. `session` is given only if the request has proved that the session is its own. */
  #refusal(
    code: PlainRefusal,
    { ipAddress: from }: Visit,
    session?: StoredSession,
    evidence?: RefusalDetails,
  ): SessionError {
    const of = session && { session: referenceTo(session) };
    this.#settings.report({ type: 'refused', code, ...of, ipAddress: this.#settings.keptAddress(from) });
    return plainRefusal(code, evidence);
  }
}

const REUSED: RefusalDetails = { endReason: 'secret-reused' };
const SUSPICIOUS: RefusalDetails = { endReason: 'suspicious-use' };

const NO_ADDRESSES: readonly string[] = Object.freeze([]);
