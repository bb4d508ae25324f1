import { BlockList, isIP } from 'node:net';

import { oneOf } from '../options/checks';
import type { OptionTable, OptionValues } from '../options/reader';
import { ipAddress } from './ip-address';

/**
 * Options of the IP check, which decides if a session may be used from a new address. Brackets contain the names of the
 * equivalent properties. The check stops an attacker who stole a session and uses another network, but not one behind the
 * same proxy. It also signs out users who change from Wi-Fi to a mobile network, or from IPv4 to IPv6, so it is off by
 * default, except in protocols that require it. Behind a proxy it needs the Express setting `trust proxy`.
 */
export interface IpCheckOptions {
  /**
   * - `none`, the default: every session may change its address. For requests of a dialect with `Dialect.sameAddress`, the
   *   default is `strict`.
   * - `strict`: a session may change its address only if another option allows it.
   * - `countrycode`: a session may also change its address within its country. An address of an unknown country, or a
   *   private address, is in no country; `ranges` can allow it.
   *
   * [com.openexchange.ipcheck.mode; com.openexchange.IPCheck=true is `strict`]
   */
  readonly mode?: IpCheckMode | undefined;
  /**
   * The addresses to which every session may change. The default is an empty list. Pass the text of a file (not its name),
   * or its lines. Each line has one range: an address, two addresses with `-` between them, or a network such as
   * `192.0.2.0/24`. Blank lines, and text after `#`, are ignored. A range of IPv6 contains no IPv4 address.
   * [noipcheck.cnf]
   */
  readonly ranges?: string | readonly string[] | undefined;
  /**
   * The clients whose sessions may change their address: client ids as passed at sign-in. Case is ignored, `*` matches
   * any text, and `?` matches one character. The default is `open-xchange-mailapp` and `open-xchange-mobile-api-facade`;
   * `[]` means none. A session without a client id never matches, not even `*`. [com.openexchange.IPCheckWhitelist]
   */
  readonly clients?: readonly string[] | undefined;
  /**
   * The size of the IPv4 subnets within which every session may change its address: `/24` or `255.255.255.0`, from `/1`
   * to `/32`, which is one address. By default there are no subnets. [com.openexchange.IPMaskV4]
   */
  readonly maskV4?: string | undefined;
  /**
   * The size of the IPv6 subnets within which every session may change its address: `/60`, from `/1` to `/128`. By
   * default there are no subnets. Devices change the last 64 bits of their address regularly, so a mask longer than `/64`
   * signs them out. [com.openexchange.IPMaskV6]
   */
  readonly maskV6?: string | undefined;
}

/** A mode of the IP check. */
export type IpCheckMode = (typeof MODES)[number];

/**
 * Returns the country of an address as any code, or undefined if the country is unknown. If it throws, the check throws
 * the same error.
 */
export type CountryOf = (ipAddress: string) => string | undefined;

/** The result of the check for one request. */
export interface IpVerdict {
  /** True if the request is accepted. */
  readonly allowed: boolean;
  /**
   * True if the request's address becomes the session's address. This is so only if the check did not compare the
   * addresses. After a comparison the session keeps its address and later requests are compared with it too. Otherwise a
   * session could move away in small steps.
   */
  readonly follow: boolean;
}

/**
 * Checks one request.
 * @param was The session's address, or null if it has none. Text that is not an IP address counts as null.
 * @param is The request's address, or null if it is unknown. Text that is not an IP address counts as null.
 * @param clientId The session's client id, or null.
 * @param countryOf Finds countries for the mode `countrycode`. Without it, every country is unknown.
 */
export type IpCheck = (
  was: string | null,
  is: string | null,
  clientId: string | null,
  countryOf?: CountryOf,
) => IpVerdict;

const MODES = ['none', 'strict', 'countrycode'] as const;

/** Gateways that send requests for a device. Their address is not the user's. */
const GATEWAYS = /^usm-(eas|json)/i;

const STAYS: IpVerdict = Object.freeze({ allowed: true, follow: false });
const FOLLOWS: IpVerdict = Object.freeze({ allowed: true, follow: true });
const REFUSED: IpVerdict = Object.freeze({ allowed: false, follow: false });

/** The default and the check of each option. */
export const IP_CHECK = {
  mode: { check: oneOf(...MODES) },
  ranges: { check: rangeMatcher, default: [] },
  clients: {
    check: clientMatcher,
    default: ['open-xchange-mailapp', 'open-xchange-mobile-api-facade'],
  },
  maskV4: { check: prefixLength(32, '"/24" or "255.255.255.0", from "/1" to "/32"') },
  maskV6: { check: prefixLength(128, '"/60", from "/1" to "/128"') },
} as const satisfies OptionTable<IpCheckOptions>;

/**
 * Builds the check from options that were checked by the table `IP_CHECK`. In the modes `strict` and `countrycode`, a
 * request is refused if one of the addresses is unknown, even if both are. The exceptions that need only one address
 * still apply: `clients`, and `ranges` if the request's address is known.
 */
export function buildIpCheck(options: OptionValues<typeof IP_CHECK>): IpCheck {
  const { mode = 'none', ranges: isInRange, clients: isExempt } = options;
  const prefixes = { ipv4: options.maskV4, ipv6: options.maskV6 };

  return (was, is, clientId, countryOf) => {
    if (was === is && was !== null && isIP(was) !== 0) return STAYS;
    const [from, to] = [ipAddress(was), ipAddress(is)];
    if (from === to && to !== null) return STAYS;
    if (isExempt(clientId)) return to === null ? STAYS : FOLLOWS;
    if (mode === 'none') return to === null || GATEWAYS.test(clientId ?? '') ? STAYS : FOLLOWS;
    if (to === null) return REFUSED;
    if (isInRange(to)) return STAYS;
    if (from === null) return REFUSED;
    if (isSameSubnet(from, to, prefixes[familyOf(to)])) return STAYS;
    return mode === 'countrycode' && isSameCountry(countryOf?.(from), countryOf?.(to)) ? STAYS : REFUSED;
  };
}

function isSameCountry(one: string | undefined, other: string | undefined): boolean {
  return Boolean(one) && one === other;
}

function isSameSubnet(from: string, to: string, prefix: number | undefined): boolean {
  const family = familyOf(to);
  if (prefix === undefined || familyOf(from) !== family) return false;
  const subnet = new BlockList();
  subnet.addSubnet(from, prefix, family);
  return subnet.check(to, family);
}

function clientMatcher(given: unknown): (clientId: string | null) => boolean {
  if (!isListOfText(given) || given.includes('')) {
    throw new TypeError(
      'it must be a list of client ids that are not empty, such as ["my-app", "other-app*"]',
    );
  }
  const patterns = given.map((pattern) => pattern.toLowerCase());
  return (clientId) => {
    if (clientId === null) return false;
    const id = clientId.toLowerCase();
    return patterns.some((pattern) => matchesPattern(pattern, id));
  };
}

/**
 * Returns true if the text matches a pattern with `*` and `?`. On a mismatch it goes back to the last `*` only, which is
 * enough. A regular expression would go back to every `*`, which takes very long for a pattern with many of them.
 */
function matchesPattern(pattern: string, text: string): boolean {
  let [at, next, star, resumed] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[next] === '*') {
      [star, resumed] = [next++, at];
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      [next, at] = [star + 1, ++resumed];
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

/** Checks a list of ranges and returns a function that finds an address in them. */
export function rangeMatcher(given: unknown): (address: string) => boolean {
  const lines = typeof given === 'string' ? [given] : given;
  if (!isListOfText(lines)) throw new TypeError('it must be the text of a file, or a list of its lines');
  // One list for each family, because a BlockList matches IPv4 addresses against IPv6 ranges too.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const line of lines.join('\n').split(/\r\n?|\n/)) {
    const range = line.replace(/#.*/, '').trim();
    if (range !== '') addRange(lists, range);
  }
  return (address) => lists[familyOf(address)].check(address, familyOf(address));
}

const RANGE = /^([^\s/-]+)(?:\s*-\s*([^\s/-]+)|\/(0|[1-9]\d{0,2}))?$/;

function addRange(lists: Readonly<Record<Family, BlockList>>, range: string): void {
  const [, start = '', end = start, prefix] = RANGE.exec(range) ?? [];
  const [first, last] = [ipAddress(start), ipAddress(end)];
  try {
    if (first === null || last === null || familyOf(first) !== familyOf(last)) throw new RangeError();
    const family = familyOf(first);
    if (prefix === undefined) lists[family].addRange(first, last, family);
    // The prefix of an IPv4-mapped address counts the 96 bits before the IPv4 address.
    else lists[family].addSubnet(first, Number(prefix) - (bitsOf(start) - bitsOf(first)), family);
  } catch {
    throw new RangeError(
      `it contains ${JSON.stringify(range)}: write an address, two addresses of one family with "-" between them and the ` +
        'lower one first, or a network such as "192.0.2.0/24"',
    );
  }
}

function prefixLength(bits: number, examples: string): (mask: unknown) => number {
  return (mask) => {
    for (let prefix = 1; prefix <= bits; prefix++) {
      if (mask === `/${prefix}` || (bits === 32 && mask === dottedMask(prefix))) return prefix;
    }
    throw new RangeError(`it must be text such as ${examples}; leave it out for no subnets`);
  };
}

function dottedMask(prefix: number): string {
  return [24, 16, 8, 0].map((shift) => ((-1 << (32 - prefix)) >>> shift) & 0xff).join('.');
}

type Family = 'ipv4' | 'ipv6';

function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function bitsOf(address: string): number {
  return address.includes(':') ? 128 : 32;
}

function isListOfText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
