import { BlockList, isIP } from 'node:net';

import type { Place } from '../session/place';

/**
 * Returns the place of a public IP address, or `undefined` if it is unknown. It is synchronous, so it must look up a file
 * or memory, not the network.
 */
export type Locator = (ipAddress: string) => Place | undefined;

/**
 * Returns the place of an IP address, or `undefined` if it is unknown. Private addresses are the intranet. If the locator
 * throws, the place is unknown, so that a failing locator does not break a list of sessions.
 */
export function placeOf(ipAddress: string | null, locate: Locator | undefined): Place | undefined {
  if (ipAddress === null) return undefined;
  if (isPrivate(ipAddress)) return INTRANET;
  try {
    return locate?.(ipAddress) ?? undefined;
  } catch {
    return undefined;
  }
}

const INTRANET: Place = Object.freeze({ intranet: true });

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::1', 128],
  ['fe80::', 10],
  ['fec0::', 10],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv6');
}

function isPrivate(ipAddress: string): boolean {
  return privateNetworks.check(ipAddress, isIP(ipAddress) === 6 ? 'ipv6' : 'ipv4');
}
