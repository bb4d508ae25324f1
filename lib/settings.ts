import { debuglog } from 'node:util';

import { systemClock, type Clock } from './clock';
import type { Report } from './events';
import type { Locator } from './location/location';
import { defaults, type CookieOptions, type IdentitySessionOptions } from './options';
import { describeDevice, memoised, type DescribeDevice } from './session/device';
import { milliseconds, type Duration } from './session/duration';
import type { Lifetimes } from './session/lifetimes';
import type { PreventConcurrentLogin } from './session/revocation';
import type { SessionLimit } from './store/store';

/** The options as they are in force: checked, complete, durations in milliseconds. */
export interface Settings {
  readonly lifetimes: Lifetimes;
  readonly cookies: CookieSettings;
  readonly origins: readonly string[];
  readonly preventConcurrentLogin: PreventConcurrentLogin;
  readonly limit: SessionLimit | undefined;
  readonly updateAfterCacheHits: number;
  readonly touchInterval: number;
  readonly cacheSize: number;
  readonly lease: number;
  readonly requestBudget: number;
  readonly location: boolean | Locator;
  readonly describeDevice: DescribeDevice;
  readonly report: Report;
  readonly clock: Clock;
}

export interface CookieSettings extends Required<CookieOptions> {
  readonly ttl: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that lists every problem at once, each with its cure
 */
export function settingsOf(options: IdentitySessionOptions): Settings {
  const problems: string[] = [];
  const read = new Reader(options, defaults, '', problems);
  read.nothingBut(OPTIONS);
  const lifetimes = lifetimesOf(read);
  const settings: Settings = {
    lifetimes,
    cookies: cookiesOf(options.cookies ?? {}, lifetimes, problems),
    origins: originsOf(options.origins ?? defaults.origins, problems),
    preventConcurrentLogin: read.oneOf('preventConcurrentLogin', CONCURRENCY),
    limit: limitOf(read),
    updateAfterCacheHits: read.count('updateAfterCacheHits', 1, 1_000_000),
    touchInterval: read.duration('touchInterval', 1, HOUR),
    cacheSize: read.count('cacheSize', 1, 10_000_000),
    lease: read.duration('lease', 0, MINUTE),
    requestBudget: read.duration('requestBudget', 100, MINUTE),
    location: typeof options.location === 'function' ? options.location : read.flag('location'),
    describeDevice: memoised(read.callback('describeDevice', describeDevice)),
    report: unfailing(read.callback('report', log)),
    clock: options.clock ?? systemClock(),
  };
  problems.push(...contradictions(options, settings));
  if (problems.length > 0) throw new TypeError(`These options cannot be used:\n- ${problems.join('\n- ')}`);
  warn(settings);
  return settings;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVER = 3650 * 24 * HOUR;

const CONCURRENCY = ['Disabled', 'LogoutFromSameTypeDevices', 'LogoutFromAllDevices'] as const;

/** The names, so that a misspelt one is noticed. */
const OPTIONS: Readonly<Record<keyof IdentitySessionOptions, true>> = {
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
  onLimit: true,
  updateAfterCacheHits: true,
  touchInterval: true,
  cacheSize: true,
  lease: true,
  requestBudget: true,
  location: true,
  describeDevice: true,
  report: true,
  clock: true,
};
const COOKIE_OPTIONS: Readonly<Record<keyof CookieOptions, true>> = {
  name: true,
  ttl: true,
  secure: true,
  sameSite: true,
};

function lifetimesOf(read: Reader): Lifetimes {
  const short = read.duration('shortLifetime', 1000, EVER);
  return {
    short,
    long: read.duration('longLifetime', 1000, EVER),
    absolute: read.absent('absoluteLifetime') ? Infinity : read.duration('absoluteLifetime', 1000, EVER),
    autologin: read.flag('autologin'),
  };
}

function cookiesOf(given: CookieOptions, lifetimes: Lifetimes, problems: string[]): CookieSettings {
  const read = new Reader(given, { ...defaults.cookies, ttl: lifetimes.long }, 'cookies.', problems);
  read.nothingBut(COOKIE_OPTIONS);
  return {
    name: read.matching('name', /^[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, "_", "." or "-", 64 at the most'),
    ttl: read.duration('ttl', 1000, EVER),
    secure: read.flag('secure'),
    sameSite: read.oneOf('sameSite', ['lax', 'strict']),
  };
}

function originsOf(origins: readonly string[], problems: string[]): readonly string[] {
  const isOrigin = (origin: unknown) =>
    typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin;
  for (const origin of origins) {
    if (!isOrigin(origin))
      problems.push(`\`origins\` holds ${shown(origin)}: write it like "https://www.example.com"`);
  }
  return origins;
}

function limitOf(read: Reader): SessionLimit | undefined {
  const onLimit = read.oneOf('onLimit', ['endOldest', 'refuse']);
  if (read.value('maxSessionsPerUser') === Infinity) return undefined;
  return { max: read.count('maxSessionsPerUser', 1, 1_000_000), onLimit };
}

/** What is wrong only together. */
function* contradictions(options: IdentitySessionOptions, settings: Settings): Iterable<string> {
  const { lifetimes, touchInterval, lease, cookies } = settings;
  if ((options.knex === undefined) === (options.store === undefined)) {
    yield "give either `knex`, the app's Knex on PostgreSQL, or `store`, such as `memory()`";
  }
  if (options.store !== undefined && options.schema !== undefined) {
    yield '`schema` says where the tables are, and a `store` of your own has none: leave one of them out';
  }
  if (lifetimes.long < lifetimes.short) {
    yield `\`longLifetime\` (${lifetimes.long} ms) is shorter than \`shortLifetime\` (${lifetimes.short} ms)`;
  }
  if (touchInterval * 10 > lifetimes.short) {
    yield (
      `\`touchInterval\` (${touchInterval} ms) is more than a tenth of \`shortLifetime\` (${lifetimes.short} ms): ` +
      'a session in use could seem idle'
    );
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
      '`cookies.ttl` and `longLifetime` differ: browsers forget sessions that live, or keep cookies of ended ones.',
      { code: 'EIS_COOKIE_TTL' },
    );
  }
}

const debug = debuglog('express-identity-sessions');

const log: Report = ({ task, error }) => debug('%s failed: %O', task, error);

function unfailing(report: Report): Report {
  return (event) => {
    try {
      report(event);
    } catch (error) {
      debug('`report` threw: %O', error);
    }
  };
}

function shown(value: unknown): string {
  return `${typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value)}`;
}

/** Reads options one by one; of a wrong one it notes the problem and goes on with the default. */
class Reader {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #defaults: Readonly<Record<string, unknown>>;
  readonly #prefix: string;
  readonly #problems: string[];

  constructor(given: object, fallbacks: object, prefix: string, problems: string[]) {
    this.#given = given as Record<string, unknown>;
    this.#defaults = fallbacks as Record<string, unknown>;
    this.#prefix = prefix;
    this.#problems = problems;
  }

  nothingBut(names: Readonly<Record<string, true>>): void {
    for (const name of Object.keys(this.#given)) {
      if (Object.hasOwn(names, name)) continue;
      const meant = Object.keys(names).find((known) => known.toLowerCase() === name.toLowerCase());
      this.#problems.push(
        `there is no option \`${this.#prefix}${name}\`` +
          (meant ? `, did you mean \`${this.#prefix}${meant}\`?` : ''),
      );
    }
  }

  /** What was given, or the default; `undefined` counts as not given. */
  value(name: string): unknown {
    return this.#given[name] === undefined ? this.#defaults[name] : this.#given[name];
  }

  absent(name: string): boolean {
    return this.value(name) === false;
  }

  flag(name: string): boolean {
    return this.#checked(name, 'true or false', (value) => typeof value === 'boolean');
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const expected = words.map((word) => `"${word}"`).join(' or ');
    return this.#checked(name, expected, (value) => words.includes(value as T));
  }

  matching(name: string, form: RegExp, expected: string): string {
    return this.#checked(name, expected, (value) => typeof value === 'string' && form.test(value));
  }

  count(name: string, min: number, max: number): number {
    const expected = `a whole number from ${min} to ${max}`;
    return this.#checked(
      name,
      expected,
      (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    );
  }

  callback<F extends (...args: never[]) => unknown>(name: string, fallback: F): F {
    if (this.#given[name] === undefined) return fallback;
    return this.#checked(name, 'a function', (value) => typeof value === 'function');
  }

  duration(name: string, min: number, max: number): number {
    const inRange = (value: unknown) => {
      try {
        const length = milliseconds(value as Duration);
        return length >= min && length <= max;
      } catch {
        return false;
      }
    };
    const expected = `from ${min} to ${max} milliseconds, as a number or as text such as "30D", "12H" or "5M" (minutes)`;
    return milliseconds(this.#checked<Duration>(name, expected, inRange));
  }

  #checked<T>(name: string, expected: string, isRight: (value: unknown) => boolean): T {
    const value = this.value(name);
    if (isRight(value)) return value as T;
    this.#problems.push(`\`${this.#prefix}${name}\` is ${shown(value)}: it must be ${expected}`);
    return this.#defaults[name] as T;
  }
}
