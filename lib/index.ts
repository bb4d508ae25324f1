export { createIdentitySessionManager } from './create';
export type { Preset } from './options/presets';
export type { CookieOptions, IdentitySessionOptions, OnNewDevice, SiteData } from './options/options';
export type {
  Closed,
  GivenLowering,
  IdentitySessionManager,
  NotMeLinkOptions,
  Opened,
  Reauthenticated,
} from './manager/manager';
export type { SignIn } from './manager/new-session';
export type { Authentication } from './manager/reauthentication';
export type { GiveSecret } from './manager/secret-renewal';
export type { BindingEvidence } from './manager/device-binding';
export type { Visit } from './manager/verification';
export type { EndedListener } from './manager/session-watch';
export type { SessionsListener } from './manager/owner-watch';
export type { Actor, Administration, SessionPage, SessionSearch } from './manager/administration';
export type { ListOptions } from './manager/own-sessions';
export type { CleanupResult } from './manager/cleanup';
export type { Erased, PersonalRecord } from './manager/personal-data';
export type { FailedAttempt, TrailOptions, TrailPage, TrailSearch } from './manager/trail';
export {
  SessionError,
  type MessageValues,
  type RefusalCode,
  type RefusalDetails,
  type RequiredAuthentication,
} from './errors';
export type { Report, SessionEvent } from './events';
export type { Health } from './health';
export { systemClock, type Clock } from './clock';

// Verbs
export {
  createSignIn,
  sessionErrors,
  type SignedIn,
  type SignInFacts,
  type SignInFunction,
} from './http/sign-in';
export {
  createReauthentication,
  type ReauthenticationFacts,
  type ReauthenticationFunction,
} from './http/reauthentication';
export { requireRecent, type RecentOptions, type RequireRecentOptions } from './http/require-recent';
export { signInLimiter, type Limit, type LimitOptions, type SignInLimiterOptions } from './http/limiters';
export { autologin } from './http/autologin';
export { sessionSecretGuard, type GuardOptions } from './http/session-secret-guard';
export { sessionClaimGuard, type ClaimGuardOptions } from './http/session-claim-guard';
export { adoptSessions, type AdoptOptions, type OldSession } from './http/adopt-sessions';
export { sessionOf, type VerbOptions } from './http/request';
export { acceptClientHints } from './http/accept-client-hints';
export { sameOrigin } from './http/same-origin';
export { currentSession, sessionLookup } from './http/session-lookup';
export { sessionEvents } from './http/session-events';
export { sessionTrail } from './http/session-trail';
export { nameRoute } from './http/name-route';
export { revokeRoute, type RevokeRouteOptions } from './http/revoke-route';
export { signOut } from './http/sign-out';
export { clearDeviceCookie } from './http/device-cookie';
export { deviceBinding } from './http/device-binding';
export { endWithSession } from './http/end-with-session';
export {
  upgradeGuard,
  type UpgradeGuardOptions,
  type WebSocketLike,
  type WebSocketServerLike,
} from './http/upgrade-guard';
export { socketIoGuard, type SocketIoGuardOptions, type SocketIoSocketLike } from './http/socket-io-guard';

// REST, the package's own protocol
export { rest, type RestOptions } from './http/rest';
export { browserPages, prefersHtml, returnPath, type BrowserPagesOptions } from './http/browser-pages';
export { limitChoice } from './http/limit-choice';
export { restRouter, type RestRouterOptions } from './http/rest-router';
export type { Answer, Dialect, RotatedSession, Transport } from './http/dialect';

// Sessions
export {
  currentIpAddress,
  type EndedSession,
  type IdentitySession,
  type JsonObject,
  type Owner,
  type SessionReference,
} from './session/session';
export type { Assurance, GivenAssurance } from './session/assurance';
export * from './session/session-data';
export { newSessionId, type Credentials } from './session/credentials';
export type { DescribedEntry, DescribedSession } from './session/described';
export type { EndReason } from './session/end-reason';
export type { OnSignal, Signal, SignalType } from './session/signal';
export type { OnTheft, Theft } from './session/theft';
export type {
  OnRepeatedFailures,
  RefusedReason,
  RepeatedFailures,
  TrailEntry,
  TrailEvent,
} from './session/trail-entry';
export { everySessionOf, otherSessionsOf, sessionsOf, type Revocation } from './session/revocation';
export type { PreventConcurrentLogin } from './session/revocation';
export type { RulesFor, SigningIn, SignInRules } from './session/sign-in-rules';
export { claims, type SessionClaims } from './session/claims';
export type { KeptAddresses } from './session/ip-address';
export type { IpCheckMode, IpCheckOptions } from './session/ip-check';
export { clientHintsOf, type ClientHints } from './session/device/client-hints';
export { describeDevice } from './session/device/describe';
export type { DescribeDevice, Device, DeviceOf, DeviceType, Product } from './session/device/device';
export type { Duration } from './session/duration';
export type { Place } from './session/place';
export type { Locator } from './location/location';

// Storage
export { memory } from './store/memory';
export { migrate, type MigrateConnectionOptions } from './migrations/migrate';
export type { MigrateOptions } from './migrations/config';
export type { Hint } from './changes/hint';
