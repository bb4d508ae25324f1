import type { RefusalCode } from './errors';
import type { EndedSession, Owner, SessionReference } from './session/session';
import type { EndReason } from './session/end-reason';
import type { SignalType } from './session/signal';
import { visible } from './session/text';

/**
 * An event that a manager reports to the app, for logs, audits and metrics. Each event is reported once, by the node that
 * caused it. Events contain no secrets. Client ids, auth ids and actors contain no invisible characters, so that they are
 * safe in a log. User and tenant ids are unchanged. `docs/events.md` lists them for apps.
 */
export type SessionEvent =
  /** A session was opened. */
  | {
      readonly type: 'added';
      readonly session: SessionReference;
      /** The user who acts in the session as its owner. Only for an impersonation. */
      readonly actor?: string;
    }
  /** A session was used. Reported for every request that counts as activity. */
  | { readonly type: 'touched'; readonly session: SessionReference }
  /** A request waited for its session, which was not cached. Reported before the request is accepted or refused. */
  | {
      readonly type: 'looked-up';
      /** The time that the request waited, in milliseconds, by a clock that never jumps. */
      readonly milliseconds: number;
    }
  /** Cleanup dropped the data of a session that was not used for `shortLifetime`. */
  | { readonly type: 'hibernated'; readonly session: SessionReference }
  /** Its owner woke a hibernating session. */
  | { readonly type: 'reactivated'; readonly session: SessionReference }
  /** The user of a session was authenticated again. */
  | { readonly type: 'reauthenticated'; readonly session: SessionReference }
  /** A session was ended. Expiry is no event. */
  | {
      readonly type: 'ended';
      readonly session: SessionReference;
      readonly reason: EndReason;
      /** The name of the actor who ended it, as the app passed it, or null. */
      readonly by: string | null;
    }
  | {
      /** An administrator ended all sessions, or all sessions of a tenant. `null` means sessions without a tenant. */
      readonly type: 'everything-ended';
      readonly tenantId?: string | null;
      readonly by: string | null;
    }
  /** A user signed in on a new device. Reported only if the app set `onNewDevice`, which is called too. */
  | { readonly type: 'new-device'; readonly session: SessionReference }
  | {
      /** An owner reported a sign-in as unknown, with a link of `notMeLink`. */
      readonly type: 'not-me';
      readonly owner: Owner;
      /** The session of that sign-in, which has ended. */
      readonly sessionId: string;
    }
  | {
      /** An earlier secret of a session was used, so somebody else has a copy. The session has ended. */
      readonly type: 'secret-reused';
      readonly session: SessionReference;
      /** The IP address of the request, or null if it is unknown. */
      readonly ipAddress: string | null;
      readonly userAgent: string | null;
    }
  | {
      /** Something changed within a session that may be a sign of theft. The fields are those of `Signal`. */
      readonly type: 'signal';
      readonly signal: SignalType;
      readonly session: SessionReference;
      readonly before: string | null;
      readonly after: string | null;
      /** The IP address of the request, or null if it is unknown. */
      readonly ipAddress: string | null;
      readonly userAgent: string | null;
      readonly count: number;
    }
  /** This node completed a cleanup. */
  | {
      readonly type: 'cleaned';
      /** The number of deleted sessions, which had ended or expired long ago. */
      readonly deleted: number;
    }
  /** The manager refused a request or a sign-in, also with `store-unavailable` if the database did not answer. */
  | {
      readonly type: 'refused';
      readonly code: RefusalCode;
      /** The session, if the request had its secret. */
      readonly session?: SessionReference;
      /** The user of a refused sign-in. */
      readonly owner?: Owner;
      /** The IP address of the request, or null if it is unknown. */
      readonly ipAddress: string | null;
    }
  /** An operation failed whose error no response contains. Requests are still answered or refused. */
  | {
      readonly type: 'failed';
      /**
       * - `touches`: last-accessed times could not be written.
       * - `trail`: a failed attempt, a refused request or a signal could not be written to the trail.
       * - `hook`: a hook of the app, such as `onRepeatedFailures`, threw.
       * - `attempts`: the outcome of a sign-in could not be written, so that the account counts one failure too many.
       * - `devices`: the device of a sign-in could not be remembered, so that the next sign-in on it is new.
       * - `changes`: the change log could not be read.
       * - `rows`: the JSON of a session cannot be read, because something else than this package wrote it.
       * - `cleanup`: cleanup stopped; the next run continues.
       * - `hint`: notifications cannot be received or sent. Reported once; `recovered` follows.
       * - `location`: the place of an address could not be found. Reported only for the first address.
       * - `permission`: the app's `isGranted` threw, which grants nothing.
       * - `listener`: a listener of `onEnded` threw; the other listeners were called.
       * - `upgrade`: a WebSocket or a socket of Socket.IO was closed, because the app's code threw while the connection was
       *   opened or refused. An example is a listener of `connection`.
       * - `readiness`: `readyz` could not read from the database. Reported once, until a check succeeds.
       */
      readonly task:
        | 'touches'
        | 'trail'
        | 'hook'
        | 'attempts'
        | 'devices'
        | 'changes'
        | 'rows'
        | 'cleanup'
        | 'hint'
        | 'location'
        | 'permission'
        | 'listener'
        | 'upgrade'
        | 'readiness';
      readonly error: unknown;
    }
  /** Notifications are received and sent again. */
  | { readonly type: 'recovered'; readonly task: 'hint' };

/** Receives events. If it throws or its promise rejects, the error is only logged for debugging. */
export type Report = (event: SessionEvent) => void;

/** Reports one `ended` event for each session. */
export function reportEnded(report: Report, ended: readonly EndedSession[]): void {
  for (const { endReason: reason, endedBy: by, ...session } of ended) {
    report({ type: 'ended', session, reason, by });
  }
}

/**
 * Returns the event without invisible characters in texts that clients may have chosen. Most events have none and are returned
 * unchanged, because every request is reported.
 */
export function withVisibleText(event: SessionEvent): SessionEvent {
  const { session, by, actor, userAgent, before, after } = event as VisibleParts;
  if ([session?.clientId, session?.authId, by, actor, userAgent, before, after].every(isVisible))
    return event;
  return {
    ...event,
    ...(session && {
      session: { ...session, clientId: visible(session.clientId), authId: visible(session.authId) },
    }),
    ...(by && { by: visible(by) }),
    ...(actor && { actor: visible(actor) }),
    ...(userAgent && { userAgent: visible(userAgent) }),
    ...(before && { before: visible(before) }),
    ...(after && { after: visible(after) }),
  };
}

/** The parts of events that contain texts of clients. */
interface VisibleParts {
  readonly session?: SessionReference;
  readonly by?: string | null;
  readonly actor?: string;
  readonly userAgent?: string | null;
  readonly before?: string | null;
  readonly after?: string | null;
}

function isVisible(text: string | null | undefined): boolean {
  return !text || visible(text) === text;
}

/**
 * Calls a function of the app without waiting for its result. If it throws or its promise rejects, `failed` receives the
 * error, because an unhandled rejection would end the process.
 */
export function unawaited(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = call();
    // Also accepts thenables of other libraries. A function without a promise costs no microtask.
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function') {
      Promise.resolve(result).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}
