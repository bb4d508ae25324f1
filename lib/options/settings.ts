import { hostname } from 'node:os';
import { debuglog, inspect } from 'node:util';

import { systemClock, type Clock } from '../clock';
import { type Report, unawaited, withVisibleText } from '../events';
import { type COOKIE_OPTIONS, OPTIONS, type IdentitySessionOptions } from './options';
import { beyondPreset, withPreset } from './presets';
import { type OptionValues, readOptions } from './reader';
import { translationsOf, type Translations } from '../session/i18n/translations';
import { describeDevice, deviceDescriber } from '../session/device/describe';
import type { DescribeDevice } from '../session/device/device';
import { addressKeeper } from '../session/ip-address';
import { buildIpCheck, type IpCheck, type IpCheckMode } from '../session/ip-check';
import type { Lifetimes } from '../session/lifetimes';
import type { RotationRules } from '../session/secret-rotation';
import { visible } from '../session/text';

/** The options after their checks. Defaults are filled in, and durations are in milliseconds. */
type Values = OptionValues<typeof OPTIONS>;

/** All options in force. Durations are in milliseconds. */
export interface Settings extends Omit<Values, keyof DerivedSettings>, DerivedSettings {}

/** The settings that combine several options or have another form than their option. */
interface DerivedSettings {
  readonly lifetimes: Lifetimes;
  readonly rotation: RotationRules;
  readonly cookies: CookieSettings;
  readonly nodeId: string | null;
  readonly touchInterval: number;
  /** Returns the part of an address that is kept, in its canonical form, or null. */
  readonly keptAddress: (address: string | null | undefined) => string | null;
  readonly ipCheck: IpCheck;
  /** The IP check of requests with `sameAddress`. Its mode is `strict` if the app sets no mode. */
  readonly sameAddressCheck: IpCheck;
  readonly describeDevice: DescribeDevice;
  readonly translations: Translations;
  readonly report: Report;
  /** True if the app has a `report`. If false, no events need to be created for requests. */
  readonly observed: boolean;
  readonly clock: Clock;
}

/** The cookie options in force. */
export interface CookieSettings extends OptionValues<typeof COOKIE_OPTIONS> {
  /** In milliseconds. */
  readonly ttl: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that lists every problem at once, each with a fix
 */
export function settingsOf(options: IdentitySessionOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      'the options are missing: write `createIdentitySessionManager({ knex })`, with your Knex on PostgreSQL',
    );
  }
  const values = readOptions(withPreset(options), OPTIONS, {
    heading: 'These options cannot be used',
    contradictions,
  });
  const settings = inForce(values);
  hideSecrets(settings);
  warn(settings);
  return settings;
}

function inForce(values: Values): Settings {
  return {
    ...values,
    lifetimes: {
      short: values.shortLifetime,
      long: values.longLifetime,
      absolute: values.absoluteLifetime === false ? Infinity : values.absoluteLifetime,
      autologin: values.autologin,
    },
    rotation: {
      rotateAfter: values.rotateAfter === false ? Infinity : values.rotateAfter,
      rotationGrace: values.rotationGrace,
    },
    cookies: { ...values.cookies, ttl: values.cookies.ttl ?? values.longLifetime },
    nodeId: values.nodeId ?? (needsNodeId(values) ? hostName() : null),
    // The default shrinks with `shortLifetime`, so that the defaults never contradict each other.
    touchInterval: values.touchInterval ?? Math.min(60_000, longestTouchInterval(values)),
    keptAddress: addressKeeper(values.ipAddresses),
    ipCheck: buildIpCheck(values.ipCheck),
    sameAddressCheck: buildIpCheck({ ...values.ipCheck, mode: sameAddressMode(values) }),
    describeDevice: deviceDescriber(values.describeDevice, describeDevice),
    translations: translationsOf(values.translations, values.languages),
    report: unfailing(values.report ?? log),
    observed: values.report !== undefined,
    clock: values.clock ?? systemClock(),
  };
}

/** Without addresses, nothing can be compared. */
function sameAddressMode({ ipCheck, ipAddresses }: Values): IpCheckMode {
  return ipCheck.mode ?? (ipAddresses === 'none' ? 'none' : 'strict');
}

/** Returns true if an option concerns the sessions of this node. */
function needsNodeId({ globalLookup, maxSessions }: Values): boolean {
  return !globalLookup || maxSessions !== Infinity;
}

/** Returns the host name in the form of a `nodeId`. */
function hostName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .slice(0, 64) || 'localhost'
  );
}

/** Keeps keys and passwords out of logged and copied settings. The properties can still be read by their names. */
function hideSecrets(settings: Settings): void {
  for (const [name, row] of Object.entries(OPTIONS)) {
    if ('secret' in row) Object.defineProperty(settings, name, { enumerable: false });
  }
}

/** In milliseconds. With a longer interval, a session in use could seem idle. */
function longestTouchInterval({ shortLifetime }: Values): number {
  return Math.floor(shortLifetime / 10);
}

/** In milliseconds. The change log is read every half second, so a shorter lease would often run out between two reads. */
const SHORTEST_LEASE = 1000;

/** Yields a problem for each combination of options that cannot be used. */
function* contradictions(values: Values): Iterable<string> {
  const { shortLifetime, longLifetime, touchInterval, inactiveTimeSpan, lease } = values;
  const { knex, connection, store } = values;
  if ([knex, connection, store].filter((value) => value !== undefined).length !== 1) {
    yield (
      "give exactly one of `knex`, the app's Knex on PostgreSQL, `connection`, the connection settings of an app without " +
      'Knex, and `store`, such as `memory()`'
    );
  }
  for (const name of ['schema', 'changesConnection', 'hint'] as const) {
    if (store !== undefined && values[name] !== undefined) {
      yield `\`${name}\` is for the database, which a \`store\` replaces: leave out one of them`;
    }
  }
  if (longLifetime < shortLifetime) {
    yield (
      `\`longLifetime\` (${longLifetime} ms) is shorter than \`shortLifetime\` (${shortLifetime} ms): ` +
      'make it at least as long'
    );
  }
  if (touchInterval !== undefined && touchInterval > longestTouchInterval(values)) {
    yield (
      `\`touchInterval\` (${touchInterval} ms) is more than a tenth of \`shortLifetime\` (${shortLifetime} ms), ` +
      `so that a session in use could seem idle: give at most ${longestTouchInterval(values)} ms, or leave it out`
    );
  }
  if (values.ipAddresses === 'none' && (values.ipCheck.mode ?? 'none') !== 'none') {
    yield `\`ipAddresses: "none"\` keeps no address that \`ipCheck.mode: "${values.ipCheck.mode}"\` could compare: set it to "truncated", or leave out the mode`;
  }
  if (inactiveTimeSpan < longLifetime) {
    yield (
      `\`inactiveTimeSpan\` (${inactiveTimeSpan} ms) is shorter than \`longLifetime\` (${longLifetime} ms), ` +
      'so that cleanup would delete live sessions: make it at least as long'
    );
  }
  if (values.rotateAfter !== false && values.rotateAfter < 2 * values.rotationGrace) {
    yield (
      `\`rotateAfter\` (${values.rotateAfter} ms) must be at least twice \`rotationGrace\` (${values.rotationGrace} ms), because a ` +
      'secret is replaced only after its client has certainly stored it: give more, or false for no rotation'
    );
  }
  if (values.onSignal !== undefined && values.signals.length === 0) {
    yield '`onSignal` is never called with `signals: []`: leave out one of them';
  }
  if (lease > 0 && lease < SHORTEST_LEASE) {
    yield `\`lease\` (${lease} ms) must be 0 or at least ${SHORTEST_LEASE} ms, because changes are read every half second`;
  }
  yield* beyondPreset(values);
  yield* frameContradictions(values.cookies);
  if (values.deviceBound === 'required' && !values.cookies.secure) {
    yield '`deviceBound: "required"` needs `cookies.secure: true`, because browsers bind sessions only over HTTPS';
  }
  if (!values.cookies.secure && process.env['NODE_ENV'] === 'production') {
    yield '`cookies.secure: false` is for development, and NODE_ENV is "production": leave it out';
  }
  try {
    translationsOf(values.translations, values.languages);
  } catch (error) {
    yield `\`translations\` and \`languages\`: ${(error as Error).message}`;
  }
}

/** Yields problems of cookies for frames of other sites. Browsers reject these cookies, or send them to more sites. */
function* frameContradictions({ sameSite, partitioned, secure }: Values['cookies']): Iterable<string> {
  if (partitioned && sameSite !== 'none') {
    yield (
      '`cookies.partitioned` is for apps in frames of other sites, to which browsers send no other cookies: ' +
      'set `cookies.sameSite: "none"` too, or leave it out'
    );
  }
  if (sameSite === 'none' && !partitioned) {
    yield (
      '`cookies.sameSite: "none"` lets every site send requests with the cookie: set `cookies.partitioned: true` too, ' +
      'so that each site that frames the app has cookies of its own'
    );
  }
  if (sameSite === 'none' && !secure) {
    yield '`cookies.sameSite: "none"` needs `cookies.secure: true`, because browsers reject the cookie otherwise';
  }
}

function warn({ cookies, longLifetime }: Settings): void {
  // Tests use plain HTTP.
  if (!cookies.secure && process.env['NODE_ENV'] !== 'test') {
    process.emitWarning(
      '`cookies.secure` is false: credentials are also sent over plain HTTP. Never deploy this.',
      { code: 'EIS_INSECURE_COOKIES' },
    );
  }
  if (cookies.ttl !== longLifetime) {
    process.emitWarning(
      '`cookies.ttl` and `longLifetime` differ: browsers drop the cookies of live sessions, or keep those of ended ones. ' +
        'Leave out `cookies.ttl`, and it follows `longLifetime`.',
      { code: 'EIS_COOKIE_TTL' },
    );
  }
}

const debug = debuglog('express-identity-sessions');

/** The default of `report`. */
const log: Report = (event) => {
  // Only the developer can fix it, and nothing else shows it.
  if (event.type === 'failed' && event.task === 'location') {
    const problem = (event.error as Error | undefined)?.message ?? String(event.error);
    process.emitWarning(`A place could not be found, later failures are not shown: ${problem}`, {
      code: 'EIS_LOCATION',
    });
  }
  if (event.type === 'failed') debug('%s failed: %s', event.task, linesOf(event.error));
  if (event.type === 'recovered') debug('%s recovered', event.task);
};

/** An error can contain text that a client has sent. */
function linesOf(error: unknown): string {
  return inspect(error).split('\n').map(visible).join('\n');
}

/** Returns a function that receives events with visible text. Its failures are logged and cannot harm the caller. */
function unfailing(report: Report): Report {
  return (event) =>
    unawaited(
      () => report(withVisibleText(event)),
      (error) => debug('`report` failed: %s', linesOf(error)),
    );
}
