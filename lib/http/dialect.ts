import type { Request } from 'express';
import type { SessionError } from '../errors';
import type { Credentials, SecretForm } from '../session/credentials';
import type { DescribedSession } from '../session/described';
import type { Revocation } from '../session/revocation';
import type { IdentitySession } from '../session/session';

/**
 * How a wire speaks: it reads requests and words answers, and does nothing. A verb asks the manager, a dialect tells the
 * client; so any verb works on any wire.
 */
export interface Dialect {
  /** What the secrets of the wire look like; `base64url` when absent. */
  readonly secretForm?: SecretForm;
  /** Whether a write that carries a cookie must come from a page of the app itself. */
  readonly sameOrigin: boolean;
  /** Whether autologin must come from the session's own address where the app's `ipCheck` sets no `mode`. */
  readonly sameAddress: boolean;
  /**
   * What the request shows to be let in, or undefined for nothing.
   * @throws SessionError `credentials-invalid`, `credentials-ambiguous`
   */
  credentials(request: Request): RequestCredentials | undefined;
  /** The same for autologin. */
  remembered(request: Request): RequestCredentials | undefined;
  /**
   * What the request asks to end.
   * @throws SessionError `session-not-found`, `invalid-request`
   */
  revocation(request: Request, current: IdentitySession): Revocation;

  /** Hands the credentials to the client. */
  opened(opened: OpenedSession, request: Request): Answer;
  /** What a client without cookies sends from now on. */
  token(sessionId: string, secret: string): string;
  /** The session that the caller is in. */
  session(current: DescribedSession, request: Request): Answer;
  sessions(sessions: readonly DescribedSession[], current: IdentitySession, request: Request): Answer;
  /**
   * What was to end has ended. With `forget` the browser is to forget the caller's cookies, which are those of `session`
   * where that is known.
   */
  revoked(forget: boolean, request: Request, session?: IdentitySession): Answer;
  refusal(error: SessionError, request: Request): Answer;
}

/** By which way credentials travel: browsers send cookies by themselves, other clients send a bearer token on purpose. */
export type Transport = 'cookie' | 'bearer';

/** The credentials that a request shows, and by which way they came. */
export interface RequestCredentials extends Credentials {
  readonly transport: Transport;
}

/** A session that has just begun or been revived, with what its client is given to come back with. */
export interface OpenedSession {
  readonly described: DescribedSession;
  readonly secret: string;
  readonly transport: Transport;
}

/** An answer as data. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Values of `Set-Cookie`. */
  readonly cookies: readonly string[];
  /** An object is sent as JSON, text as it is, under the `Content-Type` that the headers give. */
  readonly body?: object | string | undefined;
}

/** A point in time as JSON has it, by ISO 8601 in UTC: `2026-01-15T12:00:00.000Z`. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
