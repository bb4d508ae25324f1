import type { Knex } from 'knex';

import type { Hint } from '../changes/hint';
import type { Clock } from '../clock';
import type { Report } from '../events';
import type { Locator } from '../location/location';
import type { Translation } from '../session/i18n/translations';
import type { DescribeDevice, DeviceOf } from '../session/device/device';
import type { DescribedSession } from '../session/described';
import type { Duration } from '../session/duration';
import { KEPT_ADDRESSES, type KeptAddresses } from '../session/ip-address';
import { IP_CHECK, type IpCheckOptions } from '../session/ip-check';
import { SIGNAL_TYPES, type OnSignal, type SignalType } from '../session/signal';
import type { OnTheft } from '../session/theft';
import type { OnRepeatedFailures } from '../session/trail-entry';
import { SIGN_IN_RULES, type RulesFor, type SignInRules } from '../session/sign-in-rules';
import type { AdministeredStore } from '../store/store';
import {
  count,
  duration,
  flag,
  func,
  isFunction,
  isText,
  limit,
  listOf,
  oneOf,
  orFalse,
  schemaName,
  text,
  unchecked,
  valid,
} from './checks';
import { originList } from './origins';
import { PRESET_NAMES, type Preset } from './presets';
import type { OptionTable } from './reader';

/**
 * The options of a session manager. A duration is a number of milliseconds or text such as `1W`, `30D`, `12H`, `5M`
 * (minutes) or `1h 30m`. `undefined` counts as not given. Names in brackets are the properties of other systems that control the
 * same thing.
 */
export interface IdentitySessionOptions extends SignInRules {
  /**
   * The app's Knex instance on PostgreSQL. The manager borrows connections from its pool and never destroys it. Exactly one
   * of `knex`, `connection` and `store` is required.
   */
  readonly knex?: Knex | undefined;
  /**
   * The connection, in the form of Knex's own `connection`, for an app without Knex. The manager opens up to ten
   * connections when it needs them, and closes them in `close()`.
   */
  readonly connection?: Knex.Config['connection'] | undefined;
  /** A store that replaces the database, such as `memory()` for tests and first experiments. */
  readonly store?: AdministeredStore | undefined;
  /** The schema of the tables. By default the first schema of the connection's search path that contains them. */
  readonly schema?: string | undefined;

  /**
   * The limits of a standard: `nist-aal1`, `nist-aal2` and `nist-aal3` of NIST SP 800-63B-4, `asvs-l1`, `asvs-l2` and `asvs-l3` of OWASP
   * ASVS 5.0. It sets `shortLifetime`, `longLifetime`, `absoluteLifetime` and `recency`. Options may set shorter times, and longer
   * ones are refused. `docs/compliance.md` lists the limits. Default: none.
   */
  readonly preset?: Preset | undefined;
  /**
   * The idle timeout, at least one second. A session that stays signed in hibernates after it; other sessions end.
   * Default `1H`. [sessiond.sessionDefaultLifeTime]
   */
  readonly shortLifetime?: Duration | undefined;
  /**
   * The idle timeout of sessions that stay signed in; at least `shortLifetime`. Default `1W`. [sessiond.sessionLongLifeTime]
   */
  readonly longLifetime?: Duration | undefined;
  /**
   * The absolute timeout, counted from the last authentication; activity does not extend it. Default `false`: no absolute timeout.
   */
  readonly absoluteLifetime?: Duration | false | undefined;
  /**
   * Allows sessions to hibernate and to be revived. If `false`, every session ends after `shortLifetime`. Default `true`.
   * [sessiond.autologin]
   */
  readonly autologin?: boolean | undefined;

  /**
   * The longest time since the user's authentication with which the package's routes and pages let users end other sessions, and
   * the default `maxAge` of `requireRecent`. At least one second. Default `false`: any time.
   */
  readonly recency?: Duration | false | undefined;
  /**
   * The age at which the secret in a client's cookie is replaced, when the client uses it; at least twice `rotationGrace`. Autologin
   * replaces it at every opportunity. `false` switches rotation off. Default `24H`. `docs/rotation.md` describes it.
   */
  readonly rotateAfter?: Duration | false | undefined;
  /**
   * The time after which a client that received a new secret has certainly stored it, so that earlier secrets are no longer accepted;
   * 30 seconds to one hour. Browsers write cookies to disk with a delay of up to 30 seconds. Default one minute.
   */
  readonly rotationGrace?: Duration | undefined;
  /**
   * Also rotates bearer tokens. The new token is in the response header `Identity-Session-Token`, and the client must use it from then
   * on. Default `false`.
   */
  readonly rotateBearerTokens?: boolean | undefined;

  /** The attributes of the credential cookie. */
  readonly cookies?: CookieOptions | undefined;
  /**
   * The data of the site that a browser deletes when its user signs out: any of `cookies`, `storage` and `cache`, in the header
   * `Clear-Site-Data`. `cookies` also deletes those of the app, of other hosts of the domain, and of known devices. Default `[]`.
   */
  readonly clearSiteData?: readonly SiteData[] | undefined;
  /**
   * Further origins whose pages may send writes with a session's cookie, such as `https://www.example.com` or
   * `chrome-extension://…`. They are compared with the header `Origin`, without wildcards. The app's own origin is always
   * allowed. Default `[]`.
   */
  readonly origins?: readonly string[] | undefined;

  /**
   * The maximum number of live sessions on this node, of all users together. When it is reached, sign-ins are refused.
   * It protects the node and is not exact, because sessions are counted once a second. Nodes with one `nodeId` share the
   * limit. Default `Infinity`. [sessiond.maxSession]
   */
  readonly maxSessions?: number | undefined;
  /**
   * A function that returns additional rules for a sign-in, by user, tenant, device and client. These rules and the options
   * all apply, so that the strictest one decides. If the function throws, the sign-in fails.
   */
  readonly rulesFor?: RulesFor | undefined;
  /**
   * A function that returns the kind of device of a client, such as `Mobile`, for rules about concurrent logins. If it returns
   * undefined, or is not set, the kind is `Mobile` for an app in the table of known clients, and otherwise `Web` for a client
   * with a cookie and `OAuth` for a client with a token. [ClientIdToDeviceMap]
   */
  readonly deviceOf?: DeviceOf | undefined;

  /**
   * Lets this manager run cleanup periodically. If `false`, call `runCleanup()` yourself, for example from a cron job.
   * Default `true`. [IdentitySessionCleanupOptions.IsCleanupEnabled]
   */
  readonly isCleanupEnabled?: boolean | undefined;
  /** The interval at which one of the nodes runs cleanup; at least one minute. Default `1H`. [CleanupPeriod] */
  readonly cleanupPeriod?: Duration | undefined;
  /**
   * Cleanup deletes sessions that were not used for this time. For a session that was never used, the time counts from its
   * sign-in. At least `longLifetime`. Default `30D`. [InactiveTimeSpan]
   */
  readonly inactiveTimeSpan?: Duration | undefined;
  /**
   * Cleanup ends the longest-unused sessions of a user beyond this number, so that no account fills the database. It never ends
   * sessions that `maxSessionsPerUser` allows. Up to 10,000, or `false` for no limit. Default 500.
   */
  readonly maxSessionsKept?: number | false | undefined;
  /**
   * The time for which ended and expired sessions are kept before cleanup deletes them. During this time a refusal can
   * give the reason. Default `30D`.
   */
  readonly endedRetention?: Duration | undefined;
  /** The time for which entries of the trail are kept. Default `90D`. */
  readonly trailRetention?: Duration | undefined;

  /**
   * The number of requests after which a session's last-accessed time is written. Default 10. [UpdateSessionAfterCacheHit]
   */
  readonly updateAfterCacheHits?: number | undefined;
  /**
   * The time after which a session's last-accessed time is written, even after fewer requests. At most a tenth of
   * `shortLifetime`, because a crash can lose touches that are not written. Default one minute, or a tenth of
   * `shortLifetime` if that is shorter.
   */
  readonly touchInterval?: Duration | undefined;
  /**
   * Writes a due touch before the request is passed on, instead of in the background. For processes that are frozen or
   * killed after each response: without it, sessions in use expire there. Default `false`.
   */
  readonly touchBeforeResponse?: boolean | undefined;
  /** The maximum number of cached sessions. A cached session takes about 450 bytes. Default 50,000. */
  readonly cacheSize?: number | undefined;
  /**
   * The maximum time until a revocation takes effect on a node that receives no notifications: 0, or from one second to
   * one minute. With 0, every request reads the database. Default two seconds.
   */
  readonly lease?: Duration | undefined;
  /**
   * The connection, in the form of Knex's own `connection`, that reads the change log and receives notifications. By
   * default it is opened like the others. Set it if those go through a transaction pooler, which does not
   * forward notifications. It must lead to the same server and database.
   */
  readonly changesConnection?: Knex.Config['connection'] | undefined;
  /** A source of notifications about ended sessions in addition to PostgreSQL's own: `redisHint(client)`. */
  readonly hint?: Hint | undefined;
  /**
   * The maximum time that a request waits for one response of the database, from 100 ms to one minute. After it, the
   * request is refused with 503. Default three seconds.
   */
  readonly requestBudget?: Duration | undefined;

  /**
   * The part of IP addresses that is kept in sessions, the trail and events. `truncated` keeps the network: the first 24 bits of
   * IPv4 and the first 48 of IPv6. The IP check then lets a session change its address within the network. `none` keeps no
   * addresses, so that nothing can be compared: it excludes the modes `strict` and `countrycode` of `ipCheck`, and requests of
   * dialects with `sameAddress` may change their address. Limits of attempts count by the whole address in any case, and store it only as
   * a keyed hash. Default `full`.
   */
  readonly ipAddresses?: KeptAddresses | undefined;
  /**
   * Rules for sessions whose IP address changes. By default a session may change its address, except in requests of a dialect
   * that requires the same address. [IPCheck, ipcheck.mode]
   */
  readonly ipCheck?: IpCheckOptions | undefined;
  /**
   * The source of the places of IP addresses. `true`, the default, uses geoip-lite if it is installed, and loads it when a
   * place is first needed. `false` disables places. A function, such as the result of `maxmind()`, replaces geoip-lite. If
   * the source throws, the place is unknown, and the first error is reported.
   */
  readonly location?: boolean | Locator | undefined;
  /**
   * A function that turns a user agent, a client id and client hints into a device. Its results are memoized. The default
   * function uses ua-parser-js.
   */
  readonly describeDevice?: DescribeDevice | undefined;
  /**
   * Additional languages, and changed messages, for the names of devices and places and for refusals. See `translationsOf`.
   * Default `{}`.
   */
  readonly translations?: Readonly<Record<string, Translation>> | undefined;
  /**
   * The languages to choose from by the request's `Accept-Language` header. If no language matches, the first one is used.
   * By default English, German and those of `translations`.
   */
  readonly languages?: readonly string[] | undefined;
  /**
   * Ids of clients whose sessions are not listed for users. Users can still end them by id. Default `[]`.
   * [session.management.clientBlacklist]
   */
  readonly clientBlacklist?: readonly string[] | undefined;

  /**
   * The secret keys for keyed hashes and encrypted tokens, the current one first. Each is text of at least 32 random
   * characters, and all nodes need the same. Default: the key that `migrate()` created in the database.
   */
  readonly keys?: readonly [string, ...string[]] | undefined;
  /**
   * The name of this node, which is stored with the sessions that it opens or serves. 1 to 64 letters, digits, `_`, `.` or
   * `-`. By default it is the host name if `globalLookup: false` or `maxSessions` needs a name, so that all processes of a
   * host are one node. Otherwise the node has no name.
   */
  readonly nodeId?: string | undefined;
  /**
   * Shows users their sessions of all nodes. If `false`, only the sessions that nodes with this `nodeId` opened or served
   * last. Default `true`. [session.management.globalLookup]
   */
  readonly globalLookup?: boolean | undefined;

  /**
   * A function that is called when a user signs in on a new device, with the session, its device and its place: send a mail, with
   * the link of `notMeLink`. It makes `createSignIn` set a device cookie. It is called once for each device of a user, but not for
   * the first one. The sign-in does not wait for it. `docs/unknown-sign-ins.md` describes it.
   */
  readonly onNewDevice?: OnNewDevice | undefined;
  /**
   * The time for which a device stays known after its last sign-in or autologin, and for which browsers keep the device cookie.
   * Many browsers keep it for 400 days at most. Default `400D`.
   */
  readonly deviceRetention?: Duration | undefined;
  /**
   * Binds sessions to the devices of their browsers (Device Bound Session Credentials), so that stolen cookies are worthless elsewhere.
   * With `optional`, browsers that can do it do it; others notice nothing. With `required`, sessions that are not bound within a minute
   * after the sign-in are refused, also those of tokens. It needs HTTPS. Default `off`, while the standard is a draft.
   */
  readonly deviceBound?: 'off' | 'optional' | 'required' | undefined;
  /** The path of `deviceBinding`, as browsers see it. Default `/session/binding`: `restRouter` at the root of the app. */
  readonly bindingPath?: string | undefined;
  /**
   * A function that receives events: sessions that were opened, used, woken, ended or refused, and failures in the
   * background. `docs/events.md` lists them. By default failures are logged if `NODE_DEBUG` contains
   * `express-identity-sessions`.
   */
  readonly report?: Report | undefined;
  /**
   * Called when a user's failed attempts to sign in reach five within an hour, which `signIn.failed` reports. Once per hour, on one
   * node. Tell the user, for example by mail. If it throws, `report` receives a `failed` event.
   */
  readonly onRepeatedFailures?: OnRepeatedFailures | undefined;
  /**
   * Called when a copied secret of a session was used, with the session and the origin of the request. The session has ended. Once,
   * on one node. Tell the user, for example by mail. If it throws, `report` receives a `failed` event.
   */
  readonly onTheft?: OnTheft | undefined;
  /**
   * The changes within a session that are reported, once each, to `report`, to the trail and to `onSignal`: any of `address-changed`,
   * `country-changed`, `user-agent-changed`, `device-changed` and `ended-secret-used`. `[]` reports none. Default: all.
   * `docs/signals.md` describes them.
   */
  readonly signals?: readonly SignalType[] | undefined;
  /**
   * Called for each signal before its request is accepted, with the session and what was observed. With `'end'`, the session ends on all
   * nodes and the request is refused. If it throws or does not answer within `requestBudget`, the request is refused with 503, and the
   * next request asks again.
   */
  readonly onSignal?: OnSignal | undefined;
  /** The source of time and timers, for tests. By default `systemClock()`. */
  readonly clock?: Clock | undefined;
}

/** Receives the session of a sign-in on a new device, with its device and its place. */
export type OnNewDevice = (signIn: DescribedSession) => void | Promise<void>;

/** Data of a site that browsers delete on request. */
export type SiteData = (typeof SITE_DATA)[number];

const SITE_DATA = ['cookies', 'storage', 'cache'] as const;

/** The attributes of the credential cookie. */
export interface CookieOptions {
  /**
   * The cookie's name; 1 to 64 letters, digits, `_`, `.` or `-`. It gets the prefix `__Host-Http-` unless `secure` is `false`.
   * Default `identity`.
   */
  readonly name?: string | undefined;
  /**
   * The time for which a browser keeps the cookie of a session that stays signed in. Default `longLifetime`; another value
   * prints a warning. [cookie.ttl]
   */
  readonly ttl?: Duration | undefined;
  /**
   * If `false`, browsers also send the cookie over plain HTTP. This is for development: it prints a warning, and is refused
   * if `NODE_ENV` is `production`. Default `true`.
   */
  readonly secure?: boolean | undefined;
  /**
   * With `lax`, the default, browsers also send the cookie when a user follows a link from another site to the app. With
   * `strict`, they send it only with requests from the app's own site. With `none`, they also send it to the app in a frame
   * of another site. `none` requires `partitioned: true` and has risks, which `docs/rest.md` describes.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /**
   * If `true`, browsers keep a separate cookie for the frames in each other site (CHIPS). Requires `sameSite: 'none'`. Default
   * `false`.
   */
  readonly partitioned?: boolean | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Limits for names that go into cookies and headers. */
const NAME = '1 to 64 letters, digits, "_", "." or "-"';

/** The default and the check of each cookie option. */
export const COOKIE_OPTIONS = {
  name: { default: 'identity', check: text(/^[A-Za-z0-9_.-]{1,64}$/, NAME) },
  ttl: { check: duration(1000) },
  secure: { default: true, check: flag },
  sameSite: { default: 'lax', check: oneOf('lax', 'strict', 'none') },
  partitioned: { default: false, check: flag },
} satisfies OptionTable<CookieOptions>;

/** The default and the check of every option. `settingsOf` adds the checks that concern several options. */
export const OPTIONS = {
  // `appConnections` checks Knex and its configuration.
  knex: { check: unchecked<Knex>() },
  // `checkConnection` checks it.
  connection: { secret: true, check: unchecked<Knex.Config['connection']>() },
  store: { check: unchecked<AdministeredStore>() },
  schema: { check: schemaName },

  preset: { check: oneOf(...PRESET_NAMES) },
  shortLifetime: { default: '1H', check: duration(1000) },
  longLifetime: { default: '1W', check: duration(1000) },
  absoluteLifetime: { default: false, check: orFalse(duration(1000)) },
  autologin: { default: true, check: flag },
  recency: { default: false, check: orFalse(duration(1000)) },

  rotateAfter: { default: '24H', check: orFalse(duration(1000)) },
  rotationGrace: { default: '60s', check: duration(30_000, HOUR) },
  rotateBearerTokens: { default: false, check: flag },

  cookies: { group: COOKIE_OPTIONS },
  clearSiteData: {
    default: [],
    check: listOf<SiteData>(isSiteData, SITE_DATA.map((each) => `"${each}"`).join(', ')),
  },
  origins: { default: [], check: originList },

  ...SIGN_IN_RULES,
  maxSessions: { default: Infinity, check: limit(10_000_000) },
  rulesFor: { check: func<RulesFor>() },
  deviceOf: { check: func<DeviceOf>() },

  isCleanupEnabled: { default: true, check: flag },
  cleanupPeriod: { default: '1H', check: duration(MINUTE) },
  inactiveTimeSpan: { default: '30D', check: duration(1000) },
  maxSessionsKept: { default: 500, check: orFalse(count(1, 10_000)) },
  endedRetention: { default: '30D', check: duration(0) },
  trailRetention: { default: '90D', check: duration(0) },

  updateAfterCacheHits: { default: 10, check: count(1, 1_000_000) },
  touchInterval: { check: duration(1, HOUR) },
  touchBeforeResponse: { default: false, check: flag },
  cacheSize: { default: 50_000, check: count(1, 10_000_000) },
  lease: { default: 2_000, check: duration(0, MINUTE) },
  // As `connection`.
  changesConnection: { secret: true, check: unchecked<Knex.Config['connection']>() },
  hint: { check: valid<Hint>(isHint, 'a hint, such as `redisHint(client)`') },
  requestBudget: { default: 3_000, check: duration(100, MINUTE) },

  ipAddresses: { default: 'full', check: oneOf(...KEPT_ADDRESSES) },
  ipCheck: { group: IP_CHECK },
  location: { default: true, check: valid<boolean | Locator>(isLocation, 'true or false or a function') },
  describeDevice: { check: func<DescribeDevice>() },
  translations: { default: {}, check: valid<Readonly<Record<string, Translation>>>(isRecord, 'an object') },
  languages: { check: listOf<string>(isText, 'languages') },
  clientBlacklist: { default: [], check: listOf<string>(isText, 'client ids') },

  keys: {
    secret: true,
    check: valid<readonly [string, ...string[]]>(isKeys, 'a list of texts of at least 32 characters'),
  },

  nodeId: { check: text(/^[A-Za-z0-9_.-]{1,64}$/, NAME) },
  globalLookup: { default: true, check: flag },

  onNewDevice: { check: func<OnNewDevice>() },
  deviceRetention: { default: '400D', check: duration(1000) },
  deviceBound: { default: 'off', check: oneOf('off', 'optional', 'required') },
  bindingPath: {
    default: '/session/binding',
    check: text(/^\/[\w./~-]*$/, 'a path, such as "/api/session/binding"'),
  },
  report: { check: func<Report>() },
  onRepeatedFailures: { check: func<OnRepeatedFailures>() },
  onTheft: { check: func<OnTheft>() },
  signals: {
    default: SIGNAL_TYPES,
    check: listOf<SignalType>(isSignalType, SIGNAL_TYPES.map((each) => `"${each}"`).join(', ')),
  },
  onSignal: { check: func<OnSignal>() },
  clock: { check: valid<Clock>(isClock, 'a clock, with now(), monotonic() and after()') },
} satisfies OptionTable<IdentitySessionOptions>;

function isKeys(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((key) => isText(key) && key.length >= 32);
}

function isSiteData(value: unknown): boolean {
  return SITE_DATA.includes(value as SiteData);
}

function isSignalType(value: unknown): boolean {
  return SIGNAL_TYPES.includes(value as SignalType);
}

function isHint(value: unknown): boolean {
  return isFunction((value as Partial<Hint> | null)?.listen);
}

function isLocation(value: unknown): boolean {
  return typeof value === 'boolean' || isFunction(value);
}

function isClock(value: unknown): boolean {
  const clock = value as Partial<Clock> | null;
  return [clock?.now, clock?.monotonic, clock?.after].every(isFunction);
}

function isRecord(value: unknown): boolean {
  return isObject(value) && !Array.isArray(value);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
