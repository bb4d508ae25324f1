import type { DescribedSession } from './dialects/dialect';
import { SessionError } from './errors';
import { location, type Locator } from './location/location';
import { fits, hashSecret, mintSecret, mintSessionId, type Credentials } from './session/credentials';
import { LONGEST_USER_AGENT } from './session/device';
import { ipAddress } from './session/ip-address';
import { cutoffs, expires, stage } from './session/lifetimes';
import { displacedBy, sessionsOf, type Revocation } from './session/revocation';
import {
  currentIpAddress,
  sameOwner,
  withoutSecret,
  type EndReason,
  type IdentitySession,
  type Owner,
  type StoredSession,
} from './session/session';
import { capped, optionalText, properties, text } from './session/text';
import type { Settings } from './settings';
import type { Admission, End, MaybePromise, SessionPatch, SessionStore } from './store/store';

/** Who signs in, with what and from where. The app has authenticated the user; nothing here sees a password. */
export interface SignIn {
  readonly userId: string;
  readonly tenantId?: string | null | undefined;
  /** The app's word for the client program, 64 characters at the most. */
  readonly clientId?: string | null | undefined;
  /** The kind of device, for rules about concurrent logins: `Web` when absent. */
  readonly device?: string | undefined;
  readonly userAgent?: string | null | undefined;
  readonly ipAddress?: string | null | undefined;
  /** Whether the session may hibernate after the short life time. `false` when absent. */
  readonly staySignedIn?: boolean | undefined;
  /** Any JSON object of up to 16 KB, kept with the session. */
  readonly extraProperties?: Readonly<Record<string, unknown>> | undefined;
  /** The credentials that came in with the request; their session ends in favour of the new one. */
  readonly replaces?: Credentials | undefined;
}

/** A session that has just been opened. The secret is given out here and never again. */
export interface Opened {
  readonly session: IdentitySession;
  readonly secret: string;
}

/** The circumstances of a request. */
export interface Visit {
  readonly ipAddress?: string | null | undefined;
  /** Whether it counts as use of the session. `true` when absent. */
  readonly activity?: boolean | undefined;
}

/** The one door to the sessions. It judges; where they live is the store's business, how they look on a wire the dialect's. */
export class IdentitySessionManager {
  readonly settings: Settings;
  readonly #store: SessionStore;
  readonly #locate: Locator | undefined;

  constructor(store: SessionStore, settings: Settings, locate?: Locator) {
    this.#store = store;
    this.settings = settings;
    this.#locate = locate;
  }

  /**
   * Opens a session for a user whom the app has authenticated.
   * @throws SessionError `session-limit-reached`, `invalid-request`, `store-unavailable`
   * @throws TypeError when the app gives something that is not what `SignIn` says
   */
  async open(signIn: SignIn): Promise<Opened> {
    const secret = mintSecret();
    const session = this.#newSession(signIn, hashSecret(secret));
    const replaced = signIn.replaces && (await this.#revocationOf(signIn.replaces));
    await this.#store.insert(session, this.#admission(session, replaced));
    return { session: withoutSecret(session), secret };
  }

  /**
   * The session that the credentials prove possession of. Answers at once when the session is warm.
   * @throws SessionError `credentials-invalid`, `session-ended`, `session-expired`, `store-unavailable`
   */
  verify(credentials: Credentials, visit: Visit = {}): MaybePromise<IdentitySession> {
    const found = this.#store.find(credentials.sessionId);
    if (found instanceof Promise) return found.then((session) => this.#admit(session, credentials, visit));
    return this.#admit(found, credentials, visit);
  }

  /**
   * The same for autologin: the session goes on, and its client may be given its credentials anew.
   * @throws SessionError as `verify`, and `autologin-disabled`
   */
  async revive(credentials: Credentials, visit: Visit = {}): Promise<IdentitySession> {
    if (!this.settings.lifetimes.autologin) {
      throw new SessionError('autologin-disabled', 'Sessions are not revived here; sign in again.');
    }
    return this.verify(credentials, visit);
  }

  /**
   * The owner's live sessions, newest sign-in first.
   * @throws SessionError `invalid-request`, `store-unavailable`
   */
  async list(owner: Owner): Promise<readonly IdentitySession[]> {
    const sessions = await this.#store.list(checked(owner));
    const now = this.settings.clock.now();
    return sessions
      .filter((session) => stage(session, this.settings.lifetimes, now) !== 'ended')
      .map((session) => withoutSecret(session));
  }

  /** What people want to know of a session. */
  describe(session: IdentitySession): DescribedSession {
    return {
      session,
      device: this.settings.describeDevice(session.userAgent),
      location: location(currentIpAddress(session), this.#locate),
      expires: expires(session, this.settings.lifetimes),
    };
  }

  /**
   * Ends sessions, and tells which. Ending one that has already ended is no mistake.
   * @throws SessionError `session-not-found` when one that is named is not the owner's; `invalid-request`,
   * `store-unavailable`
   */
  async revoke(
    which: Revocation,
    { reason = 'revoked', by = null }: { reason?: EndReason; by?: string | null } = {},
  ): Promise<readonly string[]> {
    const owner = checked(which.owner);
    const ended = await this.#store.end({ ...which, owner }, this.#end(reason, optionalText('by', by, 255)));
    for (const id of which.only ?? []) {
      if (!ended.includes(id)) await this.#insistOnOwner(owner, id);
    }
    return ended;
  }

  /**
   * Ends the session that the credentials prove possession of. Without such a session there is nothing to end, and that
   * is no mistake: whoever signs out wants to be out.
   */
  async signOut(credentials: Credentials): Promise<void> {
    const which = await this.#revocationOf(credentials);
    if (which !== undefined) await this.#store.end(which, this.#end('signed-out', which.owner.userId));
  }

  /** Changes what an app keeps with a session; false when there is no such session or it has ended. */
  update(sessionId: string, { extraProperties }: SessionPatch): Promise<boolean> {
    return this.#store.update(
      sessionId,
      extraProperties === undefined
        ? {}
        : { extraProperties: properties('extraProperties', extraProperties) },
    );
  }

  /** Writes what is still to be written and stops all timers. The app's Knex stays open. Twice is once. */
  close(): Promise<void> {
    return this.#store.close();
  }

  #newSession(signIn: SignIn, secretHash: string): StoredSession {
    const { clock, describeDevice } = this.settings;
    const now = clock.now();
    if (typeof signIn.userId !== 'string') {
      throw new TypeError(
        `\`userId\` must be text, and is ${typeof signIn.userId}: write \`String(user.id)\``,
      );
    }
    const userAgent = capped('userAgent', signIn.userAgent, LONGEST_USER_AGENT);
    const address = ipAddress(signIn.ipAddress);
    return {
      sessionId: mintSessionId(now),
      secretHash,
      tenantId: optionalText('tenantId', signIn.tenantId, 255),
      userId: text('userId', signIn.userId, 255),
      clientId: optionalText('clientId', signIn.clientId, 64),
      device: text('device', signIn.device ?? 'Web', 64),
      deviceInfo: capped('deviceInfo', describeDevice(userAgent).displayName, 256),
      userAgent,
      ipAddresses: Object.freeze(address === null ? [] : [address]),
      staySignedIn: signIn.staySignedIn === true,
      signedIn: now,
      lastAccessed: null,
      extraProperties: properties('extraProperties', signIn.extraProperties ?? {}),
      endedAt: null,
      endReason: null,
      endedBy: null,
    };
  }

  #admission(session: StoredSession, replaced: Revocation | undefined): Admission {
    const { preventConcurrentLogin, limit, lifetimes } = this.settings;
    const displaced = displacedBy(session, preventConcurrentLogin);
    return {
      displaces: [
        ...(replaced ? [{ which: replaced, end: this.#end('replaced') }] : []),
        ...(displaced ? [{ which: displaced, end: this.#end('displaced') }] : []),
      ],
      limit,
      cutoffs: cutoffs(lifetimes, session.signedIn),
    };
  }

  /** The session of a pair of credentials, if they are a pair at all. */
  async #revocationOf(credentials: Credentials): Promise<Revocation | undefined> {
    const session = await this.#store.find(credentials.sessionId);
    if (!fits(credentials.secret, session) || session === undefined || session.endedAt !== null)
      return undefined;
    return sessionsOf(session, [session.sessionId]);
  }

  #admit(
    session: StoredSession | undefined,
    credentials: Credentials,
    visit: Visit,
  ): MaybePromise<IdentitySession> {
    if (!fits(credentials.secret, session) || session === undefined) {
      throw new SessionError('credentials-invalid', 'These credentials belong to no session.');
    }
    if (session.endedAt !== null) {
      const evidence = { endReason: session.endReason ?? undefined };
      throw new SessionError('session-ended', 'This session was ended; sign in again.', evidence);
    }
    const now = this.settings.clock.now();
    if (stage(session, this.settings.lifetimes, now) === 'ended') {
      throw new SessionError('session-expired', 'This session was not used for too long; sign in again.');
    }
    return visit.activity === false ? withoutSecret(session) : this.#touch(session, visit.ipAddress, now);
  }

  #touch(
    session: StoredSession,
    from: string | null | undefined,
    now: number,
  ): MaybePromise<IdentitySession> {
    const current = currentIpAddress(session);
    const address = from === current ? null : ipAddress(from);
    const ipAddresses = address === null || address === current ? NO_ADDRESSES : [address];
    const touched = this.#store.touch([{ id: session.sessionId, at: now, ipAddresses }]);
    const seen = withoutSecret(session, now, ipAddresses);
    return touched instanceof Promise ? touched.then(() => seen) : seen;
  }

  async #insistOnOwner(owner: Owner, id: string): Promise<void> {
    const session = await this.#store.find(id);
    if (session === undefined || !sameOwner(owner, session)) {
      throw new SessionError('session-not-found', 'There is no such session.');
    }
  }

  #end(reason: EndReason, by: string | null = null): End {
    return { at: this.settings.clock.now(), reason, by };
  }
}

const NO_ADDRESSES: readonly string[] = Object.freeze([]);

function checked({ tenantId, userId }: Owner): Owner {
  return { tenantId: optionalText('tenantId', tenantId, 255), userId: text('userId', userId, 255) };
}
