import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { keyedHash, type Key, type Keys } from './keyed-hash';
import type { JsonObject } from './session';

const CIPHER = 'aes-256-gcm';

/** The lengths of the nonce and of the authentication tag, in bytes. */
const NONCE = 12;
const TAG = 16;

/** The longest text that is decrypted, in characters. Clients can send any text. */
const LONGEST = 8192;

/**
 * Encrypts an object for a client that carries it between two requests, to any node. The client can neither read nor change
 * it. The text is `base64url`. Seal the time until which it is valid with it.
 * @param purpose The use of the object. It must be the same when the text is opened.
 */
export async function sealed(keys: Keys, purpose: string, value: JsonObject): Promise<string> {
  const [key] = await keys();
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, cipherKey(key, purpose), nonce);
  const content = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
  return Buffer.concat([nonce, ...content, cipher.getAuthTag()]).toString('base64url');
}

/** Returns the object in a sealed text, or undefined if the text is invalid or was sealed for another purpose. */
export async function unsealed(keys: Keys, purpose: string, text: string): Promise<JsonObject | undefined> {
  const bytes = text.length > LONGEST ? Buffer.alloc(0) : Buffer.from(text, 'base64url');
  if (bytes.length < NONCE + TAG) return undefined;
  for (const key of await keys()) {
    const value = decrypted(bytes, cipherKey(key, purpose));
    if (value !== undefined) return value;
  }
  return undefined;
}

function decrypted(bytes: Buffer, key: Buffer): JsonObject | undefined {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    const content = [decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()];
    return JSON.parse(Buffer.concat(content).toString()) as JsonObject;
  } catch {
    return undefined;
  }
}

/** Returns the 32 bytes of the cipher's key. They are derived, so that each purpose has a key of its own. */
function cipherKey(key: Key, purpose: string): Buffer {
  return Buffer.from(keyedHash(key, 'sealed', purpose), 'hex');
}
