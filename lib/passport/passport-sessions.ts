import type { Request, RequestHandler, Response } from 'express';

import { refuse, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from '../http/request';
import { sessionSecretGuard } from '../http/session-secret-guard';
import { createSignIn } from '../http/sign-in';
import type { IdentitySessionManager } from '../manager/manager';
import { func, isFunction, text, valid } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { sessionsOf } from '../session/revocation';
import { AppUsers, type PassportLike } from './app-users';
import { LoginMethods, type LoginParts, type PassportFacts } from './login-methods';
import { prepareSession } from './request-session';

/** The options of `passportSessions`. */
export interface PassportSessionsOptions extends VerbOptions {
  /** The Passport that has the app's strategies, `serializeUser` and `deserializeUser`. Required. */
  readonly passport: PassportLike;
  /**
   * Returns facts of a new session beside those of Passport, for example
   * `(user, request) => ({ staySignedIn: request.body.remember, tenantId: user.tenantId })`. May be async. Default for `userId`: the
   * result of the app's `serializeUser`, or its member `id`.
   */
  readonly factsOf?:
    | ((
        user: Express.User,
        request: Request,
      ) => PassportFacts | undefined | Promise<PassportFacts | undefined>)
    | undefined;
  /** The property of the request for the user. Pass the same to `passport.initialize`, if the app calls it. Default: `user`. */
  readonly userProperty?: string | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  // Secret, because a message that shows the value would show the secrets of its strategies.
  passport: {
    check: valid<PassportLike>(isPassport, "the app's Passport, the default export of `passport`"),
    required: 'write `passportSessions(manager, { passport })`',
    secret: true,
  },
  factsOf: { default: () => undefined, check: func<NonNullable<PassportSessionsOptions['factsOf']>>() },
  userProperty: { default: 'user', check: text(/^[a-z]\w*$/i, 'a name such as "user"') },
} satisfies OptionTable<PassportSessionsOptions>;

function isPassport(value: unknown): boolean {
  const { use, serializeUser, deserializeUser } = (value ?? {}) as Partial<PassportLike>;
  return [use, serializeUser, deserializeUser].every(isFunction);
}

/**
 * Keeps Passport's login sessions with the manager. Mount it in place of express-session and `passport.session()`:
 * `app.use(passportSessions(manager, { passport }))`. If the app needs express-session for guests, mount that before.
 *
 * Sets `request.user` and `request.identitySession` if the request proves a live session, and lets guests pass. `request.login`,
 * which `passport.authenticate` calls, opens a session and ends the previous one. `request.logout` ends it on every node.
 * If `deserializeUser` finds no user, the session is ended and the request continues as that of a guest. Passport's strategy
 * `session` is replaced by one that does nothing.
 *
 * Refuses requests with `cross-site` or `store-unavailable`. The callbacks of `login` and `logout` receive the errors of
 * `createSignIn` and `signOut`; mount `sessionErrors` to answer them.
 * @throws TypeError if the manager or `passport` is missing, or an option is invalid
 */
export function passportSessions(
  manager: IdentitySessionManager,
  options: PassportSessionsOptions,
): RequestHandler {
  const {
    dialect = restDialect(manager),
    passport,
    factsOf,
    userProperty,
  } = verbOptions('passportSessions', manager, options, OPTIONS);
  const signIn = createSignIn(manager, { dialect });
  const users = new AppUsers(passport);
  const parts = { manager, dialect, signIn, users, userProperty, factsOf };
  const guard = sessionSecretGuard(manager, { dialect, optional: true });
  passport.use('session', INERT as never);

  return function passportSessions(request, response, next) {
    const methods = new LoginMethods(request, response, parts);
    methods.install();
    prepareSession(request, () => methods.end());
    void guard(request, response, (error?: unknown) => {
      if (error !== undefined || request.identitySession === undefined) return next(error);
      restoreUser(request, response, methods, parts).then(
        () => next(),
        (failure: unknown) => refuse(failure, dialect, request, response, next),
      );
    });
  };
}

/** Leaves `passport.session()` without effect, which would sign users in by old values in the app's own `request.session`. */
const INERT = {
  authenticate(this: { pass(): void }): void {
    this.pass();
  },
};

/** Sets the user of the session. Ends the session if the app no longer has this user. */
async function restoreUser(
  request: Request,
  response: Response,
  methods: LoginMethods,
  { manager, dialect, users }: LoginParts,
): Promise<void> {
  const session = request.identitySession!;
  const user = await users.userOf(session, request);
  if (user !== undefined) {
    methods.user = user;
    return;
  }
  const which = sessionsOf(session, [session.sessionId]);
  await manager.revoke(which, { reason: 'administrator', by: 'deserializeUser' });
  response.append('Set-Cookie', [...dialect.revoked(true, request, session).cookies]);
  delete request.identitySession;
}
