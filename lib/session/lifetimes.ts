import type { IdentitySession } from './session';
import { NO_DATA } from './session-data';

/** The lifetimes of sessions, in milliseconds. */
export interface Lifetimes {
  /**
   * The idle timeout of sessions. A session that stays signed in hibernates after it; every other session ends, unless a policy
   * sets another `idleTimeout` for these.
   */
  readonly short: number;
  /** The idle timeout of sessions that stay signed in. */
  readonly long: number;
  /**
   * The absolute timeout, counted from the last authentication, or from the sign-in if its time is unknown. Activity does not
   * extend it. `Infinity` means no timeout.
   */
  readonly absolute: number;
  /** True if sessions can hibernate. Without autologin, every session ends after the short lifetime. */
  readonly autologin: boolean;
}

/**
 * The stage of a session.
 * - `active`: it was used within the short lifetime, or within its `idleTimeout`.
 * - `hibernating`: it was not used within the short lifetime. A request of its owner wakes it.
 * - `ended`: it has ended or expired. This is final.
 */
export type Stage = 'active' | 'hibernating' | 'ended';

type Dated = Pick<IdentitySession, 'signedIn' | 'lastAccessed' | 'staySignedIn' | 'endedAt'> &
  Partial<Pick<IdentitySession, 'idleTimeout' | 'authenticatedAt'>>;

/** Returns the stage of the session at `now`. It is computed each time and never stored, so no job has to update it. */
export function stage(session: Dated, lifetimes: Lifetimes, now: number): Stage {
  if (session.endedAt !== null || now - begun(session) >= lifetimes.absolute) return 'ended';
  const idle = now - lastUsed(session);
  if (idle < activeFor(session, lifetimes)) return 'active';
  return hibernates(session, lifetimes) && idle < lifetimes.long ? 'hibernating' : 'ended';
}

/**
 * Returns the time until which the session is active if it is not used again: `stage` returns `active` before it, and not from it
 * on. For an ended session this is `-Infinity`.
 */
export function activeUntil(session: Dated, lifetimes: Lifetimes): number {
  if (session.endedAt !== null) return -Infinity;
  return Math.min(lastUsed(session) + activeFor(session, lifetimes), begun(session) + lifetimes.absolute);
}

/** Returns the session without `data` unless it is active. A store may still hold the data of a hibernating session. */
export function withoutExpiredData(
  session: IdentitySession,
  lifetimes: Lifetimes,
  now: number,
): IdentitySession {
  return stage(session, lifetimes, now) === 'active' ? session : Object.freeze({ ...session, data: NO_DATA });
}

/** Returns the time at which the session ends if it is not used again, in milliseconds since 1970. */
export function expiresAt(session: Dated, lifetimes: Lifetimes): number {
  if (session.endedAt !== null) return session.endedAt;
  const idle = hibernates(session, lifetimes) ? longest(lifetimes) : activeFor(session, lifetimes);
  return Math.min(lastUsed(session) + idle, begun(session) + lifetimes.absolute);
}

/**
 * Points in time from which stores decide which sessions are live, because SQL can compare columns with them. A session
 * is live if it is not marked as ended, was last used after `short` (`long` if it stays signed in) and was authenticated
 * after `absolute`. A live session that stays signed in hibernates unless it was last used after `hibernation`. In milliseconds since
 * 1970. `absolute` is `-Infinity` if there is no absolute timeout.
 */
export interface Cutoffs {
  readonly short: number;
  readonly long: number;
  readonly absolute: number;
  readonly hibernation: number;
}

/**
 * Returns the cutoffs that agree with `stage` at `now`.
 * @param idleTimeout The idle timeout of the policy, if there is one.
 */
export function cutoffs(lifetimes: Lifetimes, now: number, idleTimeout?: number): Cutoffs {
  const { short, absolute, autologin } = lifetimes;
  return {
    short: now - activeFor({ staySignedIn: false, idleTimeout }, lifetimes),
    long: now - (autologin ? longest(lifetimes) : short),
    absolute: now - absolute,
    hibernation: now - short,
  };
}

/** Returns true if the session is live by the cutoffs. For stores without a database. */
export function isLive(session: Dated, { short, long, absolute }: Cutoffs): boolean {
  return (
    session.endedAt === null &&
    begun(session) > absolute &&
    lastUsed(session) > (session.staySignedIn ? long : short)
  );
}

/** Returns the session with the idle timeout of the policy, if there is one and it applies to the session. */
export function withIdleTimeout<T extends Pick<Dated, 'staySignedIn'>>(
  session: T,
  idleTimeout: number | undefined,
): T {
  return idleTimeout === undefined || session.staySignedIn ? session : { ...session, idleTimeout };
}

/** Returns the time without use during which a session stays active. No policy extends it beyond the long lifetime. */
function activeFor(
  {
    staySignedIn,
    idleTimeout,
  }: { readonly staySignedIn: boolean; readonly idleTimeout?: number | null | undefined },
  lifetimes: Lifetimes,
): number {
  if (staySignedIn || idleTimeout === null || idleTimeout === undefined) return lifetimes.short;
  return Math.min(idleTimeout, longest(lifetimes));
}

function longest({ short, long }: Lifetimes): number {
  return Math.max(short, long);
}

function hibernates(session: Dated, lifetimes: Lifetimes): boolean {
  return lifetimes.autologin && session.staySignedIn;
}

/** Returns the time from which the absolute timeout counts. */
function begun({ authenticatedAt, signedIn }: Dated): number {
  return authenticatedAt ?? signedIn;
}

/** Returns the time of the last use. For a session that was never used, this is the sign-in. */
export function lastUsed(session: Pick<Dated, 'signedIn' | 'lastAccessed'>): number {
  return session.lastAccessed ?? session.signedIn;
}
