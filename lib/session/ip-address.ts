import { isIPv4, isIPv6, SocketAddress } from 'node:net';

import { detached } from './text';

/** The prefix of an IPv4-mapped IPv6 address. Most requests arrive in this form, on sockets that serve both families. */
const MAPPED = '::ffff:';

/**
 * Returns the canonical form of an IP address, in which addresses are stored and compared. Returns null if the text is
 * not an IP address: behind a trusted proxy, `req.ip` is text from the network. IPv6 is written as in RFC 5952. An
 * IPv4-mapped address (`::ffff:192.0.2.1`, `::ffff:c000:201`) becomes IPv4. A zone such as `%eth0` is removed.
 */
export function ipAddress(text: string | null | undefined): string | null {
  if (!text) return null;
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  return ipv4In(address) ?? (isIPv6(address) ? canonicalIpv6(address) : null);
}

/** Returns the IPv4 address that the text is, plain or IPv4-mapped. */
function ipv4In(address: string): string | undefined {
  const plain = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  return isIPv4(plain) ? detached(plain) : undefined;
}

function canonicalIpv6(address: string): string {
  const written = new SocketAddress({ address, family: 'ipv6' }).address;
  return ipv4In(written) ?? written.replace(COMPATIBLE, hexadecimal);
}

/** `SocketAddress` writes addresses in `::/96` with an IPv4 part, as in `::192.0.2.1`. RFC 5952 writes `::c000:201`. */
const COMPATIBLE = /^::(\d+)\.(\d+)\.(\d+)\.(\d+)$/;

function hexadecimal(_: string, ...bytes: readonly string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return `::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** The part of an IP address that is kept: all of it, its network, or nothing. */
export type KeptAddresses = (typeof KEPT_ADDRESSES)[number];

export const KEPT_ADDRESSES = ['full', 'truncated', 'none'] as const;

/** Returns a function that returns the part of an address that is kept, as `ipAddress` does, or null. */
export function addressKeeper(kept: KeptAddresses): typeof ipAddress {
  if (kept === 'full') return ipAddress;
  if (kept === 'none') return () => null;
  return (text) => networkOf(ipAddress(text));
}

/** Returns the first address of the network: of the 256 addresses around an IPv4 address, or of the /48 network of IPv6. */
function networkOf(address: string | null): string | null {
  if (address === null) return null;
  return isIPv4(address) ? address.replace(/\d+$/, '0') : networkOfIpv6(address, 3);
}

/**
 * Returns a text that is equal for the addresses of one connection to the internet: the address, or the first 64 bits of IPv6. Devices
 * change the other bits every day.
 */
export function connectionOf(address: string): string {
  return isIPv4(address) ? address : networkOfIpv6(address, 4);
}

/** Returns the network of the first groups of 16 bits. */
function networkOfIpv6(address: string, groups: number): string {
  const [start = '', end = ''] = address.split('::');
  const [first, last] = [start, end].map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - first!.length - last!.length }, () => '0');
  return canonicalIpv6(`${[...first!, ...zeros, ...last!].slice(0, groups).join(':')}::`);
}

/** The maximum length of a session's address history, in characters, including the commas between addresses. */
export const LONGEST_HISTORY = 2048;

/**
 * Returns the history with further addresses, oldest first, added as the newest. Each address occurs once, at the place of
 * its last use. If the history becomes too long, the oldest addresses are dropped, but never the address of the sign-in.
 * `appended` in `store/postgres/statements` does the same in SQL.
 */
export function withIpAddresses(
  history: readonly string[],
  more: readonly string[],
  signInAddress: string | null,
): readonly string[] {
  const newest = more[more.length - 1];
  if (newest === undefined || (more.length === 1 && newest === history[history.length - 1])) return history;
  const latest = new Set<string>();
  for (const address of [...history, ...more]) {
    latest.delete(address);
    latest.add(address);
  }
  let length = [...latest].join().length;
  for (const address of latest) {
    if (length <= LONGEST_HISTORY) break;
    if (address !== signInAddress && latest.delete(address)) length -= address.length + 1;
  }
  return Object.freeze([...latest]);
}
