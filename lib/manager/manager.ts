import { Administration } from './administration';
import { admissionOf } from './admission';
import type { Cleanup, CleanupResult } from './cleanup';
import type { DescribedSession } from '../session/described';
import { plainRefusal, SessionError, type RefusalCode } from '../errors';
import { reportEnded } from '../events';
import type { Health } from '../health';
import { placeOf, type Locator } from '../location/location';
import { checkNames, type Names } from '../options/reader';
import { NodeCapacity } from './node-capacity';
import { checkedProtocolData, newSession, type SignIn } from './new-session';
import {
  credentialsMatch,
  hashSecret,
  mintSecret,
  parsedSessionId,
  type Credentials,
} from '../session/credentials';
import { withoutExpiredData, cutoffs, expiresAt, stage } from '../session/lifetimes';
import {
  checkedOwner,
  checkedRevocation,
  everySessionOf,
  keptId,
  otherSessionsOf,
  sessionsOf,
  type Revocation,
} from '../session/revocation';
import {
  currentIpAddress,
  referenceTo,
  sameOwner,
  withoutSecret,
  type EndedSession,
  type IdentitySession,
  type Owner,
  type StoredSession,
} from '../session/session';
import { END_REASONS, type EndReason } from '../session/end-reason';
import { optionalText, jsonObject } from '../session/text';
import type { EndedListener, SessionWatch } from './session-watch';
import type { Settings } from '../options/settings';
import type { MaybePromise, SessionPatch, AdministeredStore } from '../store/store';
import { CLAIMED, Verification, type Visit } from './verification';

/** A session that has just been opened. The secret is given out here and never again. */
export interface Opened {
  readonly session: IdentitySession;
  readonly secret: string;
}

/** What closing a manager came to. */
export interface Closed {
  /** How many sessions' last uses could not be written. */
  readonly touchesLost: number;
}

/** What a manager is made of. */
export interface ManagerParts {
  readonly store: AdministeredStore;
  readonly watch: SessionWatch;
  readonly cleanup: Cleanup;
  readonly locate?: Locator | undefined;
  /** Resolves when the clock goes by the time that all nodes share; absent where there is but one node. */
  readonly synchronizeClock?: (() => Promise<void>) | undefined;
}

/**
 * The one door to the sessions. It judges; where they live is the store's business, how they look on a wire the dialect's.
 * Ids of sessions may be given to it in any usual writing of a UUID, and are given out in one.
 */
export class IdentitySessionManager {
  readonly settings: Settings;
  /** The administrator's door, to sessions whoever they belong to. */
  readonly administration: Administration;
  readonly #store: AdministeredStore;
  readonly #watch: SessionWatch;
  readonly #cleanup: Cleanup;
  readonly #locate: Locator | undefined;
  readonly #verification: Verification;
  readonly #capacity: NodeCapacity | undefined;
  readonly #synchronizeClock: () => Promise<void>;

  constructor(settings: Settings, parts: ManagerParts) {
    const { store, watch, cleanup, locate, synchronizeClock = async () => undefined } = parts;
    this.settings = settings;
    this.#store = store;
    this.#watch = watch;
    this.#cleanup = cleanup;
    this.#synchronizeClock = synchronizeClock;
    this.administration = new Administration(store, settings, {
      end: (which, reason, by) => this.#end(which, reason, by),
      synchronizeClock,
    });
    this.#locate = locate;
    this.#verification = new Verification(store, settings, locate);
    this.#capacity = capacityOf(store, settings);
  }

  /**
   * Opens a session for a user whom the app has authenticated.
   * @throws SessionError `session-limit-reached`, `auth-id-taken`, `session-id-taken`, `invalid-request`,
   * `store-unavailable`
   * @throws TypeError when the app gives something that is not what `SignIn` says
   */
  async open(signIn: SignIn): Promise<Opened> {
    const secret = mintSecret(signIn.secretForm);
    await this.#synchronizeClock();
    const session = newSession(signIn, hashSecret(secret), this.settings);
    const replaced = signIn.replaces && (await this.#revocationOf(signIn.replaces));
    await this.#insert(session, replaced);
    return { session: withoutSecret(session), secret };
  }

  /**
   * Opens a session that no secret belongs to: the app puts its id into a token that it signs, as `claims` words it, and
   * `sessionClaimGuard` finds it there. Doing it again under the same `sessionId` is no mistake while the session lives.
   * @throws SessionError as `open`; `session-id-taken` when another user has a session of that id, or it has ended
   * @throws TypeError as `open`
   */
  async create(signIn: Omit<SignIn, 'secretForm' | 'replaces'>): Promise<IdentitySession> {
    await this.#synchronizeClock();
    const session = newSession(signIn, hashSecret(mintSecret()), this.settings);
    try {
      await this.#insert(session);
      return withoutSecret(session);
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'session-id-taken') throw error;
      const present = await this.#store.find(session.sessionId);
      if (present === undefined || !sameOwner(present, session) || !this.#lives(present)) throw error;
      return withoutSecret(present);
    }
  }

  /**
   * The session that the credentials prove possession of. Answers at once when the session is warm.
   * @throws SessionError `credentials-invalid`, `session-ended`, `session-expired`, `ip-changed`, `store-unavailable`, and
   * `invalid-request` for a `movesTo` that is no address
   */
  verify(credentials: Credentials, visit: Visit = {}): MaybePromise<IdentitySession> {
    return this.#verification.verify(credentials.sessionId, credentials, visit);
  }

  /**
   * The session that a token names whose signature the app has verified. There is no secret here: never give it an id that
   * a request shows in any other way.
   * @throws SessionError as `verify`
   */
  verifyClaimed(sessionId: string, visit: Visit = {}): MaybePromise<IdentitySession> {
    return this.#verification.verify(parsedSessionId(sessionId), CLAIMED, visit);
  }

  /**
   * The same for autologin: the session goes on, and its client may be given its credentials anew. One that comes from an
   * address that it may not change to is ended: whoever holds its cookies sits elsewhere.
   * @throws SessionError as `verify`, and `autologin-disabled`
   */
  async revive(credentials: Credentials, visit: Visit = {}): Promise<IdentitySession> {
    if (!this.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
    try {
      return await this.verify(credentials, visit);
    } catch (error) {
      if (error instanceof SessionError && error.code === 'ip-changed') await this.#endMoved(credentials);
      throw error;
    }
  }

  /**
   * The owner's live sessions, newest sign-in first.
   * @throws SessionError `invalid-request`, `store-unavailable`
   */
  async list(owner: Owner): Promise<readonly IdentitySession[]> {
    const sessions = await this.#store.list(checkedOwner(owner));
    const now = this.settings.clock.now();
    return sessions
      .filter((session) => this.#shows(session) && this.#lives(session))
      .map((session) => withoutExpiredData(withoutSecret(session), this.settings.lifetimes, now));
  }

  /** What people want to know of a session. */
  describe(session: IdentitySession): DescribedSession {
    const { describeDevice } = this.settings;
    return {
      session,
      // Found out only when somebody asks: not every wire does.
      get device() {
        return describeDevice(session.userAgent, session.clientId);
      },
      place: placeOf(currentIpAddress(session), this.#locate),
      expires: expiresAt(session, this.settings.lifetimes),
    };
  }

  /**
   * Ends sessions, and tells which. Ending one that has already ended is no mistake.
   * @throws SessionError `session-not-found` when one that is named is not the owner's; `invalid-request`,
   * `store-unavailable`
   * @throws TypeError for what is no revocation, and for a reason that is none
   */
  async revoke(
    which: Revocation,
    options: { readonly reason?: EndReason; readonly by?: string | null } = {},
  ): Promise<readonly string[]> {
    const revocation = checkedRevocation(which);
    checkNames('revoke', options, { reason: true, by: true });
    const { reason = 'revoked', by } = options;
    if (!END_REASONS.includes(reason)) {
      throw new TypeError(`\`reason\` must be one of ${END_REASONS.join(', ')}`);
    }
    const ended = await this.#end(revocation, reason, optionalText('by', by, 255));
    const ids = ended.map(({ sessionId }) => sessionId);
    for (const id of revocation.only ?? []) {
      if (!ids.includes(id)) await this.#insistOnOwner(revocation.owner, id);
    }
    return ids;
  }

  /**
   * Ends the user's other sessions after a change of password or of another credential; all of them when none is kept. The
   * owner may be a session, or `{ userId, tenantId }`; a bare id is a user's without a tenant.
   * @throws SessionError `invalid-request`, also for a `keep` that is no id; `store-unavailable`
   * @throws TypeError for what is no owner
   */
  async onCredentialChange(
    owner: Owner | string,
    options: { readonly keep?: string; readonly by?: string | null } = {},
  ): Promise<readonly string[]> {
    checkNames('onCredentialChange', options, { keep: true, by: true });
    const { keep, by } = options;
    const whose = typeof owner === 'string' ? { userId: owner } : owner;
    const which = keep === undefined ? everySessionOf(whose) : otherSessionsOf(whose, keptId('keep', keep));
    return this.revoke(which, { reason: 'credential-changed', ...(by !== undefined && { by }) });
  }

  /**
   * Ends the session that the credentials prove possession of, and tells which it is, also when it had ended before.
   * Without such a session there is nothing to end, and that is no mistake: whoever signs out wants to be out.
   */
  async signOut(credentials: Credentials): Promise<IdentitySession | undefined> {
    const session = await this.#provenBy(credentials);
    if (session === undefined) return undefined;
    const which = sessionsOf(session, [session.sessionId]);
    if (session.endedAt === null) await this.#end(which, 'signed-out', session.userId);
    return withoutSecret(session);
  }

  /**
   * Has the listener told, once, when the session has ended or expired, on whatever node, or when nobody can say any more
   * whether it lives. Of an id that is no session's it is told `session-ended` at once, as of one that has ended. For what
   * stays open: see `endWithSession` and `upgradeGuard`. Returns what ends the watch.
   */
  onEnded(sessionId: string, listener: EndedListener): () => void {
    return this.#watch.add(parsedSessionId(sessionId), listener);
  }

  /**
   * Changes the data that is kept with a session. Each given object replaces the whole previous one; in `protocolData`,
   * the object of each named protocol does. Returns false if the session does not exist or has ended.
   * @throws SessionError `invalid-request` for what cannot be kept, `store-unavailable`
   * @throws TypeError for what is no JSON object, and for a name that is none of `SessionPatch`
   */
  async update(sessionId: string, patch: SessionPatch): Promise<boolean> {
    checkNames('update', patch, CHANGEABLE);
    const { extraProperties, data, protocolData } = patch;
    const changes = {
      ...(extraProperties !== undefined && {
        extraProperties: jsonObject('extraProperties', extraProperties),
      }),
      ...(data !== undefined && { data: jsonObject('data', data) }),
      ...(protocolData !== undefined && { protocolData: checkedProtocolData(protocolData) }),
    };
    const id = parsedSessionId(sessionId);
    return id === undefined ? false : this.#store.update(id, changes);
  }

  /**
   * Cleans up now, as for a cron job beside managers with `isCleanupEnabled: false`: however recently it was done, but not
   * while any node is at it; then, and after `close()`, there is no result.
   * @throws SessionError `store-unavailable`; the rest is left for the next time
   */
  runCleanup(): Promise<CleanupResult | undefined> {
    return this.#cleanup.run();
  }

  /** How this node is doing, as far as it knows without asking anybody. */
  health(): Health {
    return this.#store.health();
  }

  /**
   * Writes what is still to be written and stops all timers. The app's Knex stays open. Twice is once. While the database
   * is away it waits `timeout` milliseconds for it, `requestBudget` when absent, and tells how many touches are lost: those
   * sessions were used later than the database knows, and nothing else.
   *
   * Requests and streams must have stopped before. Later requests are judged all the same, by the database each time, but
   * their use of sessions is never written. Who was told nothing by `onEnded` until then is told nothing any more; who comes
   * later is told `store-unavailable` at once.
   */
  async close({
    timeout = this.settings.requestBudget,
  }: { readonly timeout?: number } = {}): Promise<Closed> {
    this.#watch.close();
    await this.#cleanup.close();
    return { touchesLost: await this.#store.close(timeout) };
  }

  /** The end of the session that the credentials prove possession of, if there is one to end. */
  async #revocationOf(credentials: Credentials): Promise<Revocation | undefined> {
    const session = await this.#provenBy(credentials);
    return session?.endedAt === null ? sessionsOf(session, [session.sessionId]) : undefined;
  }

  /** The session of a pair of credentials, if they are a pair at all. */
  async #provenBy(credentials: Credentials): Promise<StoredSession | undefined> {
    const session = await this.#store.find(credentials.sessionId);
    return credentialsMatch(credentials, session) ? session : undefined;
  }

  async #endMoved(credentials: Credentials): Promise<void> {
    const which = await this.#revocationOf(credentials);
    if (which !== undefined) await this.#end(which, 'ip-changed');
  }

  #lives(session: StoredSession): boolean {
    return stage(session, this.settings.lifetimes, this.settings.clock.now()) !== 'ended';
  }

  /** Whether its owner is shown the session at all. */
  #shows({ clientId, node }: StoredSession): boolean {
    const { clientBlacklist, globalLookup, nodeId } = this.settings;
    const hidden = clientId !== null && clientBlacklist.includes(clientId);
    return !hidden && (globalLookup || node === nodeId);
  }

  async #insistOnOwner(owner: Owner, id: string): Promise<void> {
    const session = await this.#store.find(id);
    if (session === undefined || !sameOwner(owner, session)) {
      throw plainRefusal('session-not-found');
    }
  }

  async #insert(session: StoredSession, replaced?: Revocation): Promise<void> {
    const { report } = this.settings;
    const admission = await admissionOf(session, replaced, await this.#store.policy(), this.settings);
    try {
      await this.#capacity?.take();
      reportEnded(report, await this.#store.insert(session, admission));
      report({ type: 'added', session: referenceTo(session) });
    } catch (error) {
      if (error instanceof SessionError && TURNED_DOWN.has(error.code)) {
        const { tenantId, userId } = session;
        const from = currentIpAddress(session);
        report({ type: 'refused', code: error.code, owner: { tenantId, userId }, ipAddress: from });
      }
      throw error;
    }
  }

  async #end(
    which: Revocation,
    reason: EndReason,
    by: string | null = null,
  ): Promise<readonly EndedSession[]> {
    const ended = await this.#store.end(which, { at: this.settings.clock.now(), reason, by });
    reportEnded(this.settings.report, ended);
    this.#watch.look(ended.map(({ sessionId }) => sessionId));
    return ended;
  }
}

const CHANGEABLE: Names<SessionPatch> = { extraProperties: true, data: true, protocolData: true };

/** Refusals of a sign-in that say something of its user, and not of the app or the database. */
const TURNED_DOWN: ReadonlySet<RefusalCode> = new Set(['session-limit-reached', 'auth-id-taken']);

/** The room of this node, where it is limited at all. */
function capacityOf(store: AdministeredStore, settings: Settings): NodeCapacity | undefined {
  const { maxSessions: max, nodeId, lifetimes, clock } = settings;
  if (nodeId === null || max === Infinity) return undefined;
  return new NodeCapacity({
    max,
    count: () => store.count({ node: nodeId }, cutoffs(lifetimes, clock.now())),
    clock,
  });
}
