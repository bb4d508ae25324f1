import type { RequestHandler } from 'express';
import express, { type Express } from 'express';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';

import { restRouter, SessionError, sessionErrors, type IdentitySessionManager } from '../../lib';
import type { Browser } from './browser';
import { passportSessions, type PassportSessionsOptions } from '../../lib/passport';

/** The cookie of a session. */
export const COOKIE = '__Host-Http-identity';

/** The answers of the app at `/`. */
export const GUEST = { user: null, authenticated: false };
export const ALICE = { user: { id: 1, name: 'alice' }, authenticated: true };

/** A call of a store whose database is away. */
export const outage = () =>
  Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));

/** The id of the session in a browser, or '' if it has none. */
export const sessionIn = (browser: Browser) => browser.cookies.get(COOKIE)?.split('.')[0] ?? '';

export interface Account {
  readonly id: number;
  readonly name: string;
}

export interface PassportAppOptions extends Partial<PassportSessionsOptions> {
  readonly framework?: typeof express;
  /** The class of Passport, from either supported version. */
  readonly Class?: typeof Passport;
  readonly before?: readonly RequestHandler[];
}

/** An app as users of Passport write them, with local accounts whose password is `right`. */
export class PassportApp {
  readonly passport: InstanceType<typeof Passport>;
  readonly accounts = new Map<number, Account>();
  readonly app: Express;
  /** Returns the user for `deserializeUser`, or the error with which it fails. */
  find: (id: number) => Account | Error | undefined = (id) => this.accounts.get(id);

  constructor(manager: IdentitySessionManager, options: PassportAppOptions = {}) {
    const { framework = express, Class = Passport, before = [], ...given } = options;
    for (const [index, name] of ['alice', 'bob'].entries()) {
      this.accounts.set(index + 1, { id: index + 1, name });
    }
    this.passport = new Class();
    this.#configure();
    const { app, passport } = { app: framework(), passport: this.passport };
    this.app = app;
    app.use(framework.urlencoded({ extended: false }), ...before);
    app.use(passportSessions(manager, { passport, ...given }));
    app.get('/', (request, response) => {
      const { user = null } = request;
      response.json({ user, authenticated: request.isAuthenticated() });
    });
    app.post('/login', passport.authenticate('local'), (request, response) => response.json(request.user));
    app.post(
      '/form',
      passport.authenticate('local', { successReturnToOrRedirect: '/home', failureRedirect: '/login' }),
    );
    app.post('/keep', passport.authenticate('local', { keepSessionInfo: true }), (_, response) =>
      response.json({}),
    );
    app.post('/api', passport.authenticate('local', { session: false }), (request, response) =>
      response.json(request.user),
    );
    app.post('/logout', (request, response, next) => {
      request.logout((error) => (error ? next(error) : response.redirect('/')));
    });
    app.use(restRouter(manager));
    app.use(sessionErrors(manager));
  }

  #configure(): void {
    const { passport, accounts } = this;
    passport.use(
      new Strategy((name, password, done) => {
        const account = [...accounts.values()].find((each) => each.name === name);
        setImmediate(() =>
          done(null, password === 'right' ? account : false, { message: 'Wrong password.' }),
        );
      }),
    );
    passport.serializeUser((user, done) => done(null, (user as Account).id));
    passport.deserializeUser((id: number, done) => {
      setImmediate(() => {
        const found = this.find(id);
        if (found instanceof Error) done(found);
        else done(null, found ?? null);
      });
    });
  }
}

/** The body of a sign-in form. */
export function form(username: string, password = 'right'): string {
  return new URLSearchParams({ username, password }).toString();
}
