import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { IdentitySession, StoredSession } from './session';

/** What a request shows to be let in: the handle of a session, and the secret that proves possession of it. */
export interface Credentials {
  readonly sessionId: string;
  /** The secret; or how to find it in the request once the session is known, where its place depends on the session. */
  readonly secret: string | ((session: IdentitySession) => string | undefined);
}

/** `base64url` has 256 random bits; `hex` is the 128 bits of the wire of Open-Xchange. */
export type SecretForm = 'base64url' | 'hex';

const SESSION_ID = /^[0-9a-f]{32}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * A new session id. Laid out as UUID version 7 (RFC 9562), so that ids grow with time and the primary key stays small;
 * it is a handle and no secret.
 */
export function mintSessionId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString('hex');
}

/** A new secret: 256 random bits, where the wire has room for them. */
export function mintSecret(form: SecretForm = 'base64url'): string {
  return form === 'hex' ? randomBytes(16).toString('hex') : randomBytes(32).toString('base64url');
}

/** The only form in which a secret is kept. A plain hash is enough from 112 random bits on (ASVS 5.0, 6.5.2). */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Whether a value has the form of a session id: 32 lower-case hexadecimal digits. */
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

export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && SECRET.test(value);
}

/** The secret that credentials hold for a session. */
export function secretOf({ secret }: Credentials, session: IdentitySession): string {
  return typeof secret === 'string' ? secret : (secret(session) ?? '');
}

// Two buffers for the life of the process: comparing must neither allocate nor depend on where two hashes differ.
const shown = Buffer.alloc(64);
const kept = Buffer.alloc(64);

/** Whether the credentials are the session's. Takes the same time for a session that does not exist. */
export function credentialsMatch(credentials: Credentials, session: StoredSession | undefined): boolean {
  shown.write(hashSecret(session === undefined ? '' : secretOf(credentials, session)), 'latin1');
  kept.write(session?.secretHash ?? NO_HASH, 'latin1');
  return timingSafeEqual(shown, kept) && session !== undefined;
}

const NO_HASH = '-'.repeat(64);
