import type { OpenXchangeOptions } from './options';
import type { LimitOptions } from '../../http/limiters';
import type { IdentitySessionOptions } from '../../options/options';
import { throwIfAny } from '../../options/reader';
import { milliseconds } from '../../session/duration';
import type { OpenXchangeRouterOptions } from './router';
import type { IpCheckMode, IpCheckOptions } from '../../session/ip-check';

/** The properties of an Open-Xchange server as options of this package. */
export interface PropertiesOptions {
  /** For `createIdentitySessionManager`. */
  readonly manager: Omit<IdentitySessionOptions, 'knex' | 'store'>;
  /** For `openXchange`. */
  readonly openXchange: OpenXchangeOptions;
  /** For `openXchangeRouter`. */
  readonly router: Pick<
    OpenXchangeRouterOptions,
    'randomToken' | 'randomTokenTimeout' | 'acquiredTokenTimeout' | 'uiWebPath' | 'limits'
  >;
  /** The keys that this package does not know, in the order in which they appear in the file. */
  readonly unknown: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Target {
  readonly manager: Mutable<Omit<IdentitySessionOptions, 'knex' | 'store'>>;
  readonly openXchange: Mutable<OpenXchangeOptions>;
  readonly ipCheck: Mutable<IpCheckOptions>;
  readonly router: Mutable<PropertiesOptions['router']>;
  readonly login: Mutable<LimitOptions>;
}

/**
 * Sets the options for the value of a property. `written` is the value with its quotes. Throws a `RangeError` if the value is
 * invalid.
 */
type Rule = (value: string, target: Target, written: string) => void;

/** The rules by property name, without the prefix `com.openexchange.`. */
const RULES: Readonly<Record<string, Rule>> = {
  'sessiond.sessionDefaultLifeTime': (value, { manager }) => (manager.shortLifetime = milliseconds(value)),
  'sessiond.sessionLongLifeTime': (value, { manager }) => (manager.longLifetime = milliseconds(value)),
  'sessiond.autologin': (value, { manager }) => (manager.autologin = flag(value)),
  'sessiond.maxSessionPerUser': (value, { manager }) => {
    manager.maxSessionsPerUser = limit(value);
    manager.onLimit = 'refuse';
  },
  'sessiond.maxSessionPerClient': (value, { manager }) => {
    manager.maxSessionsPerClient = limit(value);
    manager.onLimit = 'refuse';
  },
  'sessiond.maxSession': (value, { manager }) => (manager.maxSessions = limit(value)),
  'session.management.globalLookup': (value, { manager }) => (manager.globalLookup = flag(value)),
  'session.management.clientBlacklist': (value, { manager }) => (manager.clientBlacklist = list(value)),
  // The example in the documentation of Open-Xchange uses this name.
  'session.management.blacklist': (value, { manager }) => (manager.clientBlacklist = list(value)),

  'cookie.ttl': (value, { openXchange }) =>
    (openXchange.cookieTtl = value === 'web-browser' ? value : milliseconds(value)),
  'cookie.httpOnly': (value, { openXchange }) => (openXchange.httpOnly = flag(value)),
  'cookie.hash': (value, { openXchange }) =>
    (openXchange.cookieHash = oneOf(value, ['calculate', 'remember'] as const)),
  'cookie.hash.fields': (value, { openXchange }) => (openXchange.cookieHashFields = list(value)),
  // The salt of a server contains the quotes, so that it must contain them here too.
  'cookie.hash.salt': (_, { openXchange }, written) => (openXchange.cookieHashSalt = written),
  'ajax.login.http-auth.client': (value, { openXchange }) => (openXchange.defaultClient = value),

  'sessiond.randomTokenTimeout': (value, { router }) => (router.randomTokenTimeout = milliseconds(value)),
  'ajax.login.randomToken': (value, { router }) => (router.randomToken = flag(value)),
  'tokenlogin.maxIdleTime': (value, { router }) => (router.acquiredTokenTimeout = milliseconds(value)),
  'ajax.login.maxRate': (value, { login }) => (login.limit = count(value)),
  'ajax.login.maxRateTimeWindow': (value, { login }) => (login.windowMs = milliseconds(value)),
  UIWebPath: (value, { router }) => (router.uiWebPath = value),

  IPCheck: (value, { ipCheck }) => (ipCheck.mode = flag(value) ? 'strict' : 'none'),
  'ipcheck.mode': (value, { ipCheck }) => {
    if (value === '') return;
    const mode: IpCheckMode = oneOf(value, ['none', 'strict', 'countrycode']);
    // `IPCheck=true` means `strict` and takes precedence.
    if (ipCheck.mode !== 'strict') ipCheck.mode = mode;
  },
  IPCheckWhitelist: (value, { ipCheck }) => (ipCheck.clients = list(value)),
  IPMaskV4: (value, { ipCheck }) => {
    if (value !== '') ipCheck.maskV4 = value;
  },
  IPMaskV6: (value, { ipCheck }) => {
    if (value !== '') ipCheck.maskV6 = value;
  },
};

const PREFIX = 'com.openexchange.';

/**
 * Converts the text of an Open-Xchange server's `.properties` file to options of this package.
 * @throws TypeError that lists every invalid value with its key
 */
export function fromProperties(text: string): PropertiesOptions {
  const target: Target = { manager: {}, openXchange: {}, ipCheck: {}, router: {}, login: {} };
  const unknown: string[] = [];
  const problems: string[] = [];
  for (const [key, value] of inOrder(entries(text))) {
    const rule = ruleOf(key);
    if (rule === undefined) unknown.push(key);
    else attempt(() => rule(unquoted(value), target, value), `${key}=${value}`, problems);
  }
  throwIfAny(problems, 'These properties cannot be used');
  const { manager, openXchange, ipCheck, router, login } = target;
  if (Object.keys(ipCheck).length > 0) manager.ipCheck = ipCheck;
  if (Object.keys(login).length > 0) router.limits = { login };
  return { manager, openXchange, router, unknown };
}

function ruleOf(key: string): Rule | undefined {
  const name = key.slice(PREFIX.length);
  return key.startsWith(PREFIX) && Object.hasOwn(RULES, name) ? RULES[name] : undefined;
}

/** The property that is applied first, because it takes precedence over `ipcheck.mode`. */
const FIRST = `${PREFIX}IPCheck`;

function inOrder(all: Map<string, string>): [string, string][] {
  return [...all].sort(([one], [other]) => Number(other === FIRST) - Number(one === FIRST));
}

function attempt(put: () => void, line: string, problems: string[]): void {
  try {
    put();
  } catch (error) {
    problems.push(`${line}: ${(error as Error).message}`);
  }
}

/**
 * Parses a `.properties` file. If a key is repeated, the last value counts. Comments start with `#` or `!`. A key ends at `=`,
 * `:` or white space. A backslash at the end of a line continues the line; elsewhere it escapes a character.
 */
function entries(text: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const [, key = '', value = ''] = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line) ?? [];
    all.set(unescaped(key), unescaped(value).trimEnd());
  }
  return all;
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let started = '';
  for (const physical of text.split(/\r\n|\r|\n/)) {
    const line = physical.trimStart();
    if (started === '' && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const isContinued = /(?<!\\)(?:\\\\)*\\$/.test(line);
    started += isContinued ? line.slice(0, -1) : line;
    if (isContinued) continue;
    lines.push(started);
    started = '';
  }
  return started === '' ? lines : [...lines, started];
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
    code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(parseInt(code, 16)),
  );
}

/** Removes quotes around a value or an item of a list. Some properties of a server are written with them. */
function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1).trim() : text;
}

function flag(value: string): boolean {
  return oneOf(value.toLowerCase(), ['true', 'false']) === 'true';
}

function oneOf<T extends string>(value: string, allowed: readonly T[]): T {
  const known = allowed.find((each) => each === value);
  if (known === undefined) throw new RangeError(`it must be ${allowed.join(' or ')}`);
  return known;
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((item) => unquoted(item.trim()))
    .filter((item) => item !== '');
}

/** Reads a limit. Zero and negative numbers mean no limit. */
function limit(value: string): number {
  const number = wholeNumber(value);
  return number <= 0 ? Infinity : number;
}

function count(value: string): number {
  const number = wholeNumber(value);
  if (number <= 0) throw new RangeError('it must be greater than 0');
  return number;
}

function wholeNumber(value: string): number {
  if (!/^-?\d{1,9}$/.test(value)) throw new RangeError('it must be a whole number');
  return Number(value);
}
