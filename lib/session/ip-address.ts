import { isIP } from 'node:net';

import { detached } from './text';

/** What goes before an IPv4 address on a socket that serves both: worth a way of its own, as most requests come so. */
const MAPPED = '::ffff:';

/**
 * The address in the one form in which it is kept and compared, or null when the text is no address: `req.ip` is text
 * from the network where a proxy is trusted. IPv6 is written as RFC 5952 has it, IPv4 in IPv6 clothes
 * (`::ffff:192.0.2.1`, `::ffff:c000:201`) is IPv4, a zone is dropped.
 */
export function ipAddress(text: string | null | undefined): string | null {
  if (!text) return null;
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  const plain = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  if (isIP(plain) === 4) return detached(plain);
  return isIP(address) === 6 ? detached(written(groupsOf(address))) : null;
}

/** The 16-bit groups of what is an address: two of IPv4, eight of IPv6. */
export function groupsOf(address: string): readonly number[] {
  const gap = address.indexOf('::');
  if (gap < 0) return groupsIn(address);
  const groups = groupsIn(address.slice(0, gap));
  const after = groupsIn(address.slice(gap + 2));
  while (groups.length + after.length < 8) groups.push(0);
  return groups.concat(after);
}

function groupsIn(part: string): number[] {
  const groups: number[] = [];
  if (part === '') return groups;
  for (const group of part.split(':')) {
    if (group.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      groups.push(parseInt(group, 16));
    }
  }
  return groups;
}

/** The longest run of two zeros or more is left out, the first among those of one length. */
function written(groups: readonly number[]): string {
  let [from, length] = [0, 1];
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (groups[end] === 0) end++;
    if (end - i > length) [from, length] = [i, end - i];
  }
  if (from === 0 && length === 5 && groups[5] === 0xffff) return dotted(groups[6], groups[7]);
  const hex = groups.map((group) => group.toString(16));
  if (length === 1) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/**
 * Whether the text names the address, which is in the form in which addresses are kept. Quick for the two spellings that
 * nearly all requests come with: its own, and that of IPv4 on a socket that serves both.
 */
export function namesAddress(text: string, address: string): boolean {
  if (text === address) return true;
  return text.length === address.length + MAPPED.length && text === MAPPED + address;
}

/** How much of a session's address history is kept: characters, with the commas between. */
export const LONGEST_HISTORY = 2048;

/** The history with an address more, newest last, each address once; the oldest are dropped when it grows too long. */
export function withIpAddress(history: readonly string[], newest: string): readonly string[] {
  if (history[history.length - 1] === newest) return history;
  const addresses = history.filter((address) => address !== newest);
  addresses.push(newest);
  while (addresses.join().length > LONGEST_HISTORY) addresses.shift();
  return Object.freeze(addresses);
}
