import { Administration, type SessionPage } from './administration';
import { setAccountLimit, type AccountLimit } from './account-limit';
import { admissionOf, type Given } from './admission';
import { currentAttempt } from './attempt';
import type { Cleanup, CleanupResult } from './cleanup';
import { cutoffsInForce } from './cutoffs-in-force';
import { holdProcess } from '../clock';
import type { DescribedEntry, DescribedSession } from '../session/described';
import { plainRefusal, SessionError, type RefusalCode } from '../errors';
import { reportEnded } from '../events';
import type { Health } from '../health';
import { placeOf, type Locator } from '../location/location';
import { duration, text } from '../options/checks';
import { checkNames, readOptions, type Names, type OptionTable } from '../options/reader';
import { DeviceBinding, setDeviceBinding } from './device-binding';
import { setInstallationKeys } from './installation-keys';
import { NodeCapacity } from './node-capacity';
import { LimitChoice, setLimitChoice } from './limit-choice';
import { NewDevices } from './new-devices';
import { NotMe, setNotMe } from './not-me';
import { OwnerWatch, type SessionsListener } from './owner-watch';
import { OwnSessions, type ListOptions, type OwnSearch } from './own-sessions';
import { checkedProtocolData, newSession, type SignIn } from './new-session';
import { raisedBy, type Authentication } from './reauthentication';
import { assuranceOf, checkedAcr, checkedAmr } from '../session/assurance';
import { mintSecret, parsedSessionId, type Credentials } from '../session/credentials';
import { expiresAt, stage, withIdleTimeout } from '../session/lifetimes';
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
  actingUser,
  currentIpAddress,
  referenceTo,
  sameOwner,
  withoutSecret,
  type EndedSession,
  type IdentitySession,
  type JsonObject,
  type Owner,
  type StoredSession,
} from '../session/session';
import type { Keys } from '../session/keyed-hash';
import { inSlices } from '../slices';
import type { Duration } from '../session/duration';
import { END_REASONS, type EndReason } from '../session/end-reason';
import { optionalLabel, jsonObject } from '../session/text';
import type { EndedListener, SessionWatch } from './session-watch';
import { Signals } from './signals';
import { Thefts } from './thefts';
import type { Settings } from '../options/settings';
import type { Data } from '../session/session-data';
import type { TrailEntry } from '../session/trail-entry';
import type { AdministeredStore, Ending, MaybePromise, SessionPatch } from '../store/store';
import type { KnownDevices } from '../store/known-devices';
import type { SingleUseTokens } from '../store/single-use-tokens';
import { VERSION } from '../version';
import type { FailedAttempt, SessionTrail, TrailOptions, TrailPage } from './trail';
import { CLAIMED, Verification, type Visit } from './verification';

/** A new session with its secret. The secret is not stored, so this is the only place where it appears. */
export interface Opened {
  readonly session: IdentitySession;
  readonly secret: string;
}

/** The result of `reauthenticate`. */
export interface Reauthenticated {
  readonly session: IdentitySession;
  /** The new secret of the session. It is returned only once. Absent if the call had no credentials. */
  readonly secret?: string;
}

/** The change of `lowerAssurance`. */
export interface GivenLowering {
  /** The methods that no longer count. Only sessions that used one of them change. Default: all sessions change. */
  readonly methods?: readonly string[] | undefined;
  /** The level of the sessions that change. Default: null. */
  readonly acr?: string | null | undefined;
}

/** The options of `notMeLink`. */
export interface NotMeLinkOptions {
  /** The URL under which the app mounted `notMePage`, for example `https://app.example.com/not-me`. Required. */
  readonly url: string;
  /** The time for which the link works, up to 30 days. Default `7D`. */
  readonly lifetime?: Duration | undefined;
}

/** The result of closing a manager. */
export interface Closed {
  /** The number of sessions whose last use could not be written. */
  readonly touchesLost: number;
}

/** The parts that a manager is assembled from; see `lib/create.ts`. */
export interface ManagerParts {
  readonly store: AdministeredStore;
  readonly watch: SessionWatch;
  readonly cleanup: Cleanup;
  readonly accountLimit: AccountLimit;
  readonly tokens: SingleUseTokens;
  readonly knownDevices: KnownDevices;
  readonly trail: SessionTrail;
  readonly keys: Keys;
  readonly locate?: Locator | undefined;
  /** Resolves when the clock follows the database's time. Absent for a store without a database. */
  readonly synchronizeClock?: (() => Promise<void>) | undefined;
  /** Calls the listener with the ids that each read of the change log names, or without ids if any session may have changed. */
  readonly onChange?: ((listener: (sessionIds?: readonly string[]) => void) => void) | undefined;
  /** Closes connections that belong to the manager, after everything else. Waits at most `timeout` milliseconds. */
  readonly disconnect?: ((timeout: number) => Promise<void>) | undefined;
}

/** Marks the managers of every copy of this package in the process with the version of their copy. */
const MANAGER = Symbol.for('express-identity-sessions.manager');

/** Returns the version of the package that created the manager, or undefined if the value is not a manager. */
export function versionOfManager(value: unknown): string | undefined {
  return (value as { readonly [MANAGER]?: string } | null | undefined)?.[MANAGER];
}

/**
 * The entry point to sessions for apps and verbs: opens, verifies, lists and ends them. The store keeps the sessions, and
 * the dialect decides how they look in a protocol. Methods accept session ids in any usual spelling of a UUID.
 */
export class IdentitySessionManager {
  readonly settings: Settings;
  /** The interface for administrators, to the sessions of all users. */
  readonly administration: Administration;
  readonly #store: AdministeredStore;
  readonly #watch: SessionWatch;
  readonly #owners: OwnerWatch;
  readonly #cleanup: Cleanup;
  readonly #locate: Locator | undefined;
  readonly #verification: Verification;
  readonly #own: OwnSessions;
  readonly #notMe: NotMe;
  readonly #tokens: SingleUseTokens;
  readonly #newDevices: NewDevices;
  readonly #trail: SessionTrail;
  readonly #signals: Signals;
  readonly #capacity: NodeCapacity | undefined;
  readonly #synchronizeClock: () => Promise<void>;
  readonly #disconnect: ((timeout: number) => Promise<void>) | undefined;

  constructor(settings: Settings, parts: ManagerParts) {
    const { store, watch, cleanup, locate, synchronizeClock = async () => undefined } = parts;
    this.settings = settings;
    setAccountLimit(this, parts.accountLimit);
    setInstallationKeys(this, parts.keys);
    this.#store = store;
    this.#watch = watch;
    this.#cleanup = cleanup;
    this.#synchronizeClock = synchronizeClock;
    this.#disconnect = parts.disconnect;
    this.administration = new Administration(store, settings, {
      end: (which, reason, by) => this.#end(which, reason, by),
      synchronizeClock,
      trail: parts.trail,
      devices: parts.knownDevices,
      forgetDevices: (owner) => this.forgetDevices(owner),
    });
    this.#own = new OwnSessions(store, settings, this.administration);
    const { tokens } = parts;
    const end = (which: Revocation, reason: EndReason, by: string) => this.#end(which, reason, by);
    this.#tokens = tokens;
    this.#newDevices = new NewDevices(parts.knownDevices, settings);
    const devices = this.#newDevices;
    this.#notMe = new NotMe({ tokens, devices, store, settings, synchronizeClock, end });
    setNotMe(this, this.#notMe);
    setLimitChoice(this, new LimitChoice({ tokens, store, settings, synchronizeClock }));
    this.#owners = new OwnerWatch((owner) => this.#own.list(owner, {}), settings);
    parts.onChange?.((ids) => this.#owners.look(ids));
    this.#locate = locate;
    this.#trail = parts.trail;
    const thefts = new Thefts({
      settings,
      end: async (session) => (await this.#endOne(session, 'secret-reused')).length > 0,
      noteRefused: ({ session, ...from }) =>
        parts.trail.noteRefused(session.sessionId, 'secret-reused', from),
    });
    const countryOf = (address: string) => placeOf(address, locate)?.country;
    this.#signals = new Signals(settings, {
      countryOf,
      observe: (change) => parts.trail.observe(change),
      forget: (sessionId, keys) => parts.trail.forget(sessionId, keys),
      end: (session) => this.#endOne(session, 'suspicious-use'),
    });
    const binding = new DeviceBinding({ store, keys: parts.keys, settings });
    setDeviceBinding(this, binding);
    this.#verification = new Verification(store, settings, {
      binding,
      signals: this.#signals,
      countryOf,
      onRefused: (sessionId, reason, from) => parts.trail.noteRefused(sessionId, reason, from),
      onTheft: (session, visit) => thefts.end(session, visit),
    });
    this.#capacity = capacityOf(store, settings);
  }

  get [MANAGER](): string {
    return VERSION;
  }

  /**
   * Opens a session for a user whom the app has authenticated.
   * @throws SessionError `session-limit-reached`, `auth-id-taken`, `session-id-taken`, `credential-changed`,
   * `invalid-request`, `store-unavailable`
   * @throws TypeError if the app's own code passes values of a wrong type
   */
  async open(signIn: SignIn): Promise<Opened> {
    currentAttempt()?.decide('undecided');
    const opened = await this.#open(signIn).catch((error) => this.#refuseSignIn(signIn, error));
    currentAttempt()?.decide('succeeded');
    return opened;
  }

  async #open(signIn: SignIn): Promise<Opened> {
    const secret = mintSecret(signIn.secretForm);
    await this.#synchronizeClock();
    const session = newSession(signIn, secret, this.settings);
    const { replaces } = signIn;
    const { ipAddress, userAgent = undefined } = signIn;
    const visit = { ipAddress, userAgent: userAgent ?? undefined };
    const replaced = replaces && (await this.#revocationOf(replaces, visit, session.actor));
    const chosen = signIn.ends?.map((id) => parsedSessionId(id) ?? '');
    const inserted = await this.#insert(session, checkedAt(signIn, session), { replaced, chosen });
    const opened = withoutSecret(inserted);
    await this.#newDevices.note(inserted, () => this.describe(opened));
    return { session: opened, secret };
  }

  /**
   * Opens a session without a secret, for apps that sign their own tokens: put `claims(session)` into the token, and mount
   * `sessionClaimGuard`. If the owner's live session already has this `sessionId`, returns that session.
   * @throws SessionError as `open`; `session-id-taken` also if the session with this id has ended
   * @throws TypeError as `open`
   */
  async create(
    signIn: Omit<SignIn, 'transport' | 'secretForm' | 'replaces' | 'ends' | 'deviceToken'>,
  ): Promise<IdentitySession> {
    currentAttempt()?.decide('undecided');
    const opening = this.#create({ ...signIn, transport: 'bearer' });
    const session = await opening.catch((error) => this.#refuseSignIn(signIn, error));
    currentAttempt()?.decide('succeeded');
    return session;
  }

  /**
   * Opens a session as `create` does, with a secret that the caller derived from a session of another system. For
   * `adoptSessions`, whose parallel requests must all return the same credentials.
   * @throws SessionError as `create`
   * @throws TypeError as `create`
   */
  async adopt(
    signIn: Omit<SignIn, 'transport' | 'secretForm' | 'replaces' | 'ends' | 'deviceToken'>,
    secret: string,
  ): Promise<IdentitySession> {
    return this.#create({ ...signIn, transport: 'cookie' }, secret);
  }

  async #create(
    signIn: Omit<SignIn, 'secretForm' | 'replaces' | 'ends' | 'deviceToken'>,
    secret = mintSecret(),
  ): Promise<IdentitySession> {
    await this.#synchronizeClock();
    // No response carries a new secret: tokens of the app contain none, and `adoptSessions` derives it for every request.
    const session = newSession(signIn, secret, this.settings, { rotates: false });
    try {
      return withoutSecret(await this.#insert(session, checkedAt(signIn, session)));
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'session-id-taken') throw error;
      const present = await this.#store.find(session.sessionId);
      if (present === undefined || !sameOwner(present, session) || !this.#isLive(present)) throw error;
      return withoutSecret(present);
    }
  }

  /**
   * Returns the session that the credentials belong to, and records the use. Returns it directly, not as a promise, if the
   * session is cached.
   * @throws SessionError `credentials-invalid`, `session-ended`, `session-expired`, `ip-changed`, `store-unavailable`, and
   * `invalid-request` if `movesTo` is not an IP address
   */
  verify(credentials: Credentials, visit: Visit = {}): MaybePromise<IdentitySession> {
    return this.#verification.verify(credentials.sessionId, credentials, visit);
  }

  /**
   * Returns the session that a token names. The app must have verified the token's signature: this method checks no secret,
   * so never pass an id that a request supplies in any other way.
   * @param subject The owner that the token names: a user id, or a user id with a tenant. If the session has another owner, it
   * is refused with `credentials-invalid`.
   * @throws SessionError as `verify`
   */
  verifyClaimed(
    sessionId: string,
    visit: Visit = {},
    subject?: string | Owner,
  ): MaybePromise<IdentitySession> {
    const proof = subject === undefined ? CLAIMED : { subject };
    return this.#verification.verify(parsedSessionId(sessionId), proof, visit);
  }

  /**
   * Verifies the credentials for autologin: the session continues, and the client may get its credentials again. If the
   * address may not use the session, the session ends, because somebody else seems to hold its cookies.
   * @throws SessionError as `verify`, and `autologin-disabled`
   */
  async revive(credentials: Credentials, visit: Visit = {}): Promise<IdentitySession> {
    if (!this.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
    try {
      const session = await this.#verification.verify(credentials.sessionId, credentials, visit, 'always');
      currentAttempt()?.decide('succeeded');
      await this.#renewDevice(session);
      return session;
    } catch (error) {
      const code = error instanceof SessionError ? error.code : undefined;
      if (code === 'store-unavailable') currentAttempt()?.decide('undecided');
      if (code === 'ip-changed') await this.#endMoved(credentials, visit);
      throw error;
    }
  }

  /**
   * Replaces the secret of a session in place, after its user has authenticated again: the id, the row and the data stay. Put the new
   * secret into the response. The earlier secret is accepted for `rotationGrace` more, and its requests see the fields of
   * `earlierAssurance` in place of the session's own. It never receives the new secret. If the session's secret never
   * changes, because its protocol or `adoptSessions` needs the same one again, the result contains the presented one.
   * @throws SessionError `credentials-invalid`, `session-ended`, `session-expired`, `store-unavailable`
   * @throws TypeError if `earlierAssurance` is not a JSON object
   */
  async replaceSecret(
    credentials: Credentials,
    { earlierAssurance }: { readonly earlierAssurance: JsonObject },
  ): Promise<Opened> {
    const earlier = jsonObject('earlierAssurance', earlierAssurance);
    const { session, secret } = await this.#verification.replaceSecret(credentials, earlier);
    return { session: withoutSecret(session), secret };
  }

  /**
   * Returns a page of the owner's live sessions, newest sign-in first. Continue with `{ after: page.next }` while `next` is
   * present. New sign-ins and ended sessions shift no page.
   * @throws SessionError `invalid-request`, `store-unavailable`
   */
  async list(owner: Owner, page: ListOptions = {}): Promise<SessionPage> {
    return this.#own.list(owner, page);
  }

  /**
   * Returns a numbered page of the owner's live sessions in any order, and the number of sessions on all pages. Filters and
   * order apply to sessions as they are written: uses of the last seconds do not count. For short lists use `list`, which
   * reads only its page.
   * @throws SessionError `invalid-request`, `store-unavailable`
   */
  async search(owner: Owner, search: OwnSearch): Promise<SessionPage> {
    return this.#own.search(owner, search);
  }

  /**
   * Returns one of the owner's live sessions.
   * @throws SessionError `session-not-found`, also if the options hide the session; `invalid-request`, `store-unavailable`
   */
  async get(owner: Owner, sessionId: string): Promise<IdentitySession> {
    return this.#own.get(owner, sessionId);
  }

  /**
   * Returns a page of the owner's history, newest entry first: sign-ins, ends with reason and actor, failed attempts, and
   * refused requests. Entries of clients in `clientBlacklist` are hidden. Continue with `{ after: page.next }` while `next` is present.
   * @throws SessionError `invalid-request`, `store-unavailable`
   */
  async trail(owner: Owner, page: TrailOptions = {}): Promise<TrailPage> {
    return this.#trail.listShown(owner, page);
  }

  /**
   * Writes a failed attempt to sign in to the trail. `signIn.failed` calls it for routes. If the database does not answer,
   * `report` receives a `failed` event.
   * @throws TypeError if `owner` is not an owner
   */
  signInFailed(attempt: FailedAttempt): Promise<void> {
    return this.#trail.noteFailed(attempt);
  }

  /** Returns the session together with its device, place and expiry. */
  describe(session: IdentitySession): DescribedSession {
    const { describeDevice } = this.settings;
    const locate = this.#locate;
    return {
      session,
      // Computed on use, because not every protocol shows devices and places, and long lists are described in slices.
      get device() {
        return describeDevice(session.userAgent, session.clientId, session.clientHints);
      },
      get place() {
        return placeOf(currentIpAddress(session), locate);
      },
      expires: expiresAt(session, this.settings.lifetimes),
    };
  }

  /** Returns the entry together with its device and place. */
  describeEntry(entry: TrailEntry): DescribedEntry {
    const { userAgent, clientId, ipAddress: address } = entry;
    const isKnown = userAgent !== null || clientId !== null;
    return {
      entry,
      device: isKnown ? this.settings.describeDevice(userAgent, clientId, null) : undefined,
      place: placeOf(address, this.#locate),
    };
  }

  /**
   * Ends sessions and returns the ids of those that this call ended. Sessions that have already ended are skipped.
   * @param options `reason` is `revoked` by default; `by` names the actor in the app's words.
   * @throws SessionError `session-not-found` if a named session does not belong to the owner; `invalid-request`,
   * `store-unavailable`
   * @throws TypeError if `which` is not a revocation, or `reason` is not an end reason
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
    const ids = await this.#end(revocation, reason, optionalLabel('by', by, 255));
    const { owner, only = [] } = revocation;
    const known = only.length > 0 ? new Set(ids) : undefined;
    for (const id of only) if (!known?.has(id)) await this.#checkOwner(owner, id);
    return ids;
  }

  /**
   * Ends the user's sessions after the password or another credential has changed. Call it after the new credential is
   * stored. A sign-in whose credentials were checked before is refused with `credential-changed`, however late it is.
   * @param owner A session, or `{ userId, tenantId }`. An id without `tenantId` means the user without a tenant. If users of
   * tenants with this id have live sessions, the call is rejected, because it would not end these. Then pass `tenantId`, or
   * `tenantId: null`.
   * @param options `keep` is the id of a session that stays, usually the caller's. `by` names the actor.
   * @throws SessionError `invalid-request`, also if `keep` is not a session id; `store-unavailable`
   * @throws TypeError if `owner` is not an owner, or lacks a tenant as described above. Nothing has ended then.
   */
  async onCredentialChange(
    owner: Owner | string,
    options: { readonly keep?: string; readonly by?: string | null } = {},
  ): Promise<readonly string[]> {
    checkNames('onCredentialChange', options, { keep: true, by: true });
    const { keep, by } = options;
    const whose = typeof owner === 'string' ? { userId: owner } : owner;
    const which = keep === undefined ? everySessionOf(whose) : otherSessionsOf(whose, keptId('keep', keep));
    if (whose.tenantId === undefined) await this.#checkTenantless(checkedOwner(whose).userId);
    const ended = await this.revoke(which, {
      reason: 'credential-changed',
      ...(by !== undefined && { by }),
    });
    // The request that changed the credentials may also sign the user in.
    currentAttempt()?.recheckCredentials();
    return ended;
  }

  /**
   * Forgets the devices of a user, and the links and tickets that wait for the user. `administration.eraseUser` includes it. The next
   * device of the user counts as the first.
   * @throws SessionError `invalid-request`, `store-unavailable`
   * @throws TypeError if `owner` is not an owner
   */
  async forgetDevices(owner: Owner): Promise<void> {
    const checked = checkedOwner(owner);
    await this.#newDevices.forgetAll(checked);
    await this.#tokens.erase(checked);
  }

  /**
   * Returns a link for a mail about a sign-in: `await manager.notMeLink(session, { url: 'https://app.example.com/not-me' })`. With
   * it, the owner can end the session without signing in, once, on the page that `notMePage` shows. Treat the link as a
   * password: send it only to the owner.
   * @throws SessionError `store-unavailable`
   * @throws TypeError if `session` is not a session, or an option is invalid
   */
  async notMeLink(
    session: Pick<IdentitySession, 'tenantId' | 'userId' | 'sessionId'>,
    options: NotMeLinkOptions,
  ): Promise<string> {
    const heading = '`notMeLink` was called with invalid options';
    const { url, lifetime } = readOptions(options ?? {}, NOT_ME_LINK, { heading });
    const token = await this.#notMe.createToken(session, lifetime);
    return `${url.replace(/\/$/, '')}/${token}`;
  }

  /**
   * Ends the session that the credentials belong to, and returns it, even if it had already ended. Returns undefined if the
   * credentials belong to no session: the caller is signed out either way.
   */
  async signOut(credentials: Credentials, visit: Visit = {}): Promise<IdentitySession | undefined> {
    const session = await this.#verification.sessionOf(credentials, visit);
    if (session === undefined) return undefined;
    if (session.endedAt === null) await this.#endOne(session, 'signed-out', actingUser(session));
    return withoutSecret(session);
  }

  /**
   * Records that the user of a session was authenticated again. The new assurance replaces the earlier one, and the absolute timeout
   * starts anew. With credentials, the secret is replaced, so that a stolen copy keeps the earlier assurance.
   * `createReauthentication` calls it for routes.
   * @param credentials The credentials of the request. Leave them out if the app found the session in another way.
   * @throws SessionError `credentials-invalid`, `session-ended`, `credential-changed`, `invalid-request`, `store-unavailable`
   * @throws TypeError if the app's own code passes values of a wrong type
   */
  async reauthenticate(
    session: IdentitySession,
    authentication: Authentication = {},
    credentials?: Credentials,
  ): Promise<Reauthenticated> {
    checkNames('reauthenticate', authentication, AUTHENTICATION);
    await this.#synchronizeClock();
    const at = this.settings.clock.now();
    const raised = raisedBy(authentication, at, currentAttempt()?.credentialsAge, this.settings);
    const { sessionId } = session;
    const earlierAssurance = { ...assuranceOf(session) };
    // In this order, because the earlier secret must never have the new assurance.
    const replaced = credentials && (await this.replaceSecret(credentials, { earlierAssurance }));
    if (!(await this.#store.raiseAssurance(sessionId, raised))) throw plainRefusal('session-ended');
    currentAttempt()?.decide('succeeded');
    this.settings.report({ type: 'reauthenticated', session: referenceTo(session) });
    const now = Object.freeze({ ...session, ...assuranceOf(raised) });
    return { session: now, ...(replaced && { secret: replaced.secret }) };
  }

  /**
   * Lowers the assurance of live sessions, on all nodes within the lease. Call it with `methods` after the user removed a factor: the
   * sessions that used it lose it, and a sign-in whose credentials were checked before is refused with `credential-changed`. Without
   * `methods`, the sessions lose their whole assurance, so that `requireRecent` refuses them until the user signs in again.
   * @param which The sessions, such as `everySessionOf(owner)` or `sessionsOf(owner, [id])`.
   * @returns the ids of the sessions whose assurance was lowered
   * @throws SessionError `invalid-request`, `store-unavailable`
   * @throws TypeError if `which` is not a revocation
   */
  async lowerAssurance(which: Revocation, lowered: GivenLowering = {}): Promise<readonly string[]> {
    const revocation = checkedRevocation(which);
    checkNames('lowerAssurance', lowered, LOWERED);
    const methods = lowered.methods && checkedAmr(lowered.methods);
    const acr = checkedAcr(lowered.acr);
    await this.#synchronizeClock();
    if (methods !== undefined) {
      await this.#store.changeCredentials(revocation.owner, this.settings.clock.now());
    }
    const all: string[] = [];
    for (;;) {
      const { ids, more } = await this.#store.lowerAssurance(revocation, { methods, acr });
      all.push(...ids);
      if (!more) return all;
    }
  }

  /**
   * Calls the listener once, when the session has ended or expired on any node, or when its state can no longer be read.
   * For an unknown id the listener is called immediately with `session-ended`. Use it for connections that stay open;
   * `endWithSession` and `upgradeGuard` do. Returns a function that removes the listener.
   */
  onEnded(sessionId: string, listener: EndedListener): () => void {
    return this.#watch.add(parsedSessionId(sessionId), listener);
  }

  /**
   * Calls the listener with the first page of the owner's sessions, as `list` returns it: immediately, when one of them ends or
   * changes on any node, when the owner signs in on this node, and every five seconds. It is not activity. Use it for pages that
   * stay open; `accountPage` does. Returns a function that removes the listener.
   * @throws SessionError `invalid-request`
   * @throws TypeError if `owner` is not an owner
   */
  watchSessions(owner: Owner, listener: SessionsListener): () => void {
    return this.#owners.add(checkedOwner(owner), listener);
  }

  /**
   * Changes the data that is kept with a session. Each given object replaces the whole previous one; in `protocolData`,
   * the object of each named protocol does. Returns false if the session does not exist or has ended.
   *
   * With a function, replaces `data` by what the function returns for the current `data`. Parallel calls run one after the
   * other, so that none is lost: `manager.update(id, (data) => ({ ...data, visits: (data.visits ?? 0) + 1 }))`. The function may
   * be called again after a conflict in the database, so it must have no other effects, and it must not be async.
   *
   * `name` is the name that the owner gives to the session: at most 64 characters, or null.
   *
   * Objects that requests already have do not change.
   * @throws SessionError `invalid-request` if an object is too large or too deep or the name is too long, `store-unavailable`
   * @throws TypeError if a value is not a JSON object, or a name does not belong to `SessionPatch`
   */
  async update(sessionId: string, patch: SessionPatch | ((data: Data) => Data)): Promise<boolean> {
    if (typeof patch === 'function') return this.#changeData(sessionId, patch);
    checkNames('update', patch, CHANGEABLE);
    const { extraProperties, data, protocolData, name } = patch;
    const changes = {
      ...(extraProperties !== undefined && {
        extraProperties: jsonObject('extraProperties', extraProperties),
      }),
      ...(data !== undefined && { data: jsonObject('data', data) }),
      ...(protocolData !== undefined && { protocolData: checkedProtocolData(protocolData) }),
      ...(name !== undefined && { name: optionalLabel('name', name, LONGEST_NAME) }),
    };
    const id = parsedSessionId(sessionId);
    return id === undefined ? false : this.#store.update(id, changes);
  }

  async #changeData(sessionId: string, change: (data: Data) => Data): Promise<boolean> {
    const id = parsedSessionId(sessionId);
    if (id === undefined) return false;
    return this.#store.changeData(id, (data) => {
      const changed = change(data);
      if (changed instanceof Promise) throw new TypeError('The function of `update` must not be async');
      return jsonObject('data', changed);
    });
  }

  /**
   * Runs the cleanup now, for apps that set `isCleanupEnabled: false` and use a scheduler of their own. Returns undefined if
   * another node is cleaning up at the moment, or the manager is closed.
   * @throws SessionError `store-unavailable`; the next cleanup continues
   */
  runCleanup(): Promise<CleanupResult | undefined> {
    return this.#cleanup.run();
  }

  /** Returns the state of this node without asking the database. */
  health(): Health {
    return { ...this.#store.health(), cleanup: this.#cleanup.health };
  }

  /**
   * Writes the unwritten touches now. Call it before a process that may be frozen or killed becomes idle.
   * @throws SessionError `store-unavailable` if some could not be written; they are kept and written later
   */
  flush(): Promise<void> {
    return holdProcess(this.#store.flush());
  }

  /**
   * Writes the unwritten touches and stops all timers. Does not destroy the app's Knex, but closes the connections of a
   * manager with `connection`. May be called twice. If the database is down, waits at most `timeout` milliseconds (default:
   * `requestBudget`) and returns the number of lost touches: those sessions were used later than the database records.
   *
   * Stop serving requests first. Later requests are still verified over the app's Knex, each with a query, but their use is
   * never written. With `connection` they are refused with `store-unavailable`.
   * `onEnded` listeners that have not been called by then are never called. Listeners added later are called immediately
   * with `store-unavailable`.
   */
  close({ timeout = this.settings.requestBudget }: { readonly timeout?: number } = {}): Promise<Closed> {
    return holdProcess(this.#close(timeout));
  }

  async #close(timeout: number): Promise<Closed> {
    this.#watch.close();
    this.#owners.close();
    try {
      await this.#cleanup.close();
      const [touchesLost] = await Promise.all([
        this.#store.close(timeout),
        this.#trail.close(timeout, this.#signals.written()),
      ]);
      return { touchesLost };
    } finally {
      await this.#disconnect?.(timeout);
    }
  }

  /**
   * Returns a revocation of the session, or of the session that the credentials belong to. Returns undefined if the credentials
   * belong to no session or to one that has ended. An actor's own session is not selected, so that the actor can come back to it.
   */
  async #revocationOf(
    proof: Credentials | IdentitySession,
    visit: Visit,
    actor: string | null = null,
  ): Promise<Revocation | undefined> {
    const session = 'secret' in proof ? await this.#verification.sessionOf(proof, visit) : proof;
    if (session === undefined || (actor !== null && session.actor === null)) return undefined;
    if ('secret' in proof && session.endedAt !== null) return undefined;
    return sessionsOf(session, [session.sessionId]);
  }

  /** Keeps the device known while its session lives, however long that is. */
  async #renewDevice({ sessionId }: IdentitySession): Promise<void> {
    if (this.settings.onNewDevice === undefined) return;
    const session = await this.#store.find(sessionId);
    if (session !== undefined) this.#newDevices.renew(session);
  }

  async #endMoved(credentials: Credentials, visit: Visit): Promise<void> {
    const which = await this.#revocationOf(credentials, visit);
    if (which !== undefined) await this.#end(which, 'ip-changed');
  }

  #isLive(session: StoredSession): boolean {
    return stage(session, this.settings.lifetimes, this.settings.clock.now()) !== 'ended';
  }

  async #checkOwner(owner: Owner, id: string): Promise<void> {
    const session = await this.#store.find(id);
    if (session === undefined || !sameOwner(owner, session)) {
      throw plainRefusal('session-not-found');
    }
  }

  /** @throws TypeError if users of tenants with this id have live sessions */
  async #checkTenantless(userId: string): Promise<void> {
    const points = await cutoffsInForce(this.#store, this.settings, this.settings.clock.now());
    const all = await this.#store.count({ userId }, points);
    if (all === 0 || all <= (await this.#store.count({ userId, tenantId: null }, points))) return;
    throw new TypeError(
      '`onCredentialChange` was called with a user id without a tenant, but sessions of this id have a tenant and would not end: write `{ userId, tenantId }`, with `tenantId: null` for the user without a tenant',
    );
  }

  /** Inserts the session, and returns it as it is under the policy. */
  async #insert(
    session: StoredSession,
    credentialsCheckedAt: number,
    given: Given = {},
  ): Promise<StoredSession> {
    const policy = await this.#store.policy();
    const rules = await admissionOf(session, given, policy, this.settings);
    const admission = { ...rules, credentialsCheckedAt };
    await this.#capacity?.reserve();
    await this.#repeat(() => this.#store.insert(session, admission));
    const { actor } = session;
    this.settings.report({ type: 'added', session: referenceTo(session), ...(actor !== null && { actor }) });
    this.#owners.lookAt(session);
    return withIdleTimeout(session, policy.idleTimeout);
  }

  /** Reports the refusal of a sign-in that concerns its user or the database, and throws the error. */
  #refuseSignIn({ userId, tenantId = null, ipAddress: from }: Arrival, error: unknown): never {
    if (error instanceof SessionError && REPORTED_REFUSALS.has(error.code)) {
      const owner = { tenantId, userId };
      this.settings.report({
        type: 'refused',
        code: error.code,
        owner,
        ipAddress: this.settings.keptAddress(from),
      });
    }
    throw error;
  }

  #endOne(session: IdentitySession, reason: EndReason, by: string | null = null): Promise<readonly string[]> {
    return this.#end(sessionsOf(session, [session.sessionId]), reason, by);
  }

  async #end(which: Revocation, reason: EndReason, by: string | null = null): Promise<readonly string[]> {
    const at = this.settings.clock.now();
    if (reason === 'credential-changed') await this.#store.changeCredentials(which.owner, at);
    return this.#repeat(() => this.#store.end(which, { at, reason, by }));
  }

  /**
   * Repeats a call of the store until no more sessions must end. Returns the ids of those that ended. Reports them after each
   * call, because a later one may fail.
   */
  async #repeat(call: () => Promise<Ending>): Promise<readonly string[]> {
    const all: string[] = [];
    for (;;) {
      const { ended, more } = await call();
      await inSlices(ended, (slice) => this.#noteEnded(slice, all), REPORTED_AT_ONCE);
      if (!more) return all;
    }
  }

  #noteEnded(ended: readonly EndedSession[], all: string[]): void {
    const ids = ended.map(({ sessionId }) => sessionId);
    all.push(...ids);
    reportEnded(this.settings.report, ended);
    this.#watch.look(ids);
    this.#owners.look(ids);
  }
}

const CHANGEABLE: Names<SessionPatch> = { extraProperties: true, data: true, protocolData: true, name: true };

/** The longest name that an owner can give to a session, in characters. */
const LONGEST_NAME = 64;

const AUTHENTICATION: Names<Authentication> = {
  acr: true,
  amr: true,
  authenticatedAt: true,
  credentialsCheckedAt: true,
  ipAddress: true,
};

const LOWERED: Names<GivenLowering> = { methods: true, acr: true };

const LONGEST_LINK = 30 * 24 * 3_600_000;

const NOT_ME_LINK = {
  url: {
    check: text(/^https?:\/\/[^\s?#]+$/, 'a URL without a query, such as "https://app.example.com/not-me"'),
    required: "write `notMeLink(session, { url: 'https://app.example.com/not-me' })`",
  },
  lifetime: { default: '7D', check: duration(60_000, LONGEST_LINK) },
} satisfies OptionTable<NotMeLinkOptions>;

/** The number of ends that are reported before other requests may run. */
const REPORTED_AT_ONCE = 500;

/** The parts of a sign-in that its refusal is reported with. */
type Arrival = Pick<SignIn, 'userId' | 'tenantId' | 'ipAddress'>;

/** The refusals of a sign-in that concern its user or the database, rather than the app. They are reported. */
const REPORTED_REFUSALS: ReadonlySet<RefusalCode> = new Set([
  'store-unavailable',
  'session-limit-reached',
  'auth-id-taken',
  'credential-changed',
]);

/** Returns undefined if `maxSessions` does not limit this node. */
function capacityOf(store: AdministeredStore, settings: Settings): NodeCapacity | undefined {
  const { maxSessions: max, nodeId, clock } = settings;
  if (nodeId === null || max === Infinity) return undefined;
  return new NodeCapacity({
    max,
    count: async () => store.count({ node: nodeId }, await cutoffsInForce(store, settings, clock.now())),
    clock,
  });
}

/** Returns the time when the app checked the credentials of a sign-in: by default, when its request arrived. */
function checkedAt({ credentialsCheckedAt: given }: SignIn, { signedIn }: StoredSession): number {
  if (given !== undefined) return Math.min(given.getTime(), signedIn);
  return Math.floor(signedIn - (currentAttempt()?.credentialsAge ?? 0));
}
