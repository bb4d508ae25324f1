import type { EndReason } from '../../session/end-reason';
import type { PreventConcurrentLogin } from '../../session/revocation';
import type { SignalType } from '../../session/signal';
import type { SearchState } from '../../store/store';

/** A message with a number, in the forms that the language distinguishes: the names are those of `Intl.PluralRules`. */
export type PluralMessage = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** A message that is shown once after something happened. */
export interface NoticeMessage {
  readonly title: string | PluralMessage;
  readonly text: string;
}

/** The kinds of devices that have an icon. */
export type DeviceKind =
  'computer' | 'phone' | 'tablet' | 'app' | 'mail' | 'calendar' | 'program' | 'unknown';

/** The orders in which administrators sort sessions. */
export type AdminSort = 'signedIn' | 'lastAccessed' | 'userId';

/** The notices of the pages, by the names that a link can give in its query. */
export type NoticeName =
  | EndReason
  | 'ended'
  | 'ended-none'
  | 'named'
  | 'name-removed'
  | 'policy-changed'
  | 'session-not-found'
  | 'session-expired'
  | 'authentication-insufficient'
  | 'binding-required'
  | 'credentials-invalid'
  | 'ticket-invalid';

/**
 * All texts of the pages in one language. Names in braces, such as `{title}`, stand for values. A language is complete:
 * the compiler reports missing messages.
 */
export interface PageMessages {
  /** `ltr`, or `rtl` for languages that are written from right to left. */
  readonly direction: 'ltr' | 'rtl';
  readonly account: {
    readonly title: string;
    readonly introduction: string;
    readonly currentSession: string;
    readonly otherSessions: string;
    readonly noOtherSessions: string;
    readonly olderSessions: string;
    readonly newestSessions: string;
    readonly unused: string;
    readonly unusedAdvice: string;
    readonly select: string;
    readonly selectAll: string;
    readonly signOutSelected: string;
    readonly signOutOthers: PluralMessage;
    /** Announced to screen readers when a session appears or ends while the page is open. */
    readonly appeared: string;
    readonly disappeared: string;
  };
  readonly session: {
    readonly kinds: Readonly<Record<DeviceKind, string>>;
    readonly thisBrowser: string;
    readonly impersonation: string;
    readonly activeNow: string;
    readonly lastActive: string;
    readonly justNow: string;
    readonly signedIn: string;
    readonly signOut: string;
    readonly signOutNamed: string;
    readonly details: string;
    readonly back: string;
    readonly name: string;
    readonly nameHint: string;
    readonly saveName: string;
    readonly facts: {
      readonly device: string;
      readonly place: string;
      readonly address: string;
      readonly addresses: string;
      readonly client: string;
      readonly method: string;
      readonly actor: string;
      readonly signedIn: string;
      readonly lastActive: string;
      readonly expires: string;
      readonly staysSignedIn: string;
      readonly deviceBound: string;
      readonly userAgent: string;
      readonly unknown: string;
      readonly yes: string;
      readonly no: string;
    };
  };
  readonly confirm: {
    readonly one: string;
    readonly several: PluralMessage;
    readonly others: PluralMessage;
    readonly current: string;
    readonly currentEffect: string;
    readonly browserEffect: string;
    readonly appEffect: string;
    readonly severalEffect: string;
    readonly cancel: string;
    readonly nothingSelected: string;
  };
  readonly admin: {
    readonly title: string;
    readonly search: string;
    readonly user: string;
    readonly tenant: string;
    readonly device: string;
    readonly client: string;
    readonly state: string;
    readonly states: Readonly<Record<SearchState, string>>;
    readonly sort: string;
    readonly sorts: Readonly<Record<AdminSort, string>>;
    readonly endedAt: string;
    readonly found: string;
    readonly none: string;
    readonly select: string;
    readonly detailsOf: string;
    readonly endSelected: string;
    readonly endAllOf: string;
    readonly confirmSelected: PluralMessage;
    readonly confirmAllOf: string;
    readonly effect: string;
    readonly own: string;
    readonly next: string;
    readonly previous: string;
    readonly first: string;
    readonly policy: string;
    readonly policyIntroduction: string;
    readonly concurrentLogins: string;
    readonly concurrent: Readonly<Record<PreventConcurrentLogin, string>>;
    readonly limits: {
      readonly maxSessionsPerUser: string;
      readonly maxSessionsPerClient: string;
      readonly maxSessionsPerDevice: string;
    };
    readonly limitsHint: string;
    readonly idleTimeout: string;
    readonly idleTimeoutHint: string;
    readonly byOptions: string;
    readonly savePolicy: string;
    readonly facts: {
      readonly id: string;
      readonly kind: string;
      readonly node: string;
      readonly ended: string;
      readonly reason: string;
      readonly endedBy: string;
    };
  };
  /** The page to which the link of a mail about a sign-in leads. */
  readonly notMe: {
    readonly title: string;
    readonly introduction: string;
    /** Shown if the details of the sign-in have been deleted. */
    readonly forgotten: string;
    readonly question: string;
    readonly effect: string;
    readonly button: string;
    readonly wasMe: string;
    readonly done: string;
    readonly ended: string;
    readonly advice: string;
  };
  /** The page on which users choose the sessions to end, if they are signed in too often. */
  readonly choice: {
    readonly title: string;
    readonly introduction: string;
    readonly button: string;
    /** Shown if all sessions have ended in the meantime. */
    readonly none: string;
  };
  readonly history: {
    readonly title: string;
    readonly none: string;
    readonly whole: string;
    readonly older: string;
    readonly newest: string;
    readonly 'signed-in': string;
    readonly woken: string;
    readonly reauthenticated: string;
    readonly 'credential-changed': string;
    readonly 'everything-ended': string;
    readonly failed: PluralMessage;
    readonly wrongSecret: PluralMessage;
    readonly otherAddress: PluralMessage;
    readonly copiedSecret: PluralMessage;
    readonly otherDevice: PluralMessage;
    readonly signals: Readonly<Record<SignalType, PluralMessage>>;
    readonly actor: string;
    readonly before: string;
  };
  /** The reasons for which sessions end, as they appear in lists. */
  readonly reasons: Readonly<Record<EndReason, string>>;
  readonly notices: Readonly<Record<NoticeName, NoticeMessage>>;
  readonly problem: { readonly title: string; readonly back: string; readonly signIn: string };
}
