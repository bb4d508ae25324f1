import { promisify } from 'node:util';

import type { Request } from 'express';

import { returnPath } from '../http/browser-pages';

type Callback = (error?: unknown) => void;

/** The methods of `request.session` that Passport and apps call. Another middleware for sessions may lack some of them. */
interface HostSession {
  regenerate?(callback: Callback): unknown;
  save?(callback: Callback): unknown;
  destroy?(callback: Callback): unknown;
}

interface RequestWithSession {
  session?: HostSession | null;
}

/** The objects that `newSession` created, in contrast to those of the app. */
const provided = new WeakSet<object>();

const warned = new Set<PropertyKey>();

/** The number of names that are warned about, in case an app computes them. */
const MOST_WARNINGS = 20;

/**
 * Lets `request.session.destroy` end the session of the request, because apps sign users out with it. Creates `request.session` if
 * the app has none.
 * @param end Ends the session of the request.
 */
export function prepareSession(request: Request, end: () => Promise<void>): void {
  const holder = request as RequestWithSession;
  if (holder.session === undefined || holder.session === null) holder.session = newSession(request, end);
  else if (!provided.has(holder.session)) extendDestroy(holder.session, end);
}

function extendDestroy(session: HostSession, end: () => Promise<void>): void {
  const destroy = session.destroy?.bind(session);
  if (destroy === undefined) return;
  const value = (callback: Callback = warnOfFailure) => {
    const destroyed = promisify(destroy)();
    // Both end, even if one of them fails.
    settle(Promise.all([end(), destroyed]).then(ignore), callback);
  };
  // Not enumerable, so that it is not stored with the values of the session.
  Object.defineProperty(session, 'destroy', { value, configurable: true, writable: true });
}

/**
 * Returns a session for code that needs its methods. `regenerate` and `destroy` end the session of the request. `returnTo` is the
 * parameter of that name, as `returnPath` reads it. Values are kept until the end of the request. The first value of each name
 * causes a warning, because an app may expect it to stay.
 */
function newSession(request: Request, end: () => Promise<void>): HostSession {
  const ending = (callback?: Callback) => settle(end(), callback ?? warnOfFailure);
  const nothing = (callback?: Callback) => settle(Promise.resolve(), callback ?? ignore);
  const members = {
    regenerate: ending,
    destroy: ending,
    save: nothing,
    reload: nothing,
    touch: ignore,
    // Passport reads it for `successReturnToOrRedirect`.
    get returnTo() {
      return returnPath(request, '') || undefined;
    },
  };
  const session = new Proxy(Object.create(members) as object, {
    set(target, name, value: unknown) {
      warnOfLoss(name);
      return Reflect.defineProperty(target, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  });
  provided.add(session);
  return session;
}

/**
 * Gives the app's own `request.session` a new id, as Passport does at each sign-in and sign-out. Does nothing if the app has none.
 * @param keep True keeps the values of the session.
 * @throws the error of the app's session store
 */
export async function renewHostSession(request: Request, keep: boolean): Promise<void> {
  const holder = request as RequestWithSession;
  const { session } = holder;
  if (session === undefined || session === null || provided.has(session)) return;
  // A user who signed in before the app adopted this package is not to be signed in by it.
  const { passport: _user, ...values } = session as HostSession & { passport?: unknown };
  // A session that is kept in a cookie has no id and no such method.
  if (session.regenerate === undefined) holder.session = {};
  else await promisify(session.regenerate.bind(session))();
  // Not `session`, because both ways create another object.
  const renewed = (request as RequestWithSession).session!;
  if (keep) Object.assign(renewed, values);
  // The browser may send its next request as soon as it has the response.
  if (renewed.save !== undefined) await promisify(renewed.save.bind(renewed))();
}

/** Calls the callback as Passport calls it: with the error, or without arguments. */
export function settle(work: Promise<void>, callback: Callback): void {
  void work.then(
    () => callback(),
    (error: unknown) => callback(error),
  );
}

function ignore(): void {
  // Nothing is stored.
}

function warnOfLoss(name: PropertyKey): void {
  if (warned.has(name) || warned.size === MOST_WARNINGS) return;
  warned.add(name);
  process.emitWarning(
    `\`request.session.${String(name)}\` is lost when the request ends. For values that guests have too, such as flash messages, ` +
      'the state of OAuth or a cart, mount express-session before `passportSessions`. For data of signed-in users, use ' +
      '`manager.update`.',
    { code: 'EIS_REQUEST_SESSION_LOST' },
  );
}

function warnOfFailure(error?: unknown): void {
  if (error === undefined) return;
  process.emitWarning(
    'A session could not be ended. Pass a callback to `request.session.destroy`, and report its error.',
    {
      code: 'EIS_SESSION_NOT_ENDED',
    },
  );
}
