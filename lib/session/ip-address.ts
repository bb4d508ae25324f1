import { isIP } from 'node:net';

import { detached } from './text';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * The address in the one form in which it is kept and compared, or null when the text is no address: `req.ip` is text
 * from the network where a proxy is trusted. IPv4 in IPv6 clothes (`::ffff:192.0.2.1`) is IPv4, a zone is dropped.
 */
export function ipAddress(text: string | null | undefined): string | null {
  if (!text) return null;
  const zone = text.indexOf('%');
  const address = (zone < 0 ? text : text.slice(0, zone)).toLowerCase();
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return isIP(mapped) === 4 ? detached(mapped) : null;
  return isIP(address) === 0 ? null : detached(address);
}

/** How much of a session's address history is kept: characters, with the commas between. */
const LONGEST_HISTORY = 2048;

/** The history with an address more, newest last, each address once; the oldest are dropped when it grows too long. */
export function withIpAddress(history: readonly string[], newest: string): readonly string[] {
  if (history[history.length - 1] === newest) return history;
  const addresses = history.filter((address) => address !== newest);
  addresses.push(newest);
  while (addresses.join().length > LONGEST_HISTORY) addresses.shift();
  return Object.freeze(addresses);
}
