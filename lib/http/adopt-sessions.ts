import type { Request, RequestHandler, Response } from 'express';

import { beforeHeaders, keepFromSharedCaches } from './before-headers';
import { bindingEvidence } from './bound-cookie';
import { clientAddress } from './client-address';
import { markProved, setSession } from './guarded-session';
import {
  refuse,
  restDialect,
  setHeaders,
  VERB_OPTIONS,
  verbOptions,
  wellFormedCredentials,
  type VerbOptions,
} from './request';
import { checkProvedWrite } from './same-origin';
import { SessionError } from '../errors';
import { installationKeysOf } from '../manager/installation-keys';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import type { Visit } from '../manager/verification';
import { flag, func } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { Credentials } from '../session/credentials';
import { clientHintsOf } from '../session/device/client-hints';
import { derivedCredentials } from '../session/derived-credentials';
import { sessionsOf } from '../session/revocation';
import type { IdentitySession, Owner } from '../session/session';

/** The facts that an app can add. */
type AdoptedFact = 'clientId' | 'device' | 'staySignedIn' | 'authenticatedAt' | 'acr' | 'amr';

/** A session of the system that the app used before, such as express-session or a JWT. */
export interface OldSession extends Owner, Pick<SignIn, AdoptedFact> {
  /** The id or the token of the old session. It is not stored, only a keyed hash of it. */
  readonly id: string;
}

/** The options of `adoptSessions`. */
export interface AdoptOptions extends VerbOptions {
  /**
   * Returns the old session of the request, or null or undefined if it has none. The app must have verified it: the user in it is
   * signed in. Required.
   */
  readonly oldSessionOf: (request: Request) => OldSession | null | undefined;
  /** Ends the old session of the request, after its adopted session has ended. Default: the old session is left alone. */
  readonly endOld?: ((request: Request) => void | Promise<void>) | undefined;
  /**
   * True ends an adopted session when its cookie arrives without the old session, because the user was signed out in the old
   * version of the app. Set it to `false` if clients stop sending the old session by themselves. Default: `true`.
   */
  readonly follows?: boolean | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  oldSessionOf: {
    check: func<AdoptOptions['oldSessionOf']>(),
    required:
      'write `adoptSessions(manager, { oldSessionOf: ({ session, sessionID }) => session.userId && { id: sessionID, userId: session.userId } })`',
  },
  endOld: { check: func<NonNullable<AdoptOptions['endOld']>>() },
  follows: { default: true, check: flag },
} satisfies OptionTable<AdoptOptions>;

/** The name under which adopted sessions are marked in their `protocolData`. */
const ADOPTED = 'adopted';

/**
 * Moves users who are signed in with another system to sessions of this package, while both are in use. The first request with an
 * old session opens one session and sets its cookie, however many requests arrive at once.
 *
 * Mount it after the old system and before the guard: `app.use(adoptSessions(manager, { oldSessionOf }))`.
 *
 * Refuses requests with the codes of `sessionSecretGuard` and of `createSignIn`.
 * @throws TypeError if the manager or `oldSessionOf` is missing, the manager has no `keys`, an option is invalid, or, for a request,
 * `oldSessionOf` returns a value that is not an old session
 */
export function adoptSessions(manager: IdentitySessionManager, options: AdoptOptions): RequestHandler {
  const {
    dialect = restDialect(manager),
    oldSessionOf,
    endOld,
    follows,
  } = verbOptions('adoptSessions', manager, options, OPTIONS);

  if (manager.settings.keys === undefined) {
    throw new TypeError(
      'adoptSessions needs the option `keys` of the manager: the secrets of adopted sessions are derived from a key, which must ' +
        'not be in the same database as the ids of old sessions',
    );
  }

  const visitOf = (request: Request): Visit => ({
    ipAddress: clientAddress(request),
    sameAddress: dialect.sameAddress,
    userAgent: request.headers['user-agent'] ?? null,
    binding: bindingEvidence(request.headers, manager.settings),
  });

  async function handle(request: Request, response: Response): Promise<void> {
    const old = checkedOld(oldSessionOf(request));
    const credentials = wellFormedCredentials(request, dialect);
    if (old === undefined) {
      const session = follows ? await liveSession(manager, credentials, visitOf(request)) : undefined;
      if (session !== undefined && isAdopted(session)) await end(manager, session, 'signed-out');
      return;
    }
    const keys = await installationKeysOf(manager)();
    const candidates = keys.map((key) => derivedCredentials(key, old.id, old));
    const isTheirs = candidates.some(({ sessionId }) => sessionId === credentials?.sessionId);
    const other = isTheirs ? undefined : await liveSession(manager, credentials, visitOf(request));
    // The user has signed in to this package in the meantime.
    if (other !== undefined && !isAdopted(other)) return;
    checkProvedWrite(request, dialect, manager.settings);
    const { session, secret } = await adopted(manager, old, candidates, request, visitOf(request));
    if (other !== undefined) await end(manager, other, 'replaced');
    setSession(request, session);
    markProved(request, manager);
    if (!isTheirs) setCookie(response, request, session, secret);
  }

  function setCookie(response: Response, request: Request, session: IdentitySession, secret: string): void {
    const opened = { described: manager.describe(session), secret, transport: 'cookie' as const };
    const { cookies } = dialect.opened(opened, request);
    setHeaders(response, { status: 200, headers: {}, cookies });
    beforeHeaders(response, () => keepFromSharedCaches(response, 'no-store'));
  }

  return function adoptSessions(request, response, next) {
    handle(request, response)
      .then(() => next())
      .catch(async (error: unknown) => {
        if (isOver(error)) await endOld?.(request);
        refuse(error, dialect, request, response, next);
      })
      .catch(next);
  };
}

/** Returns the session that the old one was moved to. Opens it if no other request has. */
async function adopted(
  manager: IdentitySessionManager,
  old: OldSession,
  candidates: readonly DerivedCredentials[],
  request: Request,
  visit: Visit,
): Promise<{ readonly session: IdentitySession; readonly secret: string }> {
  const known = async () => {
    for (const each of candidates) {
      try {
        return { session: await manager.verify(each, visit), secret: each.secret };
      } catch (error) {
        if (!(error instanceof SessionError) || error.code !== 'credentials-invalid') throw error;
      }
    }
    return undefined;
  };
  const present = await known();
  if (present !== undefined) return present;
  const { id: _, ...facts } = old;
  const { sessionId, secret } = candidates[0]!;
  try {
    const signIn = {
      staySignedIn: true,
      // The user signed in to the old system at a time that only the app can know.
      authenticatedAt: null,
      ...facts,
      sessionId,
      protocolData: { [ADOPTED]: {} },
      userAgent: request.headers['user-agent'],
      clientHints: clientHintsOf(request),
      ipAddress: clientAddress(request),
    };
    return { session: await manager.adopt(signIn, secret), secret };
  } catch (error) {
    // A parallel request may have opened it, so that this one found the limit reached by the session itself.
    const opened = error instanceof SessionError ? await known() : undefined;
    if (opened === undefined) throw error;
    return opened;
  }
}

type DerivedCredentials = ReturnType<typeof derivedCredentials>;

/** Returns undefined if the credentials prove no live session. */
async function liveSession(
  manager: IdentitySessionManager,
  credentials: Credentials | undefined,
  visit: Visit,
): Promise<IdentitySession | undefined> {
  if (credentials === undefined) return undefined;
  try {
    return await manager.verify(credentials, { ...visit, activity: false });
  } catch (error) {
    if (error instanceof SessionError && error.status === 401) return undefined;
    throw error;
  }
}

function isAdopted({ protocolData }: IdentitySession): boolean {
  return ADOPTED in protocolData;
}

async function end(
  manager: IdentitySessionManager,
  session: IdentitySession,
  reason: 'signed-out' | 'replaced',
): Promise<void> {
  await manager.revoke(sessionsOf(session, [session.sessionId]), { reason, by: session.userId });
}

/** Returns true if the adopted session is over, so that the old one must end too. An outage ends nothing. */
function isOver(error: unknown): boolean {
  return error instanceof SessionError && ['session-ended', 'session-expired'].includes(error.code);
}

/** @throws TypeError */
function checkedOld(given: unknown): OldSession | undefined {
  if (given === undefined || given === null || given === false || given === '') return undefined;
  const { id, userId } = given as Partial<OldSession>;
  if (typeof id === 'string' && id !== '' && typeof userId === 'string') return given as OldSession;
  throw new TypeError(
    '`oldSessionOf` must return `{ id, userId }` with strings, or undefined: write `String(user.id)` for a number',
  );
}
