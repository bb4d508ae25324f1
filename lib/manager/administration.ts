import { invalidRequest, plainRefusal } from '../errors';
import { checkScope, checkNames, type Names } from '../options/reader';
import { isSessionId, parsedSessionId } from '../session/credentials';
import { cutoffs } from '../session/lifetimes';
import { SORT_KEYS, type SearchOrder } from '../session/order';
import { CONCURRENCY, sessionsOf, type Revocation } from '../session/revocation';
import { withoutSecret, type IdentitySession, type StoredSession } from '../session/session';
import type { EndReason } from '../session/end-reason';
import { optionalText, jsonObject } from '../session/text';
import type { Settings } from '../options/settings';
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

/** What an administrator looks for. */
export interface SessionSearch extends SearchFilter {
  /** `signedIn`, newest first, when absent. */
  readonly sort?: SearchOrder['by'];
  /** `false` for the smallest first; `true` when absent. */
  readonly descending?: boolean;
  /** How many to pass over: 0 when absent, 100,000 at the most. With many, `after` is the better way. */
  readonly skip?: number;
  /** How many to show: 50 when absent, 1,000 at the most. */
  readonly take?: number;
  /** The `next` of the page before. Only in the order of `signedIn`, and without `skip`. */
  readonly after?: string;
}

/** A page of what was found. */
export interface SessionPage {
  readonly sessions: readonly IdentitySession[];
  /** The `after` of the next page; absent on the last page, and in every order but that of `signedIn`. */
  readonly next?: string;
}

/** Who acts, in the app's words, for the record. */
export interface Actor {
  readonly by?: string | null;
}

/** What the manager does for its administration. */
export interface AdministrationParts {
  /** Ends sessions, and tells of it. */
  readonly end: (which: Revocation, reason: EndReason, by: string | null) => Promise<unknown>;
  /** Resolves when the clock goes by the time that all nodes share. */
  readonly synchronizeClock: () => Promise<void>;
}

/**
 * The administrator's door: the one way to sessions whoever they belong to. Whoever opens it to a request must have asked
 * whether its user may.
 */
export class Administration {
  readonly #store: AdministeredStore;
  readonly #settings: Settings;
  readonly #end: AdministrationParts['end'];
  readonly #synchronizeClock: AdministrationParts['synchronizeClock'];

  constructor(store: AdministeredStore, settings: Settings, { end, synchronizeClock }: AdministrationParts) {
    this.#store = store;
    this.#settings = settings;
    this.#end = end;
    this.#synchronizeClock = synchronizeClock;
  }

  /** The session of that id, an ended one too until it is swept; undefined when there is none. */
  async find(sessionId: string): Promise<IdentitySession | undefined> {
    const found = await this.#stored(sessionId);
    if (found === undefined || found.endedAt !== null) return found && withoutSecret(found);
    // As its owner is shown it: uses that are not written yet are in the list, and become due by it.
    const listed = await this.#store.list(found);
    return withoutSecret(listed.find((session) => session.sessionId === found.sessionId) ?? found);
  }

  /** @throws SessionError `session-not-found` */
  async get(sessionId: string): Promise<IdentitySession> {
    const session = await this.find(sessionId);
    if (session === undefined) throw plainRefusal('session-not-found');
    return session;
  }

  /**
   * A page of the live sessions that fit, as they are written: uses of the last seconds may not be in it.
   * @throws SessionError `invalid-request`
   * @throws TypeError for a name that is none of `SessionSearch`
   */
  async search(search: SessionSearch = {}): Promise<SessionPage> {
    checkNames('search', search, SEARCH);
    const query = this.#query(search);
    const found = await this.#store.search({ ...query, take: query.take + 1 });
    const sessions = found.slice(0, query.take).map((session) => withoutSecret(session));
    const last = sessions.at(-1);
    const more = found.length > query.take && query.order.by === 'signedIn' && last !== undefined;
    return { sessions, ...(more && { next: `${last.signedIn}.${last.sessionId}` }) };
  }

  /**
   * How many live sessions fit.
   * @throws SessionError `invalid-request`
   * @throws TypeError for a name that is none of `SearchFilter`
   */
  async count(filter: SearchFilter = {}): Promise<number> {
    checkNames('count', filter, FILTERS);
    return this.#store.count(checkedFilter(filter), this.#cutoffs());
  }

  /**
   * Ends a session, whoever it belongs to. One that has already ended stays as it is.
   * @throws SessionError `session-not-found`
   */
  async revoke(sessionId: string, actor: Actor = {}): Promise<void> {
    const by = named('revoke', actor);
    const session = await this.#stored(sessionId);
    if (session === undefined) throw plainRefusal('session-not-found');
    await this.#end(sessionsOf(session, [session.sessionId]), 'administrator', by);
  }

  /**
   * Ends all sessions there are, or all of a tenant (`null`: of those without one), by one write, however many they are.
   * Sign-ins that come after it are let in.
   * @throws SessionError `invalid-request`, `store-unavailable`
   * @throws TypeError for a scope that is no plain object, names anything else, or a tenant that is `undefined`: what was
   * meant for one tenant must not end the sessions of all
   */
  async revokeEverything(scope: Scope = {}, actor: Actor = {}): Promise<void> {
    checkScope('revokeEverything', scope, { tenantId: true });
    const checkedScope = checkedFilter(scope);
    const by = named('revokeEverything', actor);
    await this.#synchronizeClock();
    await this.#store.endEverything(checkedScope, { at: this.#now(), by });
    this.#settings.report({ type: 'everything-ended', ...checkedScope, by });
  }

  /** What is set for all nodes; what is absent is as the options of each say. */
  async policy(): Promise<Policy> {
    return this.#store.policy();
  }

  /**
   * Returns the policy that applies on this node: the stored settings, or the node's options where none is stored.
   */
  async policyInForce(): Promise<Required<Policy>> {
    const { rules } = this.#settings;
    const { preventConcurrentLogin = rules.preventConcurrentLogin, protocols = {} } = await this.policy();
    return { preventConcurrentLogin, protocols };
  }

  /**
   * Changes what the patch names, while the app runs: this node goes by it at once, others within the lease. `null` takes
   * back what was set, so that the options of each node hold again.
   * @throws SessionError `invalid-request`
   * @throws TypeError for a name that is none of `PolicyPatch`
   */
  async setPolicy(patch: PolicyPatch): Promise<void> {
    checkNames('setPolicy', patch, { preventConcurrentLogin: true, protocols: true });
    const { preventConcurrentLogin: rule, protocols } = patch;
    if (rule !== undefined && rule !== null && !CONCURRENCY.includes(rule)) {
      throw invalidRequest(
        'preventConcurrentLogin',
        `"preventConcurrentLogin" must be one of ${CONCURRENCY.join(', ')}.`,
      );
    }
    await this.#store.setPolicy({
      ...(rule !== undefined && { preventConcurrentLogin: rule }),
      ...(protocols !== undefined && { protocols: checkedSettings(protocols) }),
    });
  }

  /** The stored session, or undefined for an unknown or invalid id. */
  async #stored(sessionId: string): Promise<StoredSession | undefined> {
    const id = parsedSessionId(sessionId);
    return id === undefined ? undefined : this.#store.find(id);
  }

  #query({
    sort = 'signedIn',
    descending = true,
    skip = 0,
    take = 50,
    after,
    ...filter
  }: SessionSearch): Search {
    if (!SORT_KEYS.includes(sort))
      throw invalidRequest('sort', `"sort" must be one of ${SORT_KEYS.join(', ')}.`);
    if (typeof descending !== 'boolean')
      throw invalidRequest('descending', '"descending" must be true or false.');
    if (after !== undefined && (sort !== 'signedIn' || skip !== 0)) {
      throw invalidRequest('after', '"after" goes with the order of "signedIn" only, and without "skip".');
    }
    return {
      filter: checkedFilter(filter),
      cutoffs: this.#cutoffs(),
      order: { by: sort, descending },
      skip: whole('skip', skip, 0, MOST_SKIPPED),
      take: whole('take', take, 1, MOST_TAKEN),
      after: after === undefined ? undefined : place(after),
    };
  }

  #now(): number {
    return this.#settings.clock.now();
  }

  #cutoffs() {
    return cutoffs(this.#settings.lifetimes, this.#now());
  }
}

const SEARCH: Names<SessionSearch> = {
  ...FILTERS,
  sort: true,
  descending: true,
  skip: true,
  take: true,
  after: true,
};

/** The settings of protocols, each of them a JSON object or null. Their content is checked by the protocol. */
function checkedSettings(
  given: NonNullable<PolicyPatch['protocols']>,
): NonNullable<PolicyPatch['protocols']> {
  const settings = Object.entries(jsonObject('protocols', given) as typeof given);
  for (const [name, value] of settings) if (value !== null) jsonObject(`protocols.${name}`, value);
  return Object.fromEntries(settings);
}

/** Who acts, for the record. */
function named(call: string, actor: Actor): string | null {
  checkNames(call, actor, { by: true });
  return optionalText('by', actor.by, 255);
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidRequest(name, `"${name}" must be a whole number from ${min} to ${max}.`);
}

function place(after: string): NonNullable<Search['after']> {
  const [, signedIn, sessionId] = /^(\d{1,15})\.(\w{32})$/.exec(after) ?? [];
  if (signedIn !== undefined && isSessionId(sessionId)) return { signedIn: Number(signedIn), sessionId };
  throw invalidRequest('after', '"after" must be the "next" of a page.');
}
