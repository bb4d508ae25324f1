import { plainRefusal } from '../errors';
import type { Health } from '../health';
import { afterLowering, assuranceOf, type Assurance, type Lowered } from '../session/assurance';
import { isLive, lastUsed, withIdleTimeout, type Cutoffs } from '../session/lifetimes';
import { inOrder, NEWEST_FIRST } from '../session/order';
import { covers, type Revocation } from '../session/revocation';
import { changedSecret, type SecretChange } from '../session/secret-rotation';
import {
  afterUse,
  ownerKey,
  referenceTo,
  sameOwner,
  type EndedSession,
  type Owner,
  type StoredSession,
  type Use,
} from '../session/session';
import { NO_DATA, type Data } from '../session/session-data';
import {
  authIdTaken,
  limitReached,
  sessionIdTaken,
  type Admission,
  type Crowded,
  type End,
  type Ending,
  type Policy,
  type PolicyPatch,
  type ProtocolSettings,
  type Hibernated,
  type Kept,
  type ListPage,
  type Lowering,
  type Raised,
  type Retained,
  type Scope,
  type Search,
  type SearchFilter,
  type SessionPatch,
  type AdministeredStore,
  type Touch,
  type TouchResult,
} from './store';
import { countsWith, type SessionLimit } from '../session/sign-in-rules';

/**
 * Returns a store in this process's memory, for tests and first experiments. Sessions end with the process, and other
 * nodes cannot see them.
 */
export function memory(): AdministeredStore {
  return new MemoryStore();
}

class MemoryStore implements AdministeredStore {
  readonly #sessions = new Map<string, StoredSession>();
  /** The latest `endEverything` of each tenant. The key `undefined` holds that of all sessions. */
  readonly #epochs = new Map<Scope['tenantId'], End>();
  /** The latest `changeCredentials` of each owner. */
  readonly #credentialChanges = new Map<string, number>();
  #policy: Policy = {};

  async insert(session: StoredSession, admission: Admission): Promise<Ending> {
    if (this.#sessions.has(session.sessionId)) throw sessionIdTaken();
    const { credentialsCheckedAt = session.signedIn } = admission;
    this.#checkCredentials(session, credentialsCheckedAt);
    const ending = new Map<string, End>();
    for (const { which, end } of admission.displaces) {
      for (const { sessionId } of this.#covered(which)) ending.set(sessionId, end);
    }
    for (const limit of admission.limits ?? []) {
      for (const { sessionId } of this.#overLimit(session, limit, admission.cutoffs, ending)) {
        ending.set(sessionId, { at: session.signedIn, reason: 'displaced', by: null });
      }
    }
    this.#checkAuthId(session, admission.cutoffs, ending);
    const ended = Array.from(ending, ([id, end]) => this.#mark(id, end));
    this.#sessions.set(session.sessionId, session);
    this.#endWithEverything(session);
    return { ended, more: false };
  }

  find(id: string): StoredSession | undefined {
    const session = this.#sessions.get(id);
    return session && this.#underPolicy(session);
  }

  use(session: StoredSession, use: Use): StoredSession {
    this.touch([{ id: session.sessionId, ...use }]);
    return afterUse(session, use);
  }

  async list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]> {
    const { cutoffs, exceptClients, take, after } = page;
    return this.#ownedBy(owner)
      .filter((session) => isLive(session, cutoffs) && !isOf(exceptClients, session))
      .sort(BY_SIGN_IN)
      .filter((session) => after === undefined || BY_SIGN_IN(session, after as StoredSession) > 0)
      .slice(0, take)
      .map((session) => this.#underPolicy(session));
  }

  async read(id: string): Promise<StoredSession | undefined> {
    return this.find(id);
  }

  async update(id: string, patch: SessionPatch): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || session.endedAt !== null) return false;
    const protocolData = Object.freeze({ ...session.protocolData, ...patch.protocolData });
    this.#sessions.set(id, { ...session, ...patch, protocolData });
    return true;
  }

  async raiseAssurance(id: string, raised: Raised): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || session.endedAt !== null) return false;
    this.#checkCredentials(session, raised.credentialsCheckedAt);
    this.#sessions.set(id, { ...session, ...assuranceOf(raised) });
    return true;
  }

  async lowerAssurance(which: Revocation, lowered: Lowered): Promise<Lowering> {
    const ids: string[] = [];
    for (const session of this.#covered(which)) {
      const { earlierAssurance } = session;
      const assurance = afterLowering(session, lowered);
      const earlier = earlierAssurance && afterLowering(earlierAssurance as unknown as Assurance, lowered);
      if (!assurance && !earlier) continue;
      const changed = { ...assurance, ...(earlier && { earlierAssurance: { ...earlier } }) };
      this.#sessions.set(session.sessionId, { ...session, ...changed });
      ids.push(session.sessionId);
    }
    return { ids, more: false };
  }

  async changeData(id: string, change: (data: Data) => Data): Promise<boolean> {
    const session = this.#sessions.get(id);
    return (
      session !== undefined && session.endedAt === null && this.update(id, { data: change(session.data) })
    );
  }

  async changeSecret(id: string, change: SecretChange): Promise<boolean> {
    const session = this.#sessions.get(id);
    const changed = session?.endedAt === null ? changedSecret(session, change) : undefined;
    if (changed !== undefined) this.#sessions.set(id, changed);
    return changed !== undefined;
  }

  async wake(id: string, at: number, idleSince: number): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || session.endedAt !== null || lastUsed(session) > idleSince) return false;
    this.#sessions.set(id, { ...session, data: NO_DATA, lastAccessed: at });
    return true;
  }

  async bind(id: string, boundKey: string): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || session.endedAt !== null || session.boundAt !== null) return false;
    this.#sessions.set(id, { ...session, boundKey });
    return true;
  }

  async confirmBinding(id: string, key: string, boundAt: number): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session?.endedAt !== null || session.boundAt !== null || session.boundKey !== key) return false;
    this.#sessions.set(id, { ...session, boundAt });
    return true;
  }

  touch(touches: readonly Touch[]): TouchResult {
    const ended: string[] = [];
    for (const touch of touches) {
      const session = this.#sessions.get(touch.id);
      if (session === undefined || session.endedAt !== null) ended.push(touch.id);
      else this.#sessions.set(touch.id, afterUse(session, touch));
    }
    return { ended, skipped: [] };
  }

  async end(which: Revocation, end: End): Promise<Ending> {
    return { ended: this.#covered(which).map(({ sessionId }) => this.#mark(sessionId, end)), more: false };
  }

  async changeCredentials(owner: Owner, at: number): Promise<void> {
    const key = ownerKey(owner);
    this.#credentialChanges.set(key, Math.max(at, this.#credentialChanges.get(key) ?? at));
  }

  async endEverything({ tenantId }: Scope, { at, by }: Omit<End, 'reason'>): Promise<void> {
    if (at <= (this.#epochs.get(tenantId)?.at ?? -Infinity)) return;
    this.#epochs.set(tenantId, { at, reason: 'administrator', by });
    for (const session of this.#sessions.values()) this.#endWithEverything(session);
  }

  async search({ filter, cutoffs, order, skip, take, after }: Search): Promise<readonly StoredSession[]> {
    const compare = inOrder(order);
    return this.#filtered(filter, cutoffs)
      .sort(compare)
      .filter((session) => after === undefined || compare(session, after as StoredSession) > 0)
      .slice(skip, skip + take)
      .map((session) => this.#underPolicy(session));
  }

  async count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    return this.#filtered(filter, cutoffs).length;
  }

  policy(): Policy {
    return this.#policy;
  }

  async setPolicy(patch: PolicyPatch): Promise<void> {
    const { protocols, ...settings } = { ...this.#policy, ...patch };
    const stored = withoutNull({ ...this.#policy.protocols, ...protocols });
    this.#policy = {
      ...withoutNull(settings),
      ...(Object.keys(stored).length > 0 && { protocols: stored as ProtocolSettings }),
    };
  }

  async sweep({ endedAfter, cutoffs }: Retained, limit: number): Promise<number> {
    let swept = 0;
    for (const [id, session] of this.#sessions) {
      if (swept === limit) break;
      const retained = session.endedAt === null ? isLive(session, cutoffs) : session.endedAt > endedAfter;
      if (!retained && this.#sessions.delete(id)) swept++;
    }
    return swept;
  }

  async crowded(max: number): Promise<Crowded> {
    const owners = new Map<string, { readonly owner: Owner; sessions: number }>();
    for (const { tenantId, userId, endedAt } of this.#sessions.values()) {
      if (endedAt !== null) continue;
      const owner = { tenantId, userId };
      const key = ownerKey(owner);
      const one = owners.get(key) ?? { owner, sessions: 0 };
      one.sessions++;
      owners.set(key, one);
    }
    const crowded = [...owners.values()].filter(({ sessions }) => sessions > max);
    return { owners: crowded.map(({ owner }) => owner) };
  }

  async endUnused(owner: Owner, { max, cutoffs, at }: Kept): Promise<readonly EndedSession[]> {
    const isKept = (session: StoredSession) => Number(isLive(session, cutoffs));
    return this.#ownedBy(owner)
      .sort((one, other) => isKept(other) - isKept(one) || LAST_USED_FIRST(one, other))
      .slice(max)
      .map((session) => {
        const reason = isLive(session, cutoffs) ? 'displaced' : 'expired';
        return this.#mark(session.sessionId, { at, reason, by: null });
      });
  }

  async erase(owner: Owner, limit: number): Promise<readonly string[]> {
    const own = [...this.#sessions.values()].filter((session) => sameOwner(owner, session)).slice(0, limit);
    for (const { sessionId } of own) this.#sessions.delete(sessionId);
    return own.map(({ sessionId }) => sessionId);
  }

  async hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    const idle = [...this.#sessions.values()].filter(
      (session) =>
        session.endedAt === null &&
        Object.keys(session.data).length > 0 &&
        lastUsed(session) <= (session.staySignedIn ? cutoffs.hibernation : cutoffs.short),
    );
    const dropped = idle.slice(0, limit);
    for (const session of dropped) this.#sessions.set(session.sessionId, { ...session, data: NO_DATA });
    const sessions = dropped.filter((session) => isLive(session, cutoffs)).map(referenceTo);
    return { dropped: dropped.length, sessions };
  }

  health(): Health {
    return {};
  }

  async flush(): Promise<void> {
    // Nothing waits here.
  }

  async close(): Promise<number> {
    // Keeps the sessions: another manager may use the same store.
    return 0;
  }

  #checkCredentials(owner: Owner, checkedAt: number): void {
    if (checkedAt >= (this.#credentialChanges.get(ownerKey(owner)) ?? -Infinity)) return;
    throw plainRefusal('credential-changed');
  }

  #underPolicy(session: StoredSession): StoredSession {
    return withIdleTimeout(session, this.#policy.idleTimeout);
  }

  #covered(which: Revocation): StoredSession[] {
    return this.#ownedBy(which.owner).filter((session) => covers(which, session));
  }

  #filtered(filter: SearchFilter, cutoffs: Cutoffs): StoredSession[] {
    const { state = 'live', tenantId, userId, device, clientId, node, exceptClients = [] } = filter;
    return [...this.#sessions.values()].filter(
      (session) =>
        (state === 'any' || isLive(session, cutoffs) === (state === 'live')) &&
        (tenantId === undefined || session.tenantId === tenantId) &&
        (userId === undefined || session.userId === userId) &&
        (device === undefined || session.device === device) &&
        (clientId === undefined || session.clientId === clientId) &&
        (node === undefined || session.node === node) &&
        !isOf(exceptClients, session),
    );
  }

  /** Returns the owner's sessions that are not marked as ended. */
  #ownedBy(owner: Owner): StoredSession[] {
    return [...this.#sessions.values()].filter(
      (session) => session.endedAt === null && sameOwner(owner, session),
    );
  }

  #overLimit(
    added: StoredSession,
    limit: SessionLimit,
    cutoffs: Cutoffs,
    ending: ReadonlyMap<string, End>,
  ): StoredSession[] {
    const counted = this.#ownedBy(added).filter(
      (session) =>
        isLive(session, cutoffs) && !ending.has(session.sessionId) && countsWith(session, added, limit.per),
    );
    const tooMany = counted.sort(BY_SIGN_IN).slice(limit.max - 1);
    if (tooMany.length > 0 && limit.onLimit !== 'endOldest') throw limitReached(limit);
    return tooMany;
  }

  #checkAuthId(added: StoredSession, cutoffs: Cutoffs, ending: ReadonlyMap<string, End>): void {
    if (added.authId === null) return;
    for (const session of this.#ownedBy(added)) {
      const taken =
        session.authId === added.authId && isLive(session, cutoffs) && !ending.has(session.sessionId);
      if (taken) throw authIdTaken();
    }
  }

  #endWithEverything({ sessionId, tenantId, signedIn, endedAt }: StoredSession): void {
    if (endedAt !== null) return;
    const [epoch] = [this.#epochs.get(undefined), this.#epochs.get(tenantId)]
      .filter((end) => end !== undefined)
      .filter((end) => end.at >= signedIn)
      .sort((one, other) => one.at - other.at);
    if (epoch !== undefined) this.#mark(sessionId, epoch);
  }

  #mark(id: string, { at, reason: endReason, by: endedBy }: End): EndedSession {
    const session = this.#sessions.get(id)!;
    this.#sessions.set(id, { ...session, endedAt: at, endReason, endedBy });
    return { ...referenceTo(session), endReason, endedBy };
  }
}

/** Returns the fields that have a value. */
function withoutNull(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

function isOf(clients: readonly string[], { clientId }: StoredSession): boolean {
  return clientId !== null && clients.includes(clientId);
}
const LAST_USED_FIRST = inOrder([{ by: 'lastAccessed', descending: true }]);
const BY_SIGN_IN = inOrder(NEWEST_FIRST);
