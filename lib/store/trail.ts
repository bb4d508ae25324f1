import { ownerKey, type Owner } from '../session/session';
import type { SignalType } from '../session/signal';
import type { RefusedReason, TrailEntry } from '../session/trail-entry';

/**
 * The trail: what happened to users' sessions. In a database, entries about sessions are written together with the act, by
 * triggers and by the statements of the store. The others are written by `note`.
 */
export interface Trail {
  /** Returns entries, newest first. */
  list(page: TrailQuery): Promise<readonly TrailEntry[]>;
  /**
   * Counts failed attempts or refusals, and writes an entry if their number within the hour reaches one of `LISTED_COUNTS`.
   * Returns that number. Writes nothing for a refusal of a session that does not exist, and then returns 0.
   */
  note(failure: NotedFailure, at: number): Promise<number>;
  /**
   * Remembers a change within a session with the session, and counts and lists it as `note` does. Returns the number of changes of its
   * type within the hour. Returns 0 and writes nothing if the change is remembered already, or the session does not exist. Of parallel
   * calls with one change, on all nodes, only one gets a number.
   */
  observe(change: ObservedChange, at: number): Promise<number>;
  /** Forgets changes of a session, so that they are noticed again. */
  forget(sessionId: string, keys: readonly string[]): Promise<void>;
  /** Deletes at most `limit` old entries and as many old counters. Returns the number of deleted rows. */
  prune(retained: RetainedTrail, limit: number): Promise<number>;
  /** Deletes at most `limit` entries and all counts of the owner. Returns the number of deleted entries. */
  erase(owner: Owner, limit: number): Promise<number>;
}

export interface TrailQuery {
  /** Only the entries of this owner, and those about everything that concern the owner. Default: all entries. */
  readonly owner?: Owner | undefined;
  readonly take: number;
  /** Only entries with a lower id. */
  readonly before?: string | undefined;
}

/** The entries and counters that `prune` keeps. */
export interface RetainedTrail {
  /** Keeps entries after this time. */
  readonly before: number;
  /** Keeps counters that began after this time. */
  readonly countedBefore: number;
}

/** An attempt or a request that failed. */
export type NotedFailure = FailedSignIn | RefusedRequest;

export interface FailedSignIn {
  readonly event: 'sign-in-failed';
  /** The user whom the app found by the name, if any. */
  readonly owner?: Owner | undefined;
  readonly nameHash: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

export interface RefusedRequest {
  readonly event: 'refused';
  readonly sessionId: string;
  readonly reason: RefusedReason;
  readonly ipAddress: string | null;
  /** The user agent of the last request. Default: that of the session. */
  readonly userAgent?: string | null;
  /** The number of requests. */
  readonly times: number;
}

/** A change within a session, as `Signal` has it. */
export interface ObservedChange {
  readonly sessionId: string;
  readonly type: SignalType;
  /** A text that is equal for equal changes. */
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/** The number of changes that are remembered with a session. Beyond it, the oldest is forgotten. */
export const MOST_REMEMBERED = 64;

/** The time after which counting starts again, in milliseconds. */
export const COUNTED_FOR = 3_600_000;

/** The counts that are listed. A flood is counted, and leaves few entries. */
export const LISTED_COUNTS: readonly number[] = [1, 2, 3, 4, 5, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** The number of counters of failed attempts without an owner. Typed names are spread over them. */
const SHARDS = 16;

/** Returns the name of the counter of a failure. Failed attempts without an owner share few counters, whatever was typed. */
export function counterOf(failure: NotedFailure): string {
  if (failure.event === 'refused') return `refused ${failure.reason} ${failure.sessionId}`;
  const { owner, nameHash } = failure;
  if (owner !== undefined) return failuresOf(owner);
  return `unknown ${nameHash === null ? '' : parseInt(nameHash.slice(0, 2), 16) % SHARDS}`;
}

/** Returns the name of the counter of a session's changes of one type. */
export function changesOf({ sessionId, type }: Pick<ObservedChange, 'sessionId' | 'type'>): string {
  return `signal ${type} ${sessionId}`;
}

/** Returns the name of the counter of an owner's failed attempts. */
export function failuresOf(owner: Owner): string {
  return `failed ${ownerKey(owner)}`;
}
