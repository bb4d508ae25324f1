import { UAParser } from 'ua-parser-js';

/** What a device is, as far as its user agent tells. */
export interface Device {
  /** `browser`, or `other` for every program that is none. */
  readonly type: 'browser' | 'other';
  /** For people: `Firefox 140 on Linux`, or `Unknown device`. */
  readonly displayName: string;
  readonly os: Product | null;
  readonly client: Product | null;
}

/** A program or an operating system. */
export interface Product {
  /** Lower-case: `firefox`, `linux`. */
  readonly name: string;
  /** The major version of a client, all that is known of an operating system's; null when unknown. */
  readonly version: string | null;
}

/** Turns a user agent into a device. An app may put its own in the place of `describeDevice`. */
export type DescribeDevice = (userAgent: string | null) => Device;

/** How much of a user agent is read, and kept: what makes a parser slow is length. */
export const LONGEST_USER_AGENT = 512;

const UNKNOWN: Device = Object.freeze({
  type: 'other',
  displayName: 'Unknown device',
  os: null,
  client: null,
});

/** What ua-parser-js makes of the user agent. */
export const describeDevice: DescribeDevice = (userAgent) => {
  if (!userAgent) return UNKNOWN;
  const { browser, os } = new UAParser(userAgent.slice(0, LONGEST_USER_AGENT)).getResult();
  const system = os.name
    ? `${os.name}${os.version && os.name !== 'Linux' ? ` ${os.version}` : ''}`
    : undefined;
  const client = browser.name ? `${browser.name}${browser.major ? ` ${browser.major}` : ''}` : undefined;
  return Object.freeze({
    type: client === undefined ? 'other' : 'browser',
    displayName: displayName(client, system),
    os: product(os.name, os.version),
    client: product(browser.name, browser.major),
  });
};

/** The same function with a memory: lists show the same few user agents again and again. */
export function memoised(describe: DescribeDevice, most = 1000): DescribeDevice {
  const known = new Map<string | null, Device>();
  return (userAgent) => {
    let device = known.get(userAgent);
    if (device === undefined) {
      device = describe(userAgent);
      if (known.size >= most) known.clear();
      known.set(userAgent, device);
    }
    return device;
  };
}

function product(name: string | undefined, version: string | undefined): Product | null {
  return name ? Object.freeze({ name: name.toLowerCase(), version: version || null }) : null;
}

function displayName(client: string | undefined, system: string | undefined): string {
  if (client !== undefined && system !== undefined) return `${client} on ${system}`;
  return client ?? system ?? UNKNOWN.displayName;
}
