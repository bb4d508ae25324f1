import { debuglog } from 'node:util';

import type { Hint } from '../changes/hint';
import { systemClock, type Clock } from '../clock';
import { type Report, unawaited } from '../events';
import type { Locator } from '../location/location';
import { type Names, throwIfAny, isFunction, OptionReader } from './reader';
import { defaults, type CookieOptions, type IdentitySessionOptions } from './options';
import { translationsOf, type Translations, type Translation } from '../session/i18n/translations';
import { describeDevice, deviceDescriber } from '../session/device/describe';
import type { DescribeDevice, DeviceOf } from '../session/device/device';
import { compileIpCheck, type IpCheck, type IpCheckOptions } from '../session/ip-check';
import type { Lifetimes } from '../session/lifetimes';
import { readSignInRules, type SignInRulesInForce, type RulesFor } from '../session/sign-in-rules';

/** The options as they are in force: checked, complete, durations in milliseconds. */
export interface Settings {
  readonly lifetimes: Lifetimes;
  readonly cookies: CookieSettings;
  readonly origins: readonly string[];
  readonly rules: SignInRulesInForce;
  readonly rulesFor: RulesFor | undefined;
  readonly deviceOf: DeviceOf;
  readonly maxSessions: number;
  readonly nodeId: string | null;
  readonly globalLookup: boolean;
  readonly clientBlacklist: readonly string[];
  readonly cleanup: CleanupSettings;
  readonly updateAfterCacheHits: number;
  readonly touchInterval: number;
  readonly cacheSize: number;
  readonly lease: number;
  readonly requestBudget: number;
  readonly ipCheck: IpCheck;
  /** The IP check of visits with `sameAddress`: `strict` where the app sets no mode. */
  readonly sameAddressCheck: IpCheck;
  readonly location: boolean | Locator;
  readonly describeDevice: DescribeDevice;
  readonly translations: Translations;
  readonly report: Report;
  /** Whether the app has a `report`: without one, none is made for each request. */
  readonly observed: boolean;
  readonly clock: Clock;
}

/** The cookie options in force. */
export interface CookieSettings {
  readonly name: string;
  /** In milliseconds. */
  readonly ttl: number;
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict';
}

/** The options of cleanup in force; durations in milliseconds. */
export interface CleanupSettings {
  readonly enabled: boolean;
  readonly period: number;
  readonly inactiveTimeSpan: number;
  readonly endedRetention: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that lists every problem at once, each with its cure
 */
export function settingsOf(options: IdentitySessionOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      'there are no options: write `createIdentitySessionManager({ knex })`, with your Knex on PostgreSQL',
    );
  }
  const problems: string[] = [];
  const read = new OptionReader(options, defaults, '', problems);
  read.nothingBut(OPTIONS);
  const lifetimes = lifetimesOf(read);
  const ipCheckOptions = read.given<IpCheckOptions>('ipCheck', isObject, 'an object');
  const settings: Settings = {
    lifetimes,
    cookies: cookiesOf(read, lifetimes),
    origins: read.list('origins', isOrigin, 'origins such as "https://www.example.com"'),
    rules: readSignInRules(read),
    rulesFor: read.givenFunction('rulesFor'),
    deviceOf: read.givenFunction('deviceOf') ?? (() => 'Web'),
    maxSessions: read.value('maxSessions') === Infinity ? Infinity : read.count('maxSessions', 1, 10_000_000),
    nodeId: read.given('nodeId', isNodeId, 'letters, digits, "_", "." or "-", 64 at the most') ?? null,
    globalLookup: read.flag('globalLookup'),
    clientBlacklist: read.list('clientBlacklist', isText, 'client ids'),
    cleanup: cleanupOf(read),
    updateAfterCacheHits: read.count('updateAfterCacheHits', 1, 1_000_000),
    touchInterval: touchIntervalOf(options, read, lifetimes),
    cacheSize: read.count('cacheSize', 1, 10_000_000),
    lease: read.duration('lease', 0, MINUTE),
    requestBudget: read.duration('requestBudget', 100, MINUTE),
    ipCheck: ipCheckOf(ipCheckOptions, problems),
    sameAddressCheck: ipCheckOf({ ...ipCheckOptions, mode: ipCheckOptions?.mode ?? 'strict' }, []),
    location: read.flagOr<Locator>('location', isFunction, 'a function'),
    describeDevice: deviceDescriber(read.givenFunction('describeDevice'), describeDevice),
    translations: translationsIn(read, problems),
    report: unfailing(read.givenFunction('report') ?? log),
    observed: options.report !== undefined,
    clock: read.given('clock', isClock, 'a clock, with now(), monotonic() and after()') ?? systemClock(),
  };
  read.given('hint', isHint, 'a hint, such as `redisHint(client)`');
  read.given(
    'changesConnection',
    isConnection,
    "what Knex's `connection` may be: text, an object or a function",
  );
  read.given('schema', isSchema, 'the name of a schema: 63 bytes at the most, without "." and "?"');
  problems.push(...contradictions(options, settings));
  throwIfAny(problems, 'These options cannot be used');
  warn(settings);
  return settings;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The names, so that a misspelt one is noticed. */
const OPTIONS: Names<IdentitySessionOptions> = {
  knex: true,
  store: true,
  schema: true,
  shortLifetime: true,
  longLifetime: true,
  absoluteLifetime: true,
  autologin: true,
  cookies: true,
  origins: true,
  preventConcurrentLogin: true,
  maxSessionsPerUser: true,
  maxSessionsPerClient: true,
  maxSessionsPerDevice: true,
  maxSessions: true,
  onLimit: true,
  rulesFor: true,
  deviceOf: true,
  isCleanupEnabled: true,
  cleanupPeriod: true,
  inactiveTimeSpan: true,
  endedRetention: true,
  updateAfterCacheHits: true,
  touchInterval: true,
  cacheSize: true,
  lease: true,
  changesConnection: true,
  hint: true,
  requestBudget: true,
  ipCheck: true,
  location: true,
  describeDevice: true,
  translations: true,
  languages: true,
  nodeId: true,
  globalLookup: true,
  clientBlacklist: true,
  report: true,
  clock: true,
};
const COOKIE_OPTIONS: Names<CookieOptions> = {
  name: true,
  ttl: true,
  secure: true,
  sameSite: true,
};

function lifetimesOf(read: OptionReader): Lifetimes {
  return {
    short: read.duration('shortLifetime', 1000),
    long: read.duration('longLifetime', 1000),
    absolute: read.value('absoluteLifetime') === false ? Infinity : read.duration('absoluteLifetime', 1000),
    autologin: read.flag('autologin'),
  };
}

/** Where it is not given, a short life time shortens it: nobody is refused for what nobody set. */
function touchIntervalOf(options: IdentitySessionOptions, read: OptionReader, { short }: Lifetimes): number {
  if (options.touchInterval !== undefined) return read.duration('touchInterval', 1, HOUR);
  return Math.min(defaults.touchInterval, longestTouchInterval(short));
}

/** A session in use could seem idle if it were longer. */
function longestTouchInterval(shortLifetime: number): number {
  return Math.floor(shortLifetime / 10);
}

function cleanupOf(read: OptionReader): CleanupSettings {
  return {
    enabled: read.flag('isCleanupEnabled'),
    period: read.duration('cleanupPeriod', MINUTE),
    inactiveTimeSpan: read.duration('inactiveTimeSpan', 1000),
    endedRetention: read.duration('endedRetention', 0),
  };
}

function cookiesOf(options: OptionReader, lifetimes: Lifetimes): CookieSettings {
  const read = options.group('cookies', COOKIE_OPTIONS, { ...defaults.cookies, ttl: lifetimes.long });
  return {
    name: read.matching('name', /^[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, "_", "." or "-", 64 at the most'),
    ttl: read.duration('ttl', 1000),
    secure: read.flag('secure'),
    sameSite: read.oneOf('sameSite', ['lax', 'strict']),
  };
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function ipCheckOf(options: IpCheckOptions | undefined, problems: string[]): IpCheck {
  try {
    return compileIpCheck(options);
  } catch (error) {
    problems.push(`\`ipCheck\`: ${(error as Error).message}`);
    return compileIpCheck();
  }
}

function translationsIn(read: OptionReader, problems: string[]): Translations {
  const translations = read.object('translations') as Readonly<Record<string, Translation>>;
  const languages = read.given<readonly string[]>('languages', isListOfText, 'a list of languages');
  try {
    return translationsOf(translations, languages);
  } catch (error) {
    problems.push(`\`translations\` and \`languages\`: ${(error as Error).message}`);
    return translationsOf();
  }
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isClock(value: unknown): boolean {
  const clock = value as Partial<Clock> | null;
  return [clock?.now, clock?.monotonic, clock?.after].every(isFunction);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Knex can name no schema with a dot or a question mark in it, and PostgreSQL cuts longer names. */
function isSchema(value: unknown): boolean {
  return typeof value === 'string' && /^[^.?\0]+$/.test(value) && Buffer.byteLength(value) <= 63;
}

function isHint(value: unknown): boolean {
  return isFunction((value as Partial<Hint> | null)?.listen);
}

function isConnection(value: unknown): boolean {
  return isText(value) || isObject(value) || isFunction(value);
}

function isNodeId(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value);
}

/** What is wrong only together. */
function* contradictions(options: IdentitySessionOptions, settings: Settings): Iterable<string> {
  const { lifetimes, touchInterval, lease, cookies, cleanup } = settings;
  if ((options.knex === undefined) === (options.store === undefined)) {
    yield "give either `knex`, the app's Knex on PostgreSQL, or `store`, such as `memory()`";
  }
  if (options.store !== undefined && options.schema !== undefined) {
    yield '`schema` says where the tables are, and a `store` of your own has none: leave one of them out';
  }
  for (const name of ['changesConnection', 'hint'] as const) {
    if (options.store !== undefined && options[name] !== undefined) {
      yield `\`${name}\` is for the log of changes, and a \`store\` of your own has none: leave one of them out`;
    }
  }
  if (lifetimes.long < lifetimes.short) {
    yield (
      `\`longLifetime\` (${lifetimes.long} ms) is shorter than \`shortLifetime\` (${lifetimes.short} ms): ` +
      'give it at least the same'
    );
  }
  if (touchInterval > longestTouchInterval(lifetimes.short)) {
    yield (
      `\`touchInterval\` (${touchInterval} ms) is more than a tenth of \`shortLifetime\` (${lifetimes.short} ms): ` +
      `a session in use could seem idle; give it ${longestTouchInterval(lifetimes.short)} ms at the most, or leave it out`
    );
  }
  if (cleanup.inactiveTimeSpan < lifetimes.long) {
    yield (
      `\`inactiveTimeSpan\` (${cleanup.inactiveTimeSpan} ms) is shorter than \`longLifetime\` (${lifetimes.long} ms): ` +
      'cleanup would delete sessions that live; give it at least the same'
    );
  }
  if (!settings.globalLookup && settings.nodeId === null) {
    yield '`globalLookup` is false, and the node has no name to know its own sessions by: give it a `nodeId`';
  }
  if (settings.maxSessions !== Infinity && settings.nodeId === null) {
    yield '`maxSessions` is what one node may hold, and the node has no name to count by: give it a `nodeId`';
  }
  if (lease > 0 && lease < SHORTEST_LEASE) {
    yield `\`lease\` (${lease} ms) must be 0, or at least ${SHORTEST_LEASE} ms: changes are read every half second`;
  }
  if (!cookies.secure && process.env['NODE_ENV'] === 'production') {
    yield '`cookies.secure` is false, which is for development, and NODE_ENV is "production": leave it out';
  }
}

const SHORTEST_LEASE = 1000;

function warn({ cookies, lifetimes }: Settings): void {
  if (!cookies.secure) {
    process.emitWarning('`cookies.secure` is false: credentials travel over plain HTTP. Never deploy this.', {
      code: 'EIS_INSECURE_COOKIES',
    });
  }
  if (cookies.ttl !== lifetimes.long) {
    process.emitWarning(
      '`cookies.ttl` and `longLifetime` differ: browsers forget sessions that live, or keep cookies of ended ones. ' +
        'Leave `cookies.ttl` out, and it follows.',
      { code: 'EIS_COOKIE_TTL' },
    );
  }
}

const debug = debuglog('express-identity-sessions');

const log: Report = (event) => {
  if (event.type === 'failed') debug('%s failed: %O', event.task, event.error);
  if (event.type === 'recovered') debug('%s recovered', event.task);
};

function unfailing(report: Report): Report {
  return (event) =>
    unawaited(
      () => report(event),
      (error) => debug('`report` failed: %O', error),
    );
}
