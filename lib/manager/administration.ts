import { invalidRequest, plainRefusal } from '../errors';
import { checkScope, checkNames, type Names } from '../options/reader';
import { cutoffsInForce } from './cutoffs-in-force';
import { parsedSessionId } from '../session/credentials';
import type { Cutoffs } from '../session/lifetimes';
import { NEWEST_FIRST, SORT_KEYS, type SearchOrder, type SortKey } from '../session/order';
import { parsedPosition, positionText } from '../session/page-position';
import { checkedOwner, everySessionOf, sessionsOf, type Revocation } from '../session/revocation';
import { withoutSecret, type IdentitySession, type Owner, type StoredSession } from '../session/session';
import type { EndReason } from '../session/end-reason';
import { optionalLabel } from '../session/text';
import { wholeNumber } from '../session/whole-number';
import type { Settings } from '../options/settings';
import {
  erasePersonalData,
  personalRecords,
  type Erased,
  type PersonalData,
  type PersonalRecord,
} from './personal-data';
import { checkedPatch, policyInForce } from './policy';
import type { SessionTrail, TrailPage, TrailSearch } from './trail';
import {
  checkedFilter,
  FILTERS,
  MOST_SKIPPED,
  MOST_TAKEN,
  type Policy,
  type PolicyPatch,
  type Scope,
  type Search,
  type SearchFilter,
  type AdministeredStore,
} from '../store/store';

/** A search for sessions, by default for live ones. */
export interface SessionSearch extends SearchFilter {
  /** The sort keys, the most important one first. Default: `[{ by: 'signedIn', descending: true }]`. */
  readonly order?: readonly { readonly by: SortKey['by']; readonly descending?: boolean }[];
  /** The number of sessions to skip: 0 (default) to 100,000. Use `after` for long lists. */
  readonly skip?: number;
  /** The number of sessions on the page: 1 to 1,000. Default: 50. */
  readonly take?: number;
  /** The `next` of the previous page. Requires an `order` by `signedIn` alone, and excludes `skip`. */
  readonly after?: string | undefined;
}

/** One page of sessions. */
export interface SessionPage {
  /** The sessions. There can be fewer than requested although `next` is present, because some have just expired or are hidden. */
  readonly sessions: readonly IdentitySession[];
  /** The `after` of the next page. Absent on the last page, and in orders other than `signedIn` alone. */
  readonly next?: string;
  /** The number of sessions on all pages. Only from `manager.search`. */
  readonly totalCount?: number;
}

/** The actor, in the app's words, which is stored with what the actor ends. */
export interface Actor {
  readonly by?: string | null;
}

/** The functions of the manager that its administration uses. */
export interface AdministrationParts {
  /** Ends sessions and reports it. */
  readonly end: (which: Revocation, reason: EndReason, by: string | null) => Promise<unknown>;
  /** Resolves when the clock follows the database's time. */
  readonly synchronizeClock: () => Promise<void>;
  readonly trail: SessionTrail;
  readonly devices: PersonalData['devices'];
  /** Forgets the devices of a user, and the links and tickets that wait for the user. */
  readonly forgetDevices: (owner: Owner) => Promise<void>;
}

/**
 * The interface for administrators: the only way to reach the sessions of all users. It checks no permission; the app must
 * do that before it calls a method on behalf of a request.
 */
export class Administration {
  readonly #store: AdministeredStore;
  readonly #settings: Settings;
  readonly #end: AdministrationParts['end'];
  readonly #synchronizeClock: AdministrationParts['synchronizeClock'];
  readonly #trail: SessionTrail;
  readonly #devices: PersonalData['devices'];
  readonly #forgetDevices: AdministrationParts['forgetDevices'];

  constructor(
    store: AdministeredStore,
    settings: Settings,
    { end, synchronizeClock, trail, devices, forgetDevices }: AdministrationParts,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#end = end;
    this.#synchronizeClock = synchronizeClock;
    this.#trail = trail;
    this.#devices = devices;
    this.#forgetDevices = forgetDevices;
  }

  /** Returns the session with this id, or undefined. Also returns ended sessions until the cleanup deletes them. */
  async find(sessionId: string): Promise<IdentitySession | undefined> {
    const found = await this.#stored(sessionId);
    if (found === undefined || found.endedAt !== null) return found && withoutSecret(found);
    // A cached session does not show its uses on other nodes.
    const current = await this.#store.read(found.sessionId);
    return withoutSecret(current ?? found);
  }

  /**
   * Returns the session with this id.
   * @throws SessionError `session-not-found`
   */
  async get(sessionId: string): Promise<IdentitySession> {
    const session = await this.find(sessionId);
    if (session === undefined) throw plainRefusal('session-not-found');
    return session;
  }

  /**
   * Returns a page of the sessions that match: live ones, unless `state` says otherwise. Filters and order apply to sessions as
   * they are written: uses of the last seconds do not count.
   * @throws SessionError `invalid-request`
   * @throws TypeError if a name does not belong to `SessionSearch`
   */
  async search(search: SessionSearch = {}): Promise<SessionPage> {
    checkNames('search', search, SEARCH);
    const query = await this.#query(search);
    const found = await this.#store.search({ ...query, take: query.take + 1 });
    const sessions = found.slice(0, query.take).map((session) => withoutSecret(session));
    const last = sessions.at(-1);
    const more = found.length > query.take && canContinue(query.order) && last !== undefined;
    return { sessions, ...(more && { next: positionText(last) }) };
  }

  /**
   * Returns the number of sessions that match.
   * @throws SessionError `invalid-request`
   * @throws TypeError if a name does not belong to `SearchFilter`
   */
  async count(filter: SearchFilter = {}): Promise<number> {
    checkNames('count', filter, FILTERS);
    const checked = checkedFilter(filter);
    return this.#store.count(checked, await this.#cutoffs());
  }

  /**
   * Ends the session of any user. A session that has already ended stays as it is.
   * @throws SessionError `session-not-found`
   */
  async revoke(sessionId: string, actor: Actor = {}): Promise<void> {
    const by = named('revoke', actor);
    const session = await this.#stored(sessionId);
    if (session === undefined) throw plainRefusal('session-not-found');
    await this.#end(sessionsOf(session, [session.sessionId]), 'administrator', by);
  }

  /**
   * Ends all sessions, or all sessions of a tenant (`tenantId: null`: those without a tenant), with one write. Later
   * sign-ins are not affected.
   * @throws SessionError `invalid-request`, `store-unavailable`
   * @throws TypeError if `scope` is not a plain object, has other names, or `tenantId` is undefined: a call that was meant
   * for one tenant must not end the sessions of all
   */
  async revokeEverything(scope: Scope = {}, actor: Actor = {}): Promise<void> {
    checkScope('revokeEverything', scope, { tenantId: true });
    const checkedScope = checkedFilter(scope);
    const by = named('revokeEverything', actor);
    await this.#synchronizeClock();
    await this.#store.endEverything(checkedScope, { at: this.#now(), by });
    this.#settings.report({ type: 'everything-ended', ...checkedScope, by });
  }

  /**
   * Returns a page of the trail of all users, or of the user `owner`, newest entry first. The trail of all users contains failed
   * attempts that have no owner.
   * @throws SessionError `invalid-request`
   */
  async trail(search: TrailSearch = {}): Promise<TrailPage> {
    return this.#trail.list(search);
  }

  /**
   * Yields the personal data of a user: the sessions, live and ended, the known devices, and the entries of the trail. Secrets and
   * their hashes are not included.
   * @throws SessionError `store-unavailable`
   * @throws TypeError if `owner` is not an owner
   */
  exportUser(owner: Owner): AsyncGenerator<PersonalRecord, void, undefined> {
    return personalRecords({ store: this.#store, trail: this.#trail, devices: this.#devices }, owner);
  }

  /**
   * Ends all sessions of a user and deletes them, together with the entries of the trail, the known devices, and the links and tickets
   * that wait for the user. Call it after the account was deleted.
   * Sign-ins whose credentials were checked before are refused with `credential-changed`. For that, the user's id is kept for a day.
   * May be called again after a failure.
   * @throws SessionError `store-unavailable`
   * @throws TypeError if `owner` is not an owner
   */
  async eraseUser(owner: Owner): Promise<Erased> {
    const whose = checkedOwner(owner);
    await this.#store.changeCredentials(whose, this.#now());
    await this.#end(everySessionOf(whose), 'administrator', null);
    const erased = await erasePersonalData({ store: this.#store, trail: this.#trail }, whose);
    // After the sessions, because a parallel sign-in remembers its device only while its session exists.
    await this.#forgetDevices(whose);
    return erased;
  }

  /** Returns the settings that are stored for all nodes. For absent settings, the options of each node apply. */
  async policy(): Promise<Policy> {
    return this.#store.policy();
  }

  /**
   * Returns the policy that applies on this node: the stored settings, or the node's options for settings that are not stored.
   */
  async policyInForce(): Promise<Required<Policy>> {
    return policyInForce(await this.policy(), this.#settings);
  }

  /**
   * Changes the settings that the patch names. They apply on this node immediately and on others within the lease. `null`
   * removes a setting, so that the options of each node apply again.
   * @throws SessionError `invalid-request`
   * @throws TypeError if a name does not belong to `PolicyPatch`, or the settings of a protocol are not a JSON object
   */
  async setPolicy(patch: PolicyPatch): Promise<void> {
    await this.#store.setPolicy(checkedPatch(patch));
  }

  /** The stored session, or undefined for an unknown or invalid id. */
  async #stored(sessionId: string): Promise<StoredSession | undefined> {
    const id = parsedSessionId(sessionId);
    return id === undefined ? undefined : this.#store.find(id);
  }

  async #query({
    order: given = NEWEST_FIRST,
    skip = 0,
    take = 50,
    after,
    ...filter
  }: SessionSearch): Promise<Search> {
    const order = checkedOrder(given);
    if (after !== undefined && (!canContinue(order) || skip !== 0)) {
      throw invalidRequest('after', '"{name}" requires an order by "signedIn" alone and excludes "skip".');
    }
    const checked = {
      filter: checkedFilter(filter),
      order,
      skip: wholeNumber('skip', skip, 0, MOST_SKIPPED),
      take: wholeNumber('take', take, 1, MOST_TAKEN),
      after: after === undefined ? undefined : parsedPosition(after),
    };
    return { ...checked, cutoffs: await this.#cutoffs() };
  }

  #now(): number {
    return this.#settings.clock.now();
  }

  #cutoffs(): Promise<Cutoffs> {
    return cutoffsInForce(this.#store, this.#settings, this.#now());
  }
}

const SEARCH: Names<SessionSearch> = {
  ...FILTERS,
  order: true,
  skip: true,
  take: true,
  after: true,
};

/** Returns true if a page in this order can continue after its last session. */
function canContinue([first, ...more]: SearchOrder): boolean {
  return first?.by === 'signedIn' && more.length === 0;
}

/** Returns the order without repeated keys, which decide nothing. */
function checkedOrder(given: NonNullable<SessionSearch['order']>): SearchOrder {
  const order = new Map<SortKey['by'], SortKey>();
  for (const key of Array.isArray(given) ? given : [undefined]) {
    const { by, descending = false } = (key ?? {}) as SortKey;
    if (!SORT_KEYS.includes(by) || typeof descending !== 'boolean') {
      throw invalidRequest(
        'order',
        '"{name}" must be a list of { by, descending }: "by" is one of {values}, and "descending" is true or false.',
        { values: SORT_KEYS.join(', ') },
      );
    }
    if (!order.has(by)) order.set(by, { by, descending });
  }
  return order.size === 0 ? NEWEST_FIRST : [...order.values()];
}

/** Returns the checked actor, or null. */
function named(call: string, actor: Actor): string | null {
  checkNames(call, actor, { by: true });
  return optionalLabel('by', actor.by, 255);
}
