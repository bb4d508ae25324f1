import type { Request, RequestHandler } from 'express';

import type { SessionError } from '../errors';
import type { Credentials, SecretForm, Transport } from '../session/credentials';
import type { ListOptions, OwnSearch } from '../manager/own-sessions';
import type { DescribedPage, DescribedSession } from '../session/described';
import type { Revocation } from '../session/revocation';
import type { IdentitySession } from '../session/session';
import type { MaybePromise } from '../store/store';

/**
 * The translation between a protocol and the verbs: it reads requests and builds answers, and has no effects. Verbs call
 * the manager and leave the protocol to the dialect, so that every verb works with every protocol.
 */
export interface Dialect {
  /** The form of new secrets. Default: `base64url`. */
  readonly secretForm?: SecretForm;
  /**
   * If true, a write that is authenticated by a cookie must come from the app's own origin or from `origins`. Sign-ins are always
   * checked.
   */
  readonly sameOrigin: boolean;
  /** If true, every request must come from the session's own address, unless the app sets `ipCheck.mode`. */
  readonly sameAddress: boolean;
  /**
   * If true, browsers send all credentials of this dialect automatically, so that it is safe for reading only. `upgradeGuard`
   * refuses such a dialect, because a WebSocket also writes. Default: `false`.
   */
  readonly readOnly?: boolean;
  /** If true, browsers are offered to bind new sessions to their device, if the app sets `deviceBound`. Default: `false`. */
  readonly bindable?: boolean;
  /**
   * A body parser for requests whose body can contain credentials. Guards, `autologin` and `signOut` call it before they read
   * credentials. By default, bodies contain none.
   */
  readonly parseBody?: RequestHandler;
  /**
   * Returns the credentials of the request, or undefined if it has none.
   * @throws SessionError `credentials-invalid`, `credentials-ambiguous`
   */
  credentials(request: Request): RequestCredentials | undefined;
  /** Returns the credentials of an autologin request, or undefined if it has none. Throws as `credentials` does. */
  remembered(request: Request): RequestCredentials | undefined;
  /**
   * Returns the sessions that the request names to be ended. If it names none, it must throw, and never select all.
   * @throws SessionError `session-not-found`, `invalid-request`
   */
  revocation(request: Request, current: IdentitySession): Revocation;
  /**
   * Returns the page of the caller's sessions that the request asks for: by position, or by number.
   * @throws SessionError `invalid-request`
   */
  page(request: Request): ListOptions | OwnSearch;

  /** Builds the answer after a session was opened or revived. It contains the credentials for the client. */
  opened(opened: OpenedSession, request: Request): Answer;
  /** Returns the bearer token for a client that keeps no cookies. */
  token(sessionId: string, secret: string): string;
  /**
   * The transports of clients whose secret can be replaced during a session, because `rotated` can carry the new one to them. Default:
   * none, so that secrets stay the same. A dialect that names one has `rotated`.
   */
  readonly rotates?: readonly Transport[];
  /** Builds the part of a response that carries a new secret to the client of the session. */
  rotated?(rotated: RotatedSession, request: Request): Pick<Answer, 'headers' | 'cookies'>;
  /** Builds the answer that shows the caller's current session. */
  session(current: DescribedSession, request: Request): Answer;
  /** Builds the answer that lists sessions. `current` is the session of the request. Long lists are built in slices. */
  sessions(page: DescribedPage, current: IdentitySession, request: Request): MaybePromise<Answer>;
  /**
   * Builds the answer after sessions were ended. If `clearCookies` is true, it clears the caller's cookies. `session` is the
   * caller's session, if it is known.
   */
  revoked(clearCookies: boolean, request: Request, session?: IdentitySession): Answer;
  /** Builds the answer for a refused request. */
  refusal(error: SessionError, request: Request): Answer;
}

export type { Transport };

/** The credentials in a request, with their transport. */
export interface RequestCredentials extends Credentials {
  readonly transport: Transport;
}

/** A session that was just opened or revived, with the secret that its client needs for later requests. */
export interface OpenedSession {
  readonly described: DescribedSession;
  readonly secret: string;
  readonly transport: Transport;
}

/** A session whose secret was replaced. */
export interface RotatedSession {
  readonly session: IdentitySession;
  readonly secret: string;
  readonly transport: Transport;
}

/** An HTTP answer as data. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Values of `Set-Cookie`. */
  readonly cookies: readonly string[];
  /** An object is sent as JSON. A string is sent unchanged; `headers` must contain its `Content-Type`. */
  readonly body?: object | string | undefined;
}

/** Formats a time as ISO 8601 in UTC, for example `2026-01-15T12:00:00.000Z`. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
