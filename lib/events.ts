import type { RefusalCode } from './errors';
import type { EndedSession, Owner, SessionReference } from './session/session';
import type { EndReason } from './session/end-reason';

/**
 * What a manager tells the app of, beside its answers: for logs, audits and figures. Each thing is told once, by the node
 * that did it. Secrets are never in it.
 */
export type SessionEvent =
  /** A session was opened. */
  | { readonly type: 'added'; readonly session: SessionReference }
  /** A session was used: told for every request that counts as use. */
  | { readonly type: 'touched'; readonly session: SessionReference }
  /** A session that was not used for the short lifetime has lost its data; cleanup tells it when it drops that. */
  | { readonly type: 'hibernated'; readonly session: SessionReference }
  /** A session that hibernated was woken by its owner. */
  | { readonly type: 'reactivated'; readonly session: SessionReference }
  /** A session was ended; one that merely expires makes no event. */
  | {
      readonly type: 'ended';
      readonly session: SessionReference;
      readonly reason: EndReason;
      /** Who ended it, in the app's words, or null. */
      readonly by: string | null;
    }
  | {
      /** An administrator ended all sessions, or all of a tenant (`null`: of those without one). */
      readonly type: 'everything-ended';
      readonly tenantId?: string | null;
      readonly by: string | null;
    }
  /** A request or a sign-in was turned down by the manager. */
  | {
      readonly type: 'refused';
      readonly code: RefusalCode;
      /** The session, when the request proved that it is its own. */
      readonly session?: SessionReference;
      /** Who wanted to sign in. */
      readonly owner?: Owner;
      /** Where the request came from, or null when nobody knows. */
      readonly ipAddress: string | null;
    }
  /** Something failed that no answer tells of. Requests are answered all the same, or refused. */
  | {
      readonly type: 'failed';
      /**
       * `touches`: last-accessed times could not be written. `changes`: the log of changes could not be read. `cleanup`:
       * the rest is left for the next time. `hint`: notices that hurry the reading of changes do not come or cannot be
       * sent, which is told once until they do again. `permission`: the app's `isGranted` threw, and so granted nothing.
       * `listener`: a listener of `onEnded` threw; the others were told all the same. `upgrade`: a WebSocket was cut, because
       * the app's own code threw while it was opened or refused, such as a listener of `connection`.
       */
      readonly task: 'touches' | 'changes' | 'cleanup' | 'hint' | 'permission' | 'listener' | 'upgrade';
      readonly error: unknown;
    }
  /** Notices come and are sent again. */
  | { readonly type: 'recovered'; readonly task: 'hint' };

/** Where events go. What it throws, or its promise rejects with, is ignored. */
export type Report = (event: SessionEvent) => void;

/** Tells of sessions that an act has ended. */
export function reportEnded(report: Report, ended: readonly EndedSession[]): void {
  for (const { endReason: reason, endedBy: by, ...session } of ended) {
    report({ type: 'ended', session, reason, by });
  }
}

/**
 * Calls what belongs to the app and nobody waits for. What it throws, or its promise rejects with, goes to `failed`: an
 * error or a rejection that nobody takes would end the process.
 */
export function unawaited(call: () => unknown, failed: (error: unknown) => void): void {
  // Within an async function what is thrown is a rejection too. An app's promise may be one of another library.
  (async () => {
    await call();
  })().catch(failed);
}
