export { createIdentitySessionManager } from './create';
export { defaults, type CookieOptions, type IdentitySessionOptions } from './options';
export type { CleanupSettings, CookieSettings, Settings } from './settings';
export { IdentitySessionManager, type Closed, type ManagerParts, type Opened } from './manager';
export type { Visit } from './verification';
export { Administration, type Actor, type SessionPage, type SessionSearch } from './administration';
export type { CleanupResult } from './cleanup';
export type { SignIn } from './new-session';
export type { CompiledRules, Newcomer, RulesFor, SignInRules } from './sign-in-rules';
export { fromProperties, type PropertiesOptions } from './properties';
export { SessionError, type RefusalCode, type RefusalEvidence } from './errors';
export type { Report, SessionEvent } from './events';
export type { EndedListener } from './session-watch';
export type { ChangesHealth, Health, HintHealth } from './health';
export type { Clock } from './clock';

// The verbs
export { sessionSecretGuard, type GuardOptions } from './http/session-secret-guard';
export { sessionClaimGuard, type ClaimGuardOptions } from './http/session-claim-guard';
export { endWithSession } from './http/end-with-session';
export {
  upgradeGuard,
  type UpgradeGuardOptions,
  type WebSocketLike,
  type WebSocketServerLike,
} from './http/upgrade-guard';
export { autologin } from './http/autologin';
export { currentSession, sessionLookup } from './http/session-lookup';
export { revokeRoute } from './http/revoke-route';
export { signOut } from './http/sign-out';
export {
  createSignIn,
  sessionErrors,
  type SignedIn,
  type SignInFacts,
  type SignInFunction,
} from './http/sign-in';
export { signInLimiter, type Limit, type LimitOptions } from './http/limiters';
export { sameOrigin } from './http/same-origin';
export { sessionOf, type VerbOptions } from './http/request';

// Verbs mounted on paths
export { restRouter, type RestRouterOptions } from './routers/rest';
export { openXchangeRouter, type OpenXchangeRouterOptions } from './routers/open-xchange';
export { cookieRefresh } from './routers/open-xchange/cookie-refresh';
export type { Authenticate, OpenXchangeAccount } from './routers/open-xchange/login';
export { abpRouter, type AbpRouterOptions } from './routers/abp';
export type { AppsDescription } from './routers/abp/description';
export type { IsGranted } from './routers/abp/permission';

// How wires speak
export { rest, type RestOptions } from './dialects/rest';
export { openXchange, type OpenXchangeDialect } from './dialects/open-xchange/dialect';
export type {
  OpenXchangeBasis,
  OpenXchangeOptions,
  OpenXchangeSettings,
} from './dialects/open-xchange/options';
export { abp } from './dialects/abp/dialect';
export type { OpenXchangeCode } from './dialects/open-xchange/errors';
export type {
  Answer,
  DescribedSession,
  Dialect,
  OpenedSession,
  ShownCredentials,
  Transport,
} from './dialects/dialect';

// What sessions are
export {
  currentIpAddress,
  type EndedSession,
  type EndReason,
  type IdentitySession,
  type Owner,
  type SessionReference,
  type StoredSession,
} from './session/session';
export {
  everySessionOf,
  otherSessionsOf,
  sessionsOf,
  type PreventConcurrentLogin,
  type Revocation,
} from './session/revocation';
export type { Cutoffs, Lifetimes } from './session/lifetimes';
export type { SearchOrder } from './session/order';
export { isSessionId, type Credentials, type SecretForm } from './session/credentials';
export { claims, type SessionClaims } from './session/claims';
export type { IpCheckMode, IpCheckOptions } from './session/ip-check';
export {
  describeDevice,
  describeOxDevice,
  type DescribeDevice,
  type DeviceOf,
  type Device,
  type DeviceName,
  type DeviceType,
  type Product,
} from './session/device';
export { displayLocation, displayName, type Wording } from './session/wording';
export { catalogueOf, wordingFor, type Catalogue, type Words } from './session/catalogue';
export type { Duration } from './session/duration';
export type { Locator } from './location/location';
export { maxmind, type MaxmindReader } from './location/maxmind';
export type { Place } from './session/place';

// Where they live
export { memory } from './store/memory';
export type {
  Admission,
  End,
  IdlePolicy,
  Hibernated,
  MaybePromise,
  Policy,
  PolicyPatch,
  Retained,
  Scope,
  Search,
  SearchFilter,
  SessionLimit,
  SessionPatch,
  SessionStore,
  Touch,
  TouchResult,
} from './store/store';

// How other nodes hear of it
export { redisHint, type RedisClient, type RedisHintOptions } from './changes/redis';
export type { Hint, HintListener } from './changes/hint';

// Their tables
export { migrate, migrationConfig, type MigrateOptions } from './migrate';
