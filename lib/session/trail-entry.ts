import type { EndReason } from './end-reason';
import type { Owner } from './session';
import type { SignalType } from './signal';

/** The kind of an entry of the trail. */
export type TrailEvent = (typeof TRAIL_EVENTS)[number];

export const TRAIL_EVENTS = [
  /** A session was opened. */
  'signed-in',
  /** A session was ended. A session that expires leaves no entry. */
  'ended',
  /** Its owner woke a hibernating session. */
  'woken',
  /** The user of a session was authenticated again. */
  'reauthenticated',
  /** The app reported a failed attempt to sign in. */
  'sign-in-failed',
  /**
   * A request for a live session was refused because it had a wrong secret or one of which a copy exists, or came from an address
   * that is not allowed.
   */
  'refused',
  /** The address, the country, the program or the device of a session changed, or the secret of an ended session was used. */
  'signal',
  /** The password or another credential changed. */
  'credential-changed',
  /** An administrator ended all sessions, or all sessions of a tenant. */
  'everything-ended',
] as const;

/** The reason of a `refused` entry. */
export type RefusedReason = 'wrong-secret' | 'ip-changed' | 'binding-required' | 'secret-reused';

/** One entry of the trail: an act that concerned a user's sessions. Entries never change. */
export interface TrailEntry {
  /** The id of the entry. Later entries have higher ids. */
  readonly id: string;
  /** The time of the act, in milliseconds since 1970. */
  readonly at: number;
  readonly event: TrailEvent;
  /** The user's id. Null for a failed attempt without an owner, and for `everything-ended`. */
  readonly userId: string | null;
  readonly tenantId: string | null;
  readonly sessionId: string | null;
  /** The reason of an `ended` or a `refused` entry, or the type of a signal. */
  readonly reason: EndReason | RefusedReason | SignalType | null;
  /** The actor in the app's words, or the user who acts in the session as its owner. Null if the owner acted. */
  readonly actor: string | null;
  readonly clientId: string | null;
  /** The kind of the device, as in the session. */
  readonly device: string | null;
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  /** The values before and after the change, as in `Signal`. Null for other events. */
  readonly before: string | null;
  readonly after: string | null;
  /** The keyed hash of the name that was typed in a failed attempt, as 64 hexadecimal digits. Equal names have equal hashes. */
  readonly nameHash: string | null;
  /**
   * The number of acts of this kind within the hour so far. Above 1 only for `sign-in-failed`, `refused` and `signal`, of which the first
   * five have an entry each, and then the 10th, the 100th, and so on.
   */
  readonly count: number;
}

/** Repeated failed attempts to sign in as one user. */
export interface RepeatedFailures {
  readonly owner: Owner;
  /** The number of failed attempts within an hour. */
  readonly count: number;
  /** The address of the last attempt, or null if it is unknown. */
  readonly ipAddress: string | null;
}

/** Tells the user about repeated failures, for example by mail. */
export type OnRepeatedFailures = (failures: RepeatedFailures) => unknown;

/** The number of failed attempts within an hour at which `onRepeatedFailures` is called. */
export const REPEATED = 5;
