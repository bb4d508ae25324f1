import { plainRefusal, type SessionError } from '../errors';
import { stage } from '../session/lifetimes';
import type { StoredSession } from '../session/session';
import type { Settings } from '../options/settings';
import type { SessionStore } from '../store/store';
import { unawaited } from '../events';

/**
 * Called once, with the error that requests of the session get from now on. Errors that it throws, or that its promise
 * rejects with, are reported.
 */
export type EndedListener = (refusal: SessionError) => void;

/** The interval at which every watched session is checked, in milliseconds. The cache answers, so it costs no query. */
export const LOOK_EVERY = 250;

/** After this number of checks without an answer, the session counts as unavailable. */
export const UNANSWERED_LOOKS_LIMIT = 4;

interface Watched {
  readonly listeners: Set<EndedListener>;
  looking: boolean;
  /** The number of checks in a row without an answer. Not a time: a process that was paused has checked nothing. */
  unanswered: number;
}

/**
 * Watches the sessions that open connections, such as streams, belong to. No request arrives that could be refused, so each
 * session is checked repeatedly, and immediately when the change log names it. If its state cannot be read, the session
 * counts as ended: streams fail closed, as requests do.
 */
export class SessionWatch {
  readonly #store: SessionStore;
  readonly #settings: Settings;
  readonly #watched = new Map<string | undefined, Watched>();
  #cancelNext: (() => void) | undefined;
  #closed = false;

  constructor(store: SessionStore, settings: Settings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** Starts to watch a session and returns a function that stops. An undefined id counts as a session that has ended. */
  add(sessionId: string | undefined, listener: EndedListener): () => void {
    const watched = this.#watched.get(sessionId) ?? { listeners: new Set(), looking: false, unanswered: 0 };
    watched.listeners.add(listener);
    this.#watched.set(sessionId, watched);
    if (this.#closed) {
      this.#tell(sessionId, watched, unanswerable());
    } else {
      this.look([sessionId]);
      this.#schedule();
    }
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.#watched.get(sessionId) === watched) {
        this.#watched.delete(sessionId);
      }
    };
  }

  /** Checks those of the sessions that are watched. */
  look(sessionIds: Iterable<string | undefined> = this.#watched.keys()): void {
    for (const id of sessionIds) {
      const watched = this.#watched.get(id);
      if (watched !== undefined) void this.#look(id, watched);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext?.();
    this.#watched.clear();
  }

  /** Starts the timer. It runs only while sessions are watched. */
  #schedule(): void {
    this.#cancelNext ??= this.#settings.clock.after(LOOK_EVERY, () => {
      this.#cancelNext = undefined;
      this.#giveUp();
      this.look();
      if (this.#watched.size > 0) this.#schedule();
    });
  }

  async #look(id: string | undefined, watched: Watched): Promise<void> {
    if (watched.looking) return;
    watched.looking = true;
    try {
      const found = id === undefined ? undefined : this.#store.find(id);
      const refusal = this.#judged(found instanceof Promise ? await found : found);
      watched.unanswered = 0;
      if (refusal !== undefined) this.#tell(id, watched, refusal);
    } catch {
      // The store may be back in a moment, so the next checks decide.
      watched.unanswered++;
    } finally {
      watched.looking = false;
    }
  }

  #judged(session: StoredSession | undefined): SessionError | undefined {
    const { lifetimes, clock } = this.#settings;
    if (session === undefined || session.endedAt !== null) {
      return plainRefusal('session-ended', { endReason: session?.endReason ?? undefined });
    }
    if (stage(session, lifetimes, clock.now()) !== 'ended') return undefined;
    return plainRefusal('session-expired');
  }

  #giveUp(): void {
    for (const [id, watched] of this.#watched) {
      if (watched.looking) watched.unanswered++;
      if (watched.unanswered < UNANSWERED_LOOKS_LIMIT) continue;
      this.#tell(id, watched, unanswerable());
    }
  }

  /** A listener that throws must not keep the others from being called: each may have to close a stream. */
  #tell(id: string | undefined, watched: Watched, refusal: SessionError): void {
    if (this.#watched.get(id) !== watched) return;
    this.#watched.delete(id);
    for (const listener of watched.listeners) {
      unawaited(
        () => listener(refusal),
        (error) => this.#settings.report({ type: 'failed', task: 'listener', error }),
      );
    }
  }
}

function unanswerable(): SessionError {
  return plainRefusal('store-unavailable', { retryAfter: 1 });
}
