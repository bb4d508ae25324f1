import type { Health } from '../health';
import type { Lowered } from '../session/assurance';
import type { Cutoffs } from '../session/lifetimes';
import type { Revocation } from '../session/revocation';
import type { SecretChange } from '../session/secret-rotation';
import type { EndedSession, Owner, StoredSession, Use } from '../session/session';
import type { Data } from '../session/session-data';
import type {
  AdministeredStore,
  Admission,
  Crowded,
  End,
  Ending,
  Hibernated,
  Kept,
  ListPage,
  Lowering,
  MaybePromise,
  Policy,
  PolicyPatch,
  Raised,
  Retained,
  Scope,
  Search,
  SearchFilter,
  SessionPatch,
  Touch,
  TouchResult,
} from './store';

/**
 * A store that wraps another one and forwards every call to it. A subclass overrides only the methods that it changes.
 */
export class ForwardingStore implements AdministeredStore {
  constructor(protected readonly inner: AdministeredStore) {}

  insert(session: StoredSession, admission: Admission): Promise<Ending> {
    return this.inner.insert(session, admission);
  }

  find(id: string, moment?: number): MaybePromise<StoredSession | undefined> {
    return this.inner.find(id, moment);
  }

  use(session: StoredSession, use: Use): MaybePromise<StoredSession> {
    return this.inner.use(session, use);
  }

  list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]> {
    return this.inner.list(owner, page);
  }

  read(id: string): Promise<StoredSession | undefined> {
    return this.inner.read(id);
  }

  update(id: string, patch: SessionPatch): Promise<boolean> {
    return this.inner.update(id, patch);
  }

  raiseAssurance(id: string, raised: Raised): Promise<boolean> {
    return this.inner.raiseAssurance(id, raised);
  }

  lowerAssurance(which: Revocation, lowered: Lowered): Promise<Lowering> {
    return this.inner.lowerAssurance(which, lowered);
  }

  changeData(id: string, change: (data: Data) => Data): Promise<boolean> {
    return this.inner.changeData(id, change);
  }

  changeSecret(id: string, change: SecretChange): Promise<boolean> {
    return this.inner.changeSecret(id, change);
  }

  wake(id: string, at: number, idleSince: number): Promise<boolean> {
    return this.inner.wake(id, at, idleSince);
  }

  bind(id: string, key: string): Promise<boolean> {
    return this.inner.bind(id, key);
  }

  confirmBinding(id: string, key: string, at: number): Promise<boolean> {
    return this.inner.confirmBinding(id, key, at);
  }

  touch(touches: readonly Touch[]): MaybePromise<TouchResult> {
    return this.inner.touch(touches);
  }

  changeCredentials(owner: Owner, at: number): Promise<void> {
    return this.inner.changeCredentials(owner, at);
  }

  end(which: Revocation, end: End): Promise<Ending> {
    return this.inner.end(which, end);
  }

  health(): Health {
    return this.inner.health();
  }

  flush(): Promise<void> {
    return this.inner.flush();
  }

  close(timeout: number): Promise<number> {
    return this.inner.close(timeout);
  }

  endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void> {
    return this.inner.endEverything(scope, end);
  }

  search(search: Search): Promise<readonly StoredSession[]> {
    return this.inner.search(search);
  }

  count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    return this.inner.count(filter, cutoffs);
  }

  policy(): MaybePromise<Policy> {
    return this.inner.policy();
  }

  setPolicy(patch: PolicyPatch): Promise<void> {
    return this.inner.setPolicy(patch);
  }

  sweep(retained: Retained, limit: number): Promise<number> {
    return this.inner.sweep(retained, limit);
  }

  crowded(max: number, after?: Owner): Promise<Crowded> {
    return this.inner.crowded(max, after);
  }

  endUnused(owner: Owner, kept: Kept): Promise<readonly EndedSession[]> {
    return this.inner.endUnused(owner, kept);
  }

  erase(owner: Owner, limit: number): Promise<readonly string[]> {
    return this.inner.erase(owner, limit);
  }

  hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    return this.inner.hibernate(cutoffs, limit);
  }
}
