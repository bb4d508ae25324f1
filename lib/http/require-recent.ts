import type { Request, RequestHandler } from 'express';

import { clientAddress } from './client-address';
import type { Dialect } from './dialect';
import { refuse, restDialect, sessionOf, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { duration, valid } from '../options/checks';
import { beyondLimit } from '../options/presets';
import type { OptionTable, OptionValues } from '../options/reader';
import type { Settings } from '../options/settings';
import { isAcr, isAmr, suffices, type RequiredAssurance } from '../session/assurance';
import type { Duration } from '../session/duration';
import { referenceTo, type IdentitySession } from '../session/session';

/** The authentication that a request needs. A session must meet every given option. */
export interface RecentOptions {
  /** The longest time since the authentication, at least one second. Default: the option `recency` of the manager. */
  readonly maxAge?: Duration | undefined;
  /** The level, or a list of levels of which the session must have one, such as `aal2`. Levels have no order. */
  readonly acr?: string | readonly string[] | undefined;
  /** The methods that must all have been used, such as `['otp']`. */
  readonly amr?: readonly string[] | undefined;
}

/** The options of `requireRecent`. */
export interface RequireRecentOptions extends VerbOptions, RecentOptions {}

const WORDS = 'printable ASCII characters without spaces';

/** The check of each option, for verbs and routers that require a recent authentication too. */
export const RECENT = {
  maxAge: { check: duration(1000) },
  acr: { check: valid<string | readonly string[]>(isLevels, `a level of ${WORDS}, or a list of levels`) },
  amr: { check: valid<readonly string[]>(isAmr, `a list of methods, each of ${WORDS}`) },
} satisfies OptionTable<RecentOptions>;

const OPTIONS = { ...VERB_OPTIONS, ...RECENT } satisfies OptionTable<RequireRecentOptions>;

/**
 * Accepts requests whose user was authenticated recently, or strongly enough. Refuses others with `authentication-insufficient`:
 * 401 with the challenge of RFC 9470. With `browserPages`, a browser is led to the sign-in page and back.
 *
 * Mount it behind the guard, before a route that needs more than a session:
 * `app.post('/email', guard, requireRecent(manager, { maxAge: '10M' }), changeEmail)`. After the user was authenticated again, call the
 * function of `createReauthentication`, or sign the user in.
 * @throws TypeError if the manager is missing, an option is invalid, nothing is required, or, for a request, no guard is mounted
 * before it
 */
export function requireRecent(
  manager: IdentitySessionManager,
  options: RequireRecentOptions = {},
): RequestHandler {
  const { dialect = restDialect(manager), ...recent } = verbOptions(
    'requireRecent',
    manager,
    options,
    OPTIONS,
  );
  if (requirementOf(manager, recent) === undefined) {
    throw new TypeError(
      "requireRecent requires nothing: write `requireRecent(manager, { maxAge: '10M' })`, give `acr` or `amr`, or set the option `recency` of the manager",
    );
  }
  return recentGuard(manager, dialect, recent);
}

/** Creates the handler of `requireRecent`. It passes every request on if nothing is required. */
export function recentGuard(
  manager: IdentitySessionManager,
  dialect: Dialect,
  recent: RecentOptions | false,
): RequestHandler {
  const check = recencyCheck(manager, recent);
  return function requireRecent(request, response, next) {
    try {
      check(request, sessionOf(request, 'requireRecent'));
    } catch (error) {
      refuse(error, dialect, request, response, next);
      return;
    }
    next();
  };
}

/**
 * Returns a function that checks the session of a request.
 * The function throws a `SessionError` with `authentication-insufficient`.
 */
export function recencyCheck(
  manager: IdentitySessionManager,
  recent: RecentOptions | false,
): (request: Request, session: IdentitySession) => void {
  const { clock, report, keptAddress } = manager.settings;
  const required = requirementOf(manager, recent);
  if (required === undefined) return () => undefined;
  return (request, session) => {
    if (suffices(session, required, clock.now())) return;
    const code = 'authentication-insufficient';
    const ipAddress = keptAddress(clientAddress(request));
    report({ type: 'refused', code, session: referenceTo(session), ipAddress });
    throw plainRefusal(code, { required: challengeOf(required) });
  };
}

/**
 * Returns undefined if nothing is required.
 * @throws TypeError if the preset of the manager requires more
 */
function requirementOf(
  { settings }: IdentitySessionManager,
  recent: RecentOptions | false,
): RequiredAssurance | undefined {
  if (recent === false) return checkPreset(settings, 'recent', false);
  const { maxAge = settings.recency, acr = [], amr = [] } = recent as OptionValues<typeof RECENT>;
  checkPreset(settings, 'maxAge', maxAge);
  if (maxAge === false && acr.length === 0 && amr.length === 0) return undefined;
  return { maxAge: maxAge === false ? Infinity : maxAge, acr: [acr].flat(), amr };
}

function checkPreset({ preset }: Settings, name: string, time: number | false): undefined {
  const problem = beyondLimit(preset, 'recency', name, time);
  if (problem !== undefined) throw new TypeError(`The route cannot be built: ${problem}`);
}

function challengeOf({ maxAge, acr, amr }: RequiredAssurance) {
  return {
    ...(maxAge !== Infinity && { maxAge: Math.floor(maxAge / 1000) }),
    ...(acr.length > 0 && { acr }),
    ...(amr.length > 0 && { amr }),
  };
}

function isLevels(value: unknown): boolean {
  return isAcr(value) || (Array.isArray(value) && value.length > 0 && value.every(isAcr));
}
