export { createIdentitySessionManager } from './create';
export type { CookieOptions, IdentitySessionOptions } from './options/options';
export type { CookieSettings, Settings } from './options/settings';
export { IdentitySessionManager, type Closed, type ManagerParts, type Opened } from './manager/manager';
export type { Visit } from './manager/verification';
export { Administration, type Actor, type SessionPage, type SessionSearch } from './manager/administration';
export type { CleanupResult } from './manager/cleanup';
export type { SignIn } from './manager/new-session';
export type { SignInRulesInForce, SigningIn, RulesFor, SignInRules } from './session/sign-in-rules';
export { SessionError, type RefusalCode, type RefusalDetails } from './errors';
export type { Report, SessionEvent } from './events';
export type { EndedListener } from './manager/session-watch';
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
export { restRouter, type RestRouterOptions } from './http/rest-router';

// How wires speak
export { rest, type RestOptions } from './http/rest';
export type { Answer, Dialect, OpenedSession, RequestCredentials, Transport } from './http/dialect';
export type { DescribedSession } from './session/described';

// What sessions are
export {
  currentIpAddress,
  type EndedSession,
  type IdentitySession,
  type Owner,
  type SessionReference,
  type StoredSession,
} from './session/session';
export type { EndReason } from './session/end-reason';
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
export { describeDevice } from './session/device/describe';
export type {
  DescribeDevice,
  DeviceOf,
  Device,
  DeviceName,
  DeviceType,
  Product,
} from './session/device/device';
export { displayLocation, displayName, type Messages } from './session/i18n/messages';
export {
  translationsOf,
  messagesFor,
  type Translations,
  type Translation,
} from './session/i18n/translations';
export type { Duration } from './session/duration';
export type { Locator } from './location/location';
export type { Place } from './session/place';

// Where they live
export { memory } from './store/memory';
export type {
  Admission,
  End,
  Hibernated,
  MaybePromise,
  Policy,
  PolicyPatch,
  Retained,
  Scope,
  Search,
  SearchFilter,
  SessionPatch,
  AdministeredStore,
  SessionStore,
  Touch,
  TouchResult,
} from './store/store';
export type { SessionLimit } from './session/sign-in-rules';

// How other nodes hear of it
export type { Hint, HintListener } from './changes/hint';

// Their tables
export { migrate, migrationConfig, type MigrateOptions } from './store/postgres/migrate';
