import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import { lru } from '../lru';

/**
 * The proof that a browser holds the private key of a session: a JWS with the algorithm ES256 over a challenge. (Device Bound Session
 * Credentials, "DBSC Proof JWT Syntax".)
 */
export interface BindingProof {
  /** The challenge that the browser answers. */
  readonly challenge: string;
  /** The public key in the proof, as `boundKey` of a session has it. Browsers send it only when they register. */
  readonly key: string | undefined;
  readonly signed: string;
  readonly signature: Buffer;
}

/** The longest proof that is read, in characters. Those of browsers have about 400. */
const LONGEST = 2048;

const JWS = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/;

/** A coordinate of a point on P-256: 32 bytes. */
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/** Returns the parts of a proof, or undefined if it is malformed or does not use ES256. Its signature is not checked. */
export function readProof(text: string): BindingProof | undefined {
  const [, head, payload, signature] = (text.length <= LONGEST && JWS.exec(text)) || [];
  const header = head === undefined ? undefined : objectIn(head);
  const claims = payload === undefined ? undefined : objectIn(payload);
  if (header?.['typ'] !== 'dbsc+jwt' || header['alg'] !== 'ES256') return undefined;
  if (typeof claims?.['jti'] !== 'string') return undefined;
  return {
    challenge: claims['jti'],
    key: keyIn(header['jwk']),
    signed: `${head}.${payload}`,
    signature: Buffer.from(signature!, 'base64url'),
  };
}

/** Returns true if the holder of the key signed the proof. */
export function isSignedBy({ signed, signature }: BindingProof, key: string): boolean {
  const publicKey = publicKeyOf(key);
  if (publicKey === undefined) return false;
  return verify('sha256', Buffer.from(signed), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Decoding a key takes as long as verifying a signature with it. */
const decoded = lru<KeyObject>(1000);

/** Returns undefined if the point is not on the curve. */
function publicKeyOf(key: string): KeyObject | undefined {
  const known = decoded.get(key);
  if (known !== undefined) return known;
  const [x = '', y = ''] = key.split('.');
  try {
    const decodedKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    decoded.set(key, decodedKey);
    return decodedKey;
  } catch {
    return undefined;
  }
}

/** Returns both coordinates of a public key on P-256, or undefined if the value is not such a key. */
function keyIn(jwk: unknown): string | undefined {
  const { kty, crv, x, y } = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as Record<string, unknown>;
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) return undefined;
  return `${x}.${y}`;
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && COORDINATE.test(value);
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
