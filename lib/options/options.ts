import type { Knex } from 'knex';

import type { Hint } from '../changes/hint';
import type { Clock } from '../clock';
import type { Report } from '../events';
import type { Locator } from '../location/location';
import type { Translation } from '../session/i18n/translations';
import type { DescribeDevice, DeviceOf } from '../session/device/device';
import type { Duration } from '../session/duration';
import type { IpCheckOptions } from '../session/ip-check';
import type { PreventConcurrentLogin } from '../session/revocation';
import type { RulesFor, SessionLimit } from '../session/sign-in-rules';
import type { AdministeredStore } from '../store/store';

/**
 * Every option of a manager. A duration is a number of milliseconds or text such as `1W`, `30D`, `12H`, `5M` (minutes).
 * Names in brackets are those of Open-Xchange and ABP for the same thing. `undefined` counts as not given, so that an option
 * may depend on a condition.
 */
export interface IdentitySessionOptions {
  /** The app's Knex on PostgreSQL. The manager borrows its connections and never ends it. This or `store` is required. */
  readonly knex?: Knex | undefined;
  /** A store instead of a database: `memory()` for tests and the first five minutes. */
  readonly store?: AdministeredStore | undefined;
  /** The schema of the tables; what the connection's search path finds first when absent. */
  readonly schema?: string | undefined;

  /** The idle timeout; sessions that stay signed in hibernate after it. [sessiond.sessionDefaultLifeTime] */
  readonly shortLifetime?: Duration | undefined;
  /** The idle timeout of sessions that stay signed in; no less than `shortLifetime`. [sessiond.sessionLongLifeTime] */
  readonly longLifetime?: Duration | undefined;
  /** The absolute timeout, counted from the sign-in, which no activity moves; `false` for none. */
  readonly absoluteLifetime?: Duration | false | undefined;
  /** Whether sessions can hibernate and be revived; `false` ends all of them after `shortLifetime`. [sessiond.autologin] */
  readonly autologin?: boolean | undefined;

  /** How the browser keeps the credentials. */
  readonly cookies?: CookieOptions | undefined;
  /** Origins beside the app's own whose pages may write with a session's cookie, such as `https://www.example.com`. */
  readonly origins?: readonly string[] | undefined;

  /** What a sign-in does to the user's other sessions. [Abp.Identity.PreventConcurrentLogin] */
  readonly preventConcurrentLogin?: PreventConcurrentLogin | undefined;
  /** How many live sessions a user may have; `Infinity` for any number. [sessiond.maxSessionPerUser] */
  readonly maxSessionsPerUser?: number | undefined;
  /** How many live sessions a user may have with one client. [sessiond.maxSessionPerClient] */
  readonly maxSessionsPerClient?: number | undefined;
  /** How many live sessions a user may have on one kind of device. */
  readonly maxSessionsPerDevice?: number | undefined;
  /**
   * How many live sessions this node may hold, whoever they belong to; `Infinity` for any number. Beyond it sign-ins are
   * refused. It protects the node and is no exact rule: they are counted once a second. Needs a `nodeId`. [sessiond.maxSession]
   */
  readonly maxSessions?: number | undefined;
  /** Beyond the limits of users: `endOldest` makes room for a sign-in, `refuse` turns it away. */
  readonly onLimit?: SessionLimit['onLimit'] | undefined;

  /** Further rules for a sign-in, by user, tenant, device and client, from wherever the app keeps them. All hold, so the strictest wins. */
  readonly rulesFor?: RulesFor | undefined;
  /** The kind of device of a client, as rules about concurrent logins see it; `Web` for all by default. [ClientIdToDeviceMap] */
  readonly deviceOf?: DeviceOf | undefined;
  /**
   * Whether this manager cleans up by itself; a cron job may call `runCleanup()` instead.
   * [IdentitySessionCleanupOptions.IsCleanupEnabled]
   */
  readonly isCleanupEnabled?: boolean | undefined;
  /** How often one of the nodes cleans up; no less than a minute. [CleanupPeriod] */
  readonly cleanupPeriod?: Duration | undefined;
  /**
   * Sessions that were not used for so long are deleted; those that were never used count from their sign-in. No less than
   * `longLifetime`. [InactiveTimeSpan]
   */
  readonly inactiveTimeSpan?: Duration | undefined;
  /** How long ended and expired sessions are kept before cleanup deletes them: meanwhile refusals say why. */
  readonly endedRetention?: Duration | undefined;

  /** A session's last-accessed time is written after so many requests. [UpdateSessionAfterCacheHit] */
  readonly updateAfterCacheHits?: number | undefined;
  /**
   * It is written after this time at the latest; a tenth of `shortLifetime` at the most, for a crash may lose it. By default a
   * minute, or that tenth where it is less.
   */
  readonly touchInterval?: Duration | undefined;
  /** How many sessions are copied in memory, about 1 KB each. */
  readonly cacheSize?: number | undefined;
  /** How long a revocation may take to reach a node that hears nothing; 0 asks the database on every request. 0, or 1 s to 1 min. */
  readonly lease?: Duration | undefined;
  /**
   * How to connect for reading the change log and hearing notices, as Knex's own `connection`; as `knex` itself when absent. For
   * a `knex` behind a transaction pooler, which passes no notices on: a way past it, to the same server and database.
   */
  readonly changesConnection?: Knex.Config['connection'] | undefined;
  /** A further way to hear at once of what other nodes ended, beside PostgreSQL's notices: `redisHint(client)`. */
  readonly hint?: Hint | undefined;
  /** How long a request may wait for one answer of the database before it is answered with 503. 100 ms to 1 min. */
  readonly requestBudget?: Duration | undefined;

  /** Whether sessions may change their address. By default they may, except at an autologin of Open-Xchange. [IPCheck, ipcheck.mode] */
  readonly ipCheck?: IpCheckOptions | undefined;
  /** Finds the place of an address, as `maxmind()` does: `true` uses geoip-lite when it is installed, `false` knows no places. */
  readonly location?: boolean | Locator | undefined;
  /** Turns a user agent and the client's id into a device; ua-parser-js does by default. */
  readonly describeDevice?: DescribeDevice | undefined;
  /** Further languages, and other words, in which devices and places are named; see `translationsOf`. */
  readonly translations?: Readonly<Record<string, Translation>> | undefined;
  /**
   * The languages to choose from by a reader's `Accept-Language`; readers of none of them get the first. English, German and
   * those of `translations` by default.
   */
  readonly languages?: readonly string[] | undefined;
  /** The name of this node: its sessions are noted under it. 64 letters, digits, `_`, `.` or `-`. */
  readonly nodeId?: string | undefined;
  /** Whether users see their sessions of all nodes; `false` shows those that this node opened or served last. [session.management.globalLookup] */
  readonly globalLookup?: boolean | undefined;
  /** Ids of clients whose sessions no user is shown; ending one by its id still works. [session.management.clientBlacklist] */
  readonly clientBlacklist?: readonly string[] | undefined;
  /**
   * Told what happens to sessions (opened, used, woken, ended, refused) and what fails in the background; by default
   * failures are shown under `NODE_DEBUG=express-identity-sessions`.
   */
  readonly report?: Report | undefined;
  /** The source of time and timers, for tests. */
  readonly clock?: Clock | undefined;
}

/** How the browser keeps the credentials. */
export interface CookieOptions {
  /** The cookie's name; `__Host-` goes before it unless `secure` is `false`. */
  readonly name?: string | undefined;
  /** How long a browser keeps the cookie of a session that stays signed in; `longLifetime` by default. [cookie.ttl] */
  readonly ttl?: Duration | undefined;
  /** `false` sends the cookie over plain HTTP too, for development: it warns at start, and production refuses it. */
  readonly secure?: boolean | undefined;
  /** On which requests from other sites the browser sends the cookie: `lax` on links to the app, `strict` on none. */
  readonly sameSite?: 'lax' | 'strict' | undefined;
}

/** Every default, once. What is absent here has none. */
export const defaults = {
  shortLifetime: '1H',
  longLifetime: '1W',
  absoluteLifetime: false,
  autologin: true,
  cookies: { name: 'identity', secure: true, sameSite: 'lax' },
  origins: [],
  preventConcurrentLogin: 'Disabled',
  maxSessionsPerUser: Infinity,
  maxSessionsPerClient: Infinity,
  maxSessionsPerDevice: Infinity,
  maxSessions: Infinity,
  onLimit: 'endOldest',
  isCleanupEnabled: true,
  cleanupPeriod: '1H',
  inactiveTimeSpan: '30D',
  endedRetention: '30D',
  updateAfterCacheHits: 10,
  touchInterval: 60_000,
  cacheSize: 50_000,
  lease: 2_000,
  requestBudget: 3_000,
  location: true,
  translations: {},
  globalLookup: true,
  clientBlacklist: [],
} as const satisfies IdentitySessionOptions;
