import type { Settings } from '../options/settings';
import { ownerKey, type Owner } from '../session/session';
import { unawaited } from '../events';
import type { SessionPage } from './administration';

/**
 * Called with the first page of an owner's sessions, each time it was read. Errors that it throws, or that its promise rejects
 * with, are reported.
 */
export type SessionsListener = (page: SessionPage) => void | Promise<void>;

/** The interval at which the sessions of watched owners are read, in milliseconds. Uses and sign-ins on other nodes appear then. */
export const LIST_EVERY = 5000;

interface WatchedOwner {
  readonly owner: Owner;
  readonly listeners: Set<SessionsListener>;
  /** The ids on the page that was read last. */
  ids: ReadonlySet<string>;
  reading: boolean;
  /** True if something changed while the page was read. */
  again: boolean;
}

/**
 * Watches the lists of sessions that open pages show. A list is read when the change log names one of its sessions, when its
 * owner signs in on this node, and every five seconds. Pages of the same owner share the reads.
 */
export class OwnerWatch {
  readonly #list: (owner: Owner) => Promise<SessionPage>;
  readonly #settings: Settings;
  readonly #watched = new Map<string, WatchedOwner>();
  #cancelNext: (() => void) | undefined;
  #closed = false;

  constructor(list: (owner: Owner) => Promise<SessionPage>, settings: Settings) {
    this.#list = list;
    this.#settings = settings;
  }

  /** Starts to watch the sessions of an owner, reads them, and returns a function that stops. */
  add(owner: Owner, listener: SessionsListener): () => void {
    const key = ownerKey(owner);
    const watched = this.#watched.get(key) ?? {
      owner,
      listeners: new Set(),
      ids: new Set(),
      reading: false,
      again: false,
    };
    if (this.#closed) return () => undefined;
    watched.listeners.add(listener);
    this.#watched.set(key, watched);
    this.#look(watched);
    this.#schedule();
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0) this.#watched.delete(key);
    };
  }

  /** Reads the lists that contain one of these sessions, or all lists. */
  look(sessionIds?: readonly string[]): void {
    for (const watched of this.#watched.values()) {
      if (sessionIds === undefined || sessionIds.some((id) => watched.ids.has(id))) this.#look(watched);
    }
  }

  /** Reads the list of the owner, if a page shows it. */
  lookAt(owner: Owner): void {
    const watched = this.#watched.get(ownerKey(owner));
    if (watched !== undefined) this.#look(watched);
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext?.();
    this.#watched.clear();
  }

  /** Starts the timer. It runs only while lists are watched. */
  #schedule(): void {
    this.#cancelNext ??= this.#settings.clock.after(LIST_EVERY, () => {
      this.#cancelNext = undefined;
      this.look();
      if (this.#watched.size > 0) this.#schedule();
    });
  }

  #look(watched: WatchedOwner): void {
    if (watched.reading) watched.again = true;
    else void this.#read(watched);
  }

  async #read(watched: WatchedOwner): Promise<void> {
    watched.reading = true;
    watched.again = false;
    try {
      const page = await this.#list(watched.owner);
      watched.ids = new Set(page.sessions.map(({ sessionId }) => sessionId));
      this.#tell(watched, page);
    } catch {
      // The next read may succeed. If the sessions cannot be read for longer, the streams are closed by their own watch.
    } finally {
      watched.reading = false;
    }
    if (watched.again && watched.listeners.size > 0) void this.#read(watched);
  }

  #tell({ listeners }: WatchedOwner, page: SessionPage): void {
    for (const listener of listeners) {
      unawaited(
        () => listener(page),
        (error) => this.#settings.report({ type: 'failed', task: 'listener', error }),
      );
    }
  }
}
