import { isIP } from 'node:net';

import type { Names } from '../options/reader';
import { groupsOf, ipAddress } from './ip-address';

/**
 * Whether a session may go on when its address changes, as in Open-Xchange, whose properties stand in brackets. It stops
 * who stole a session and sits elsewhere, not who sits behind the same proxy, and it signs out everybody who goes from
 * Wi-Fi to the mobile network, or from IPv4 to IPv6; so it is off by default. Behind a proxy it needs Express's
 * `trust proxy`.
 */
export interface IpCheckOptions {
  /**
   * `none`, the default: every session may change its address. (At an autologin on the wire of Open-Xchange the default is
   * `strict`: see `Dialect.sameAddress`.) `strict`: those alone that the other options except.
   * `countrycode`: also those that stay in their country; an address whose country nobody knows is in none, nor is a
   * private one, unless `ranges` has it. [com.openexchange.ipcheck.mode; com.openexchange.IPCheck=true is `strict`]
   */
  readonly mode?: IpCheckMode | undefined;
  /**
   * The addresses that every session may change to; none by default. The text of a file (not its name), or its lines, with
   * one range in each: an address, two with `-` between them, or a network such as `192.0.2.0/24`. Blank lines, and what
   * comes after a `#`, are skipped. No range of IPv6 holds an address of IPv4. [noipcheck.cnf]
   */
  readonly ranges?: string | readonly string[] | undefined;
  /**
   * The clients whose sessions may change their address: ids as given at the sign-in, in capitals or not, `*` for any
   * text, `?` for one character. `open-xchange-mailapp` and `open-xchange-mobile-api-facade` by default; `[]` for none. A
   * session without a client is never among them, not even with `*`. [com.openexchange.IPCheckWhitelist]
   */
  readonly clients?: readonly string[] | undefined;
  /**
   * The size of the IPv4 subnets within which every session may change its address: `/24`, or `255.255.255.0`. None by
   * default. `/1` to `/32`, which is one address. [com.openexchange.IPMaskV4]
   */
  readonly maskV4?: string | undefined;
  /**
   * The same of IPv6: `/60`. None by default. `/1` to `/128`; below `/64` devices change their address by themselves.
   * [com.openexchange.IPMaskV6]
   */
  readonly maskV6?: string | undefined;
}

/** What a session may do when its address changes. */
export type IpCheckMode = (typeof MODES)[number];

/** The country of an address, by whatever code, or undefined when it is not known. What it throws, the check throws. */
export type CountryOf = (ipAddress: string) => string | undefined;

/** What the check says of a request. */
export interface IpVerdict {
  /** Whether the request may go on. */
  readonly allowed: boolean;
  /**
   * Whether its address becomes the session's. It does where nothing was compared. Where something was, the session's
   * address stays, and the next request is compared with it again: nobody walks away from it step by step.
   */
  readonly follow: boolean;
}

/**
 * The compiled IP check: decides whether a session may be used at another address.
 * @param was The session's address, null when it has none.
 * @param is The request's, null when it is not known. Text that is no address is as good as null, on both sides.
 */
export type IpCheck = (
  was: string | null,
  is: string | null,
  clientId: string | null,
  countryOf?: CountryOf,
) => IpVerdict;

const MODES = ['none', 'strict', 'countrycode'] as const;
const CLIENTS = ['open-xchange-mailapp', 'open-xchange-mobile-api-facade'];

/** Servers that ask on behalf of a device: their address says nothing of the user's. */
const GO_BETWEEN = /^usm-(eas|json)/i;

const STAYS: IpVerdict = Object.freeze({ allowed: true, follow: false });
const FOLLOWS: IpVerdict = Object.freeze({ allowed: true, follow: true });
const REFUSED: IpVerdict = Object.freeze({ allowed: false, follow: false });

/**
 * The check that the options describe. Unless it is off, what it cannot compare it refuses: a request whose address is
 * not known, and any request in a session that has no address, even if both are unknown. The exceptions hold there too,
 * as far as they need no second address: `clients`, and `ranges` for a known address.
 * @throws TypeError for what is no option, or no text or list where one belongs, and RangeError for a value that cannot be
 *   used, both with the cure
 */
export function compileIpCheck(options: IpCheckOptions = {}): IpCheck {
  nothingBut(OPTIONS, options);
  const { ranges = [], clients = CLIENTS, maskV4, maskV6 } = options;
  const mode = modeOf(options.mode);
  const isExempt = clientsOf(clients);
  const isInRange = rangesOf(ranges);
  const isOneSubnet = subnetsOf(maskV4, maskV6);

  return (was, is, clientId, countryOf) => {
    if (was === is && was !== null && isIP(was) !== 0) return STAYS;
    const [from, to] = [ipAddress(was), ipAddress(is)];
    if (from === to && to !== null) return STAYS;
    if (isExempt(clientId)) return to === null ? STAYS : FOLLOWS;
    if (mode === 'none') return to === null || GO_BETWEEN.test(clientId ?? '') ? STAYS : FOLLOWS;
    if (to === null) return REFUSED;
    const place = placeOf(to);
    if (isInRange(place)) return STAYS;
    if (from === null) return REFUSED;
    if (isOneSubnet(placeOf(from), place)) return STAYS;
    return mode === 'countrycode' && isOneCountry(countryOf?.(from), countryOf?.(to)) ? STAYS : REFUSED;
  };
}

function isOneCountry(one: string | undefined, other: string | undefined): boolean {
  return Boolean(one) && one === other;
}

function modeOf(mode: unknown = 'none'): IpCheckMode {
  const known = MODES.find((word) => word === mode);
  if (known === undefined) throw unusable('`mode` is', mode, `it must be ${MODES.map(shown).join(' or ')}`);
  return known;
}

function clientsOf(clients: unknown): (clientId: string | null) => boolean {
  const patterns = texts('clients', clients, 'give a list of client ids, such as ["my-app", "other-app*"]');
  if (patterns.includes('')) throw unusable('`clients` holds', '', 'no client has such an id, leave it out');
  const lowerCase = patterns.map((pattern) => pattern.toLowerCase());
  return (clientId) => {
    if (clientId === null) return false;
    const id = clientId.toLowerCase();
    return lowerCase.some((pattern) => matchesPattern(pattern, id));
  };
}

/** Whether the text is of the form. It goes back to the last `*` alone, which is enough; a RegExp would try them all. */
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

/** IPv4 has its place above IPv6, so that no range and no subnet holds both. */
const IPV4 = 1n << 128n;

/** The address as a number. */
function placeOf(address: string): bigint {
  const groups = groupsOf(address);
  const start = groups.length === 2 ? IPV4 >> 32n : 0n;
  return groups.reduce((place, group) => (place << 16n) | BigInt(group), start);
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

function rangesOf(given: unknown): (place: bigint) => boolean {
  const file = typeof given === 'string' ? [given] : given;
  const text = texts('ranges', file, 'give the text of the file, or a list of its lines').join('\n');
  const lines = text.split(/\r\n?|\n/).map((line) => line.replace(/#.*/, '').trim());
  const ranges = lines.filter((line) => line !== '').map(rangeOf);
  return (place) => ranges.some(({ first, last }) => first <= place && place <= last);
}

const RANGE = /^([^\s/-]+)(?:\s*-\s*([^\s/-]+)|\/(0|[1-9]\d{0,2}))?$/;

function rangeOf(text: string): Range {
  const [, first = '', last = first, prefix] = RANGE.exec(text) ?? [];
  const range = prefix === undefined ? fromTo(first, last) : network(first, Number(prefix));
  if (range !== undefined) return range;
  throw unusable(
    '`ranges` holds',
    text,
    'write an address, two of one kind with "-" between them, the lower first, or a network such as "192.0.2.0/24"',
  );
}

function fromTo(first: string, last: string): Range | undefined {
  const [from, to] = [ipAddress(first), ipAddress(last)];
  if (from === null || to === null || isIP(from) !== isIP(to)) return undefined;
  const range = { first: placeOf(from), last: placeOf(to) };
  return range.first <= range.last ? range : undefined;
}

function network(text: string, prefix: number): Range | undefined {
  const address = ipAddress(text);
  if (address === null) return undefined;
  // The prefix of IPv4 in IPv6 clothes counts the clothes, and may not cut into them.
  const hostBits = widthOf(text) - prefix;
  if (hostBits < 0 || hostBits > widthOf(address)) return undefined;
  const bits = BigInt(hostBits);
  const first = (placeOf(address) >> bits) << bits;
  return { first, last: first + (1n << bits) - 1n };
}

function widthOf(address: string): number {
  return address.includes(':') ? 128 : 32;
}

function subnetsOf(maskV4: unknown, maskV6: unknown): (one: bigint, other: bigint) => boolean {
  const hostBitsV4 = hostBitsOf('maskV4', maskV4, 32, '"/24" or "255.255.255.0", from "/1" to "/32"');
  const hostBitsV6 = hostBitsOf('maskV6', maskV6, 128, '"/60", from "/1" to "/128"');
  return (one, other) => {
    const hostBits = one < IPV4 ? hostBitsV6 : hostBitsV4;
    return hostBits !== undefined && (one ^ other) >> hostBits === 0n;
  };
}

function hostBitsOf(option: string, mask: unknown, width: number, examples: string): bigint | undefined {
  if (mask === undefined) return undefined;
  if (typeof mask !== 'string') {
    throw new TypeError(`\`${option}\` is ${shown(mask)}: give text such as ${examples}`);
  }
  for (let hostBits = 0; hostBits < width; hostBits++) {
    if (mask === `/${width - hostBits}`) return BigInt(hostBits);
    if (width === 32 && mask === dottedMask(hostBits)) return BigInt(hostBits);
  }
  throw unusable(`\`${option}\` is`, mask, `it must be such as ${examples}; leave it out for no subnets`);
}

function dottedMask(hostBits: number): string {
  return [24, 16, 8, 0].map((shift) => ((-1 << hostBits) >>> shift) & 0xff).join('.');
}

const OPTIONS: Names<IpCheckOptions> = {
  mode: true,
  ranges: true,
  clients: true,
  maskV4: true,
  maskV6: true,
};

/** A misspelt name would leave a default in force that nobody wanted. */
function nothingBut(names: Readonly<Record<string, true>>, options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`the IP check is ${shown(options)}: give an object, such as { mode: "strict" }`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new TypeError(
    `the IP check has no option \`${unknown}\`, it has \`${Object.keys(names).join('`, `')}\``,
  );
}

function texts(option: string, value: unknown, cure: string): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new TypeError(`\`${option}\` is ${shown(value)}: ${cure}`);
}

function unusable(what: string, value: unknown, cure: string): RangeError {
  return new RangeError(`${what} ${shown(value)}: ${cure}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
