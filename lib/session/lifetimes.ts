import type { IdentitySession } from './session';

/** How long sessions live, in milliseconds. */
export interface Lifetimes {
  /** The idle timeout of every session; those that stay signed in hibernate after it. */
  readonly short: number;
  /** The idle timeout of sessions that stay signed in. */
  readonly long: number;
  /** The absolute timeout, counted from the sign-in, which no activity moves. `Infinity` for none. */
  readonly absolute: number;
  /** Whether sessions can hibernate at all: without autologin the short lifetime ends all of them. */
  readonly autologin: boolean;
}

/**
 * - `active`: used within the short lifetime.
 * - `hibernating`: not used for longer, and still to be woken by its owner.
 * - `ended`: nothing brings it back.
 */
export type Stage = 'active' | 'hibernating' | 'ended';

type Dated = Pick<IdentitySession, 'signedIn' | 'lastAccessed' | 'staySignedIn' | 'endedAt'>;

/** Where the session stands in its life. Judged anew each time, never stored: no job moves sessions between stages. */
export function stage(session: Dated, lifetimes: Lifetimes, now: number): Stage {
  if (session.endedAt !== null || now - session.signedIn >= lifetimes.absolute) return 'ended';
  const idle = now - lastUsed(session);
  if (idle < lifetimes.short) return 'active';
  return hibernates(session, lifetimes) && idle < lifetimes.long ? 'hibernating' : 'ended';
}

/** The session as it is at a time: one that hibernates has no data any more, though a store may still hold some. */
export function withoutExpiredData(
  session: IdentitySession,
  lifetimes: Lifetimes,
  now: number,
): IdentitySession {
  return stage(session, lifetimes, now) === 'active' ? session : { ...session, data: {} };
}

/** When the session will have ended if nobody uses it any more, in milliseconds since 1970. */
export function expiresAt(session: Dated, lifetimes: Lifetimes): number {
  if (session.endedAt !== null) return session.endedAt;
  const idle = hibernates(session, lifetimes) ? Math.max(lifetimes.long, lifetimes.short) : lifetimes.short;
  return Math.min(lastUsed(session) + idle, session.signedIn + lifetimes.absolute);
}

/**
 * The points in time by which stores judge which sessions are live, as SQL can compare columns with nothing else: those that
 * are not marked as ended, were last used after `short` (after `long` if they stay signed in) and signed in after `absolute`.
 * All in milliseconds since 1970; `absolute` is `-Infinity` where there is no absolute timeout.
 */
export interface Cutoffs {
  readonly short: number;
  readonly long: number;
  readonly absolute: number;
}

export function cutoffs(lifetimes: Lifetimes, now: number): Cutoffs {
  const longest = lifetimes.autologin ? Math.max(lifetimes.long, lifetimes.short) : lifetimes.short;
  return { short: now - lifetimes.short, long: now - longest, absolute: now - lifetimes.absolute };
}

/** The judgement of `Cutoffs`, for stores that are no database. */
export function isLive(session: Dated, { short, long, absolute }: Cutoffs): boolean {
  return (
    session.endedAt === null &&
    session.signedIn > absolute &&
    lastUsed(session) > (session.staySignedIn ? long : short)
  );
}

function hibernates(session: Dated, lifetimes: Lifetimes): boolean {
  return lifetimes.autologin && session.staySignedIn;
}

/** A session that was never used yet counts from its sign-in. */
export function lastUsed(session: Pick<Dated, 'signedIn' | 'lastAccessed'>): number {
  return session.lastAccessed ?? session.signedIn;
}
