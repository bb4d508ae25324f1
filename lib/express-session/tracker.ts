import type { Request, Response } from 'express';

import {
  derivedId,
  destroyed,
  foreignSession,
  isStored,
  linkIn,
  saved,
  setLink,
  sidOf,
  type Link,
} from './link';
import { clientAddress } from '../http/client-address';
import { attemptOf } from '../http/attempt';
import { SAFE_METHODS } from '../http/same-origin';
import { plainRefusal, SessionError } from '../errors';
import { installationKeysOf } from '../manager/installation-keys';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import type { Visit } from '../manager/verification';
import { clientHintsOf } from '../session/device/client-hints';
import { sessionsOf } from '../session/revocation';
import { sameOwner, type IdentitySession, type Owner } from '../session/session';

/** The facts that an app can add. */
type TrackedFact = 'clientId' | 'device' | 'staySignedIn' | 'authenticatedAt' | 'acr' | 'amr';

/** The user of an express-session, with facts for lists and rules. */
export interface TrackedUser extends Owner, Pick<SignIn, TrackedFact> {}

/** Returns the user who is signed in, or null or undefined for a guest. */
export type UserOf = (request: Request) => string | TrackedUser | null | undefined;

/** The state of a request when it began. */
export interface Entered {
  readonly session: IdentitySession | undefined;
  /** The id of the express-session. */
  readonly sid: string;
}

interface TrackerOptions {
  readonly userOf: UserOf;
  readonly activity: boolean;
  readonly sameAddress: boolean;
}

/** Lets sessions of this package follow the express-sessions of requests. */
export class Tracker {
  readonly #manager: IdentitySessionManager;
  readonly #options: TrackerOptions;

  constructor(manager: IdentitySessionManager, options: TrackerOptions) {
    this.#manager = manager;
    this.#options = options;
  }

  /** Finds the session of a request that begins. Opens it if the express-session has none yet. */
  async enter(request: Request): Promise<Entered> {
    const session = await this.#session(request);
    return { session, sid: sidOf(request) };
  }

  async #session(request: Request): Promise<IdentitySession | undefined> {
    const theirs = foreignSession(request);
    if (theirs === undefined) throw new TypeError(NO_SESSION);
    const user = this.#user(request);
    const link = await this.#current(request, user, linkIn(theirs));
    if (user === undefined) return undefined;
    if (link?.owner !== undefined) return this.#linked(link, request);
    const session = await this.#open(request, user, link);
    setLink(theirs, { sessionId: session.sessionId, owner: user });
    // Saved now and not at the end, so that it overwrites no data that a parallel request has saved until then.
    await saved(theirs);
    return session;
  }

  /**
   * Lets the session follow what the request did with the express-session. Returns undefined if there is nothing to do, as for
   * nearly all requests.
   */
  leave(request: Request, response: Response, entered: Entered): Promise<void> | undefined {
    const { session } = entered;
    const link = linkIn(foreignSession(request));
    const user = this.#user(request);
    const same =
      user === undefined ? session === undefined && link?.owner === undefined : belongs(link, user);
    if (same && (session === undefined || SAFE_METHODS.has(request.method))) return undefined;
    const before = link ?? (session && { sessionId: session.sessionId, owner: session });
    return this.#follow(request, user, before, response.statusCode >= 500 ? entered.sid : undefined);
  }

  /** @param failedSid The express-session's id if the request failed, so that a sign-out may have changed nothing. */
  async #follow(
    request: Request,
    user: TrackedUser | undefined,
    before: Link | undefined,
    failedSid: string | undefined,
  ): Promise<void> {
    if (user === undefined && failedSid !== undefined && (await isStored(request, failedSid))) return;
    const link = await this.#current(request, user, before);
    const theirs = foreignSession(request);
    if (user === undefined || theirs === undefined) return;
    if (link?.owner === undefined) {
      const { sessionId } = await this.#open(request, user, link);
      // The limits count this request as a sign-in that has succeeded.
      attemptOf(request)?.decide('succeeded');
      setLink(theirs, { sessionId, owner: user });
    } else if (await this.#isEnded(link)) {
      await destroyed(request);
    } else if (linkIn(theirs)?.sessionId !== link.sessionId) {
      setLink(theirs, link);
    }
  }

  /**
   * Ends the session of a user who was signed out. Returns the link that is in force: without an owner if the next session needs
   * another id.
   */
  async #current(
    request: Request,
    user: TrackedUser | undefined,
    link: Link | undefined,
  ): Promise<Link | undefined> {
    if (link?.owner === undefined || belongs(link, user)) return link;
    const { sessionId, owner } = link;
    try {
      await this.#manager.revoke(sessionsOf(owner, [sessionId]), { reason: 'signed-out', by: owner.userId });
    } catch (error) {
      // The cleanup has already deleted it.
      if (!(error instanceof SessionError) || error.code !== 'session-not-found') throw error;
    }
    const theirs = foreignSession(request);
    if (linkIn(theirs) !== undefined) setLink(theirs!, { sessionId });
    return { sessionId };
  }

  /** @throws SessionError as `verify`; a deleted row counts as ended, so that no revoked session is opened again */
  async #linked({ sessionId, owner }: Link, request: Request): Promise<IdentitySession> {
    try {
      return await this.#manager.verifyClaimed(sessionId, this.#visit(request), owner);
    } catch (error) {
      throw isUnknown(error) ? plainRefusal('session-ended') : error;
    }
  }

  async #isEnded({ sessionId, owner }: Link): Promise<boolean> {
    try {
      await this.#manager.verifyClaimed(sessionId, { activity: false }, owner);
      return false;
    } catch (error) {
      if (error instanceof SessionError && error.code === 'ip-changed') return false;
      if (error instanceof SessionError && error.status === 401) return true;
      throw error;
    }
  }

  /** Returns the session that belongs to the express-session, and opens it unless a parallel request already has. */
  async #open(request: Request, user: TrackedUser, before: Link | undefined): Promise<IdentitySession> {
    const [current, ...older] = await installationKeysOf(this.#manager)();
    const idOf = (key: typeof current) => derivedId(key, sidOf(request), user, before?.sessionId);
    for (const key of [current, ...older]) {
      const session = await this.#known(idOf(key), user, request);
      if (session !== undefined) return session;
    }
    try {
      return await this.#manager.create(this.#signIn(request, user, idOf(current)));
    } catch (error) {
      // A parallel request may have opened it, so that this one found the limit reached by the session itself.
      const session =
        error instanceof SessionError ? await this.#known(idOf(current), user, request) : undefined;
      if (session === undefined) throw error;
      return session;
    }
  }

  /** Returns undefined if the session does not exist. */
  async #known(id: string, user: TrackedUser, request: Request): Promise<IdentitySession | undefined> {
    try {
      return await this.#manager.verifyClaimed(id, this.#visit(request), user);
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  #signIn(request: Request, user: TrackedUser, sessionId: string): SignIn {
    return {
      staySignedIn: true,
      device: 'Web',
      // The user may have signed in to express-session long ago.
      authenticatedAt: null,
      ...user,
      sessionId,
      userAgent: request.headers['user-agent'],
      clientHints: clientHintsOf(request),
      ipAddress: clientAddress(request),
    };
  }

  #visit(request: Request): Visit {
    const { activity, sameAddress } = this.#options;
    const userAgent = request.headers['user-agent'] ?? null;
    return { ipAddress: clientAddress(request), userAgent, activity, sameAddress };
  }

  /** @throws TypeError if `userOf` returns a value that is no user, such as a number */
  #user(request: Request): TrackedUser | undefined {
    if (foreignSession(request) === undefined) return undefined;
    const user: unknown = this.#options.userOf(request);
    if (user === undefined || user === null || user === '' || user === false) return undefined;
    if (typeof user === 'string') return { userId: user };
    const { userId } = user as Partial<TrackedUser>;
    if (typeof userId === 'string') return user as TrackedUser;
    throw new TypeError(
      `\`userOf\` returned a ${typeof user}, but must return a string, an object with a string \`userId\`, or undefined for guests: write \`String(request.user.id)\``,
    );
  }
}

const NO_SESSION =
  'trackExpressSession found no express-session on the request: mount it after `session(…)`. If it is, the store of ' +
  'express-session is disconnected, or its `cookie.path` does not include this path.';

function belongs(link: Link | undefined, user: TrackedUser | undefined): boolean {
  return link?.owner !== undefined && user !== undefined && sameOwner(link.owner, user);
}

function isUnknown(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'credentials-invalid';
}
