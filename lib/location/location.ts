import { BlockList, isIP } from 'node:net';

import type { Place } from '../session/place';

/**
 * Returns the place of a public IP address, or `undefined` if it is unknown. It is synchronous, so it must look up a file
 * or memory, not the network.
 */
export type Locator = (ipAddress: string) => Place | undefined;

/**
 * Returns a locator for which a place is unknown if `locate` throws, so that a failing locator breaks neither a request nor a
 * list of sessions. Only the first error is passed to `failed`, because a missing file fails every lookup.
 */
export function unfailing(locate: Locator, failed: (error: unknown) => void): Locator {
  let hasFailed = false;
  return (ipAddress) => {
    try {
      return locate(ipAddress);
    } catch (error) {
      if (!hasFailed) failed(error);
      hasFailed = true;
      return undefined;
    }
  };
}

/** Returns the place of an IP address, or `undefined` if it is unknown. Private addresses are the intranet. */
export function placeOf(ipAddress: string | null, locate: Locator | undefined): Place | undefined {
  if (ipAddress === null) return undefined;
  if (isPrivate(ipAddress)) return INTRANET;
  return locate?.(ipAddress) ?? undefined;
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
