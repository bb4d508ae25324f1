import { createHmac, hash, randomBytes } from 'node:crypto';

import { systemClock } from '../clock';
import { withBucket } from './bucket';
import type { IdentitySession, Owner, StoredSession } from './session';

/** The credentials of a request: a session id, and the secret that proves possession of the session. */
export interface Credentials {
  readonly sessionId: string;
  /** The secret, or a function that finds it in the request if its place depends on the session. */
  readonly secret: string | ((session: IdentitySession) => string | undefined);
}

/** The transport of credentials: a cookie, which browsers send automatically, or a bearer token in a header. */
export type Transport = 'cookie' | 'bearer';

/** The form of a secret: `base64url` with 256 random bits, or `hex` with 128 bits as 32 hexadecimal digits. */
export type SecretForm = 'base64url' | 'hex';

const SESSION_ID = /^[0-9a-f]{32}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * Returns a new session id. It is a UUID version 7 (RFC 9562), so that ids grow with time and the primary key stays
 * small. It names the bucket of the owner and has 62 random bits. The id is not a secret.
 */
export function mintSessionId(now: number, owner: Owner): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return withBucket(bytes.toString('hex'), owner);
}

/**
 * Returns an id for the option `sessionId` of a sign-in, for apps that need it in advance. The sign-in must be one of this owner.
 * @throws TypeError if the owner has no `userId`
 */
export function newSessionId(owner: Owner): string {
  if (typeof (owner as Partial<Owner> | undefined)?.userId !== 'string') {
    throw new TypeError('newSessionId() needs the owner of the session: `newSessionId({ userId: "…" })`');
  }
  return mintSessionId(systemClock().now(), owner);
}

/** Returns a new secret. */
export function mintSecret(form: SecretForm = 'base64url'): string {
  return form === 'hex' ? randomBytes(16).toString('hex') : randomBytes(32).toString('base64url');
}

/** The part of a `base64url` secret that stays the same for the whole session, in bytes. The other half changes at a rotation. */
const FAMILY = 16;

/**
 * Returns a value that all secrets of one session share, as 16 characters of one byte: the hash of their constant part. Nobody can
 * compute it without having had one of the secrets. Returns null for a secret of the form `hex`, which never rotates.
 */
export function familyOf(secret: string): string | null {
  return isSecret(secret) ? hash('sha256', bytesOf(secret).subarray(0, FAMILY), 'binary').slice(0, 16) : null;
}

/** Returns a salt for `successorOf`, as 32 hexadecimal digits. */
export function mintSalt(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Returns the secret that follows a `base64url` secret in the same session. Every node computes the same one from the same salt, for
 * a client that shows the earlier secret. Without a salt, the successor is random.
 */
export function successorOf(secret: string, salt?: string): string {
  const renewed =
    salt === undefined
      ? randomBytes(FAMILY)
      : createHmac('sha256', Buffer.from(salt, 'hex')).update(secret).digest().subarray(0, FAMILY);
  return Buffer.concat([bytesOf(secret).subarray(0, FAMILY), renewed]).toString('base64url');
}

function bytesOf(secret: string): Buffer {
  return Buffer.from(secret, 'base64url');
}

/** Returns the hash of a token as 64 hexadecimal digits. A plain hash is sufficient from 112 random bits (ASVS 5.0, 6.5.2). */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Returns the hash of a session's secret, in the form of `StoredSession.secretHash`. */
export function sessionSecretHash(secret: string): string {
  return hash('sha256', secret, 'binary');
}

/** Returns true if the value has the form of a session id: 32 lower-case hexadecimal digits. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value);
}

/**
 * Returns the session id in the form that stores use, or undefined if the value is not a UUID. Accepts dashes and capital
 * letters.
 */
export function parsedSessionId(uuid: unknown): string | undefined {
  if (typeof uuid !== 'string') return undefined;
  const plain = uuid.replaceAll('-', '').toLowerCase();
  return isSessionId(plain) ? plain : undefined;
}

/** Returns true if the value has the form of a `base64url` secret. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && SECRET.test(value);
}

/** Returns the secret that the credentials contain for the session, or the empty string. */
export function secretOf({ secret }: Credentials, session: IdentitySession): string {
  return typeof secret === 'string' ? secret : (secret(session) ?? '');
}

/** Returns true if the secret belongs to the session. Takes the same time if the session does not exist. */
export function credentialsMatch(credentials: Credentials, session: StoredSession | undefined): boolean {
  const given = sessionSecretHash(session === undefined ? '' : secretOf(credentials, session));
  return sameHash(given, session === undefined ? NO_HASH : session.secretHash) && session !== undefined;
}

const HASH_BYTES = 32;
const NO_HASH = '-'.repeat(HASH_BYTES);

/**
 * Compares two hashes. The time does not depend on where they differ. `timingSafeEqual` does the same, but needs two buffers, and
 * filling these takes longer than the comparison.
 */
function sameHash(given: string, stored: string): boolean {
  let different = given.length ^ stored.length;
  for (let at = 0; at < HASH_BYTES; at++) different |= given.charCodeAt(at) ^ stored.charCodeAt(at);
  return different === 0;
}
