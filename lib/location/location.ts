import { BlockList, isIP } from 'node:net';

/** Where an address is, as far as anybody knows. */
export interface Place {
  readonly city?: string | undefined;
  /** ISO 3166-1 alpha-2, such as `DE`. */
  readonly country?: string | undefined;
}

/** Finds the place of a public address, at once: from a file or from memory, never over the network. */
export type Locator = (ipAddress: string) => Place | undefined;

/** What a location says of an address that belongs to no public network. */
export const INTRANET = 'Intranet';

/**
 * The location as people read it: `Berlin, Germany`, or `Intranet`, or undefined when nothing is known. A locator that
 * fails finds nothing: a list of sessions is never lost for want of a town.
 */
export function location(ipAddress: string | null, locate: Locator | undefined): string | undefined {
  if (ipAddress === null) return undefined;
  if (isPrivate(ipAddress)) return INTRANET;
  try {
    return worded(locate?.(ipAddress));
  } catch {
    return undefined;
  }
}

function worded(place: Place | undefined): string | undefined {
  const country = place?.country && countries.of(place.country);
  return [place?.city, country].filter(Boolean).join(', ') || undefined;
}

const countries = new Intl.DisplayNames(['en'], { type: 'region' });

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
