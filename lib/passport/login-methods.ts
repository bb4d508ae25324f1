import type { Request, Response } from 'express';

import type { Answer, Dialect } from '../http/dialect';
import { setHeaders } from '../http/request';
import type { SignInFacts, SignInFunction } from '../http/sign-in';
import { endSessionOf } from '../http/sign-out';
import type { IdentitySessionManager } from '../manager/manager';
import type { EndReason } from '../session/end-reason';
import { sessionsOf } from '../session/revocation';
import { actingUser, sameOwner, type IdentitySession } from '../session/session';
import { PASSPORT, userIdOf, type AppUsers } from './app-users';
import { renewHostSession, settle } from './request-session';

/** The facts of a sign-in that an app can add to those of Passport. */
export type PassportFacts = Partial<Omit<SignInFacts, 'transport'>>;

/** The parts that the methods of all requests share. */
export interface LoginParts {
  readonly manager: IdentitySessionManager;
  readonly dialect: Dialect;
  readonly signIn: SignInFunction;
  readonly users: AppUsers;
  readonly userProperty: string;
  readonly factsOf: (
    user: Express.User,
    request: Request,
  ) => PassportFacts | undefined | Promise<PassportFacts | undefined>;
}

/** The options of `request.login` and `request.logout`. Passport also passes those of `passport.authenticate`. */
interface LoginOptions {
  readonly session?: boolean | undefined;
  readonly keepSessionInfo?: boolean | undefined;
}

type Done = (error?: unknown) => void;

type MethodArguments = readonly [(LoginOptions | Done)?, Done?];

/**
 * The methods that Passport adds to a request, on sessions of the manager. Passport keeps methods of these names that a request
 * already has, and calls `logIn` after it authenticated a user.
 */
export class LoginMethods {
  /** The session that was opened while the request was handled. The cookies of the request do not name it. */
  #opened: IdentitySession | undefined;
  readonly #request: Request;
  readonly #response: Response;
  readonly #parts: LoginParts;

  constructor(request: Request, response: Response, parts: LoginParts) {
    this.#request = request;
    this.#response = response;
    this.#parts = parts;
  }

  get user(): unknown {
    return Reflect.get(this.#request, this.#parts.userProperty) as unknown;
  }

  set user(user: unknown) {
    Reflect.set(this.#request, this.#parts.userProperty, user);
  }

  /** Adds the methods to the request, under both of their names. */
  install(): void {
    const logIn = this.#logIn.bind(this);
    const logOut = this.#logOut.bind(this);
    const isAuthenticated = () => Boolean(this.user);
    const isUnauthenticated = () => !this.user;
    const methods = { logIn, login: logIn, logOut, logout: logOut, isAuthenticated, isUnauthenticated };
    Object.assign(this.#request, methods);
  }

  /** Ends the session of the request, and clears its cookie unless the response has started. */
  async end(): Promise<void> {
    const { manager, dialect } = this.#parts;
    const request = this.#request;
    if (this.#opened === undefined) this.#clear(await endSessionOf(request, manager, dialect));
    else await this.endOpened('signed-out');
    delete request.identitySession;
  }

  /** Ends the session that was opened while this request was handled, if there is one. */
  async endOpened(reason: EndReason): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    const { manager, dialect } = this.#parts;
    await manager.revoke(sessionsOf(opened, [opened.sessionId]), { reason, by: actingUser(opened) });
    this.#clear(dialect.revoked(true, this.#request, opened));
    this.#opened = undefined;
    delete this.#request.identitySession;
  }

  #clear({ headers: { 'Clear-Site-Data': data }, cookies }: Answer): void {
    const headers = data === undefined ? {} : { 'Clear-Site-Data': data };
    if (!this.#response.headersSent) setHeaders(this.#response, { status: 200, headers, cookies });
  }

  #logIn(user: Express.User, ...rest: MethodArguments): void {
    const [options, done] = withOptions(rest);
    if (options.session === false) {
      this.user = user;
      // The password was right, so that limiters do not count a failure.
      this.#parts.signIn.pending(this.#request);
      done?.();
      return;
    }
    const callback = checkedCallback('login', done);
    this.user = user;
    const opening = this.#open(user, options).catch((error: unknown) => {
      this.user = null;
      throw error;
    });
    settle(opening, callback);
  }

  #logOut(...rest: MethodArguments): void {
    const [{ keepSessionInfo = false }, done] = withOptions(rest);
    const callback = checkedCallback('logout', done);
    this.user = null;
    const ending = this.end().then(() => renewHostSession(this.#request, keepSessionInfo));
    settle(ending, callback);
  }

  async #open(user: Express.User, { keepSessionInfo = false }: LoginOptions): Promise<void> {
    const { users, factsOf, signIn } = this.#parts;
    const request = this.#request;
    const serialized = await users.serialized(user, request);
    const facts = (await factsOf(user, request)) ?? {};
    const { userId = userIdOf(serialized), tenantId = null, protocolData } = facts;
    const previous = request.identitySession;
    await this.endOpened('replaced');
    const kept = keepSessionInfo && previous && sameOwner(previous, { userId, tenantId }) && previous.data;
    const { session } = await signIn(request, this.#response, {
      ...(kept && { data: kept }),
      ...facts,
      userId,
      protocolData: { ...protocolData, [PASSPORT]: { user: serialized } },
      transport: 'cookie',
    });
    this.#opened = request.identitySession = session;
    try {
      await renewHostSession(request, keepSessionInfo);
    } catch (error) {
      await this.endOpened('signed-out');
      throw error;
    }
  }
}

/** Both methods can be called without options. */
function withOptions(rest: MethodArguments): readonly [LoginOptions, Done | undefined] {
  const [first, second] = rest;
  return typeof first === 'function' ? [{}, first] : [first ?? {}, second];
}

/** @throws TypeError if the app passed no callback, because it could not wait for the result */
function checkedCallback(method: string, done: Done | undefined): Done {
  if (typeof done === 'function') return done;
  throw new TypeError(`request.${method} requires a callback: write \`request.${method}(…, (error) => …)\``);
}
