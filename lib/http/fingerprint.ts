import { createHash } from 'node:crypto';

/** Returns a short text that differs for different contents. */
export function fingerprint(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12);
}
