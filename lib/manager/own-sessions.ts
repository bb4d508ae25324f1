import { plainRefusal } from '../errors';
import { checkNames, type Names } from '../options/reader';
import type { Settings } from '../options/settings';
import { parsedSessionId } from '../session/credentials';
import { stage, withoutExpiredData } from '../session/lifetimes';
import { parsedPosition, positionText } from '../session/page-position';
import { checkedOwner } from '../session/revocation';
import {
  sameOwner,
  withoutSecret,
  type IdentitySession,
  type Owner,
  type StoredSession,
} from '../session/session';
import { wholeNumber } from '../session/whole-number';
import { MOST_TAKEN, type AdministeredStore, type SearchFilter } from '../store/store';
import type { Administration, SessionPage, SessionSearch } from './administration';
import { writeLag } from './cleanup';
import { cutoffsInForce } from './cutoffs-in-force';

/** The page of a list of one user's sessions. */
export interface ListOptions {
  /** The largest number of sessions on the page: 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
  /** The `next` of the previous page. Default: the first page. */
  readonly after?: string | undefined;
}

/** A numbered page of one user's sessions, for protocols that sort and filter lists. */
export type OwnSearch = Pick<SessionSearch, 'order' | 'take' | 'device' | 'clientId'> & {
  /** The number of sessions to skip: 0 to 100,000. */
  readonly skip: number;
};

const DEFAULT_LIMIT = 100;

/** The sessions that a user sees: the live ones, without those that the options hide. */
export class OwnSessions {
  readonly #store: AdministeredStore;
  readonly #settings: Settings;
  readonly #administration: Administration;

  constructor(store: AdministeredStore, settings: Settings, administration: Administration) {
    this.#store = store;
    this.#settings = settings;
    this.#administration = administration;
  }

  async list(owner: Owner, page: ListOptions): Promise<SessionPage> {
    checkNames('list', page, LIST_OPTIONS);
    const { limit = DEFAULT_LIMIT, after } = page;
    const take = wholeNumber('limit', limit, 1, MOST_TAKEN);
    const { clock, clientBlacklist } = this.#settings;
    const found = await this.#store.list(checkedOwner(owner), {
      // A session that has expired as it is written may have a use that is not written yet.
      cutoffs: await cutoffsInForce(this.#store, this.#settings, clock.now() - writeLag(this.#settings)),
      exceptClients: clientBlacklist,
      take: take + 1,
      after: after === undefined ? undefined : parsedPosition(after),
    });
    const last = found[take - 1];
    const sessions = found.slice(0, take).filter((session) => this.#isShown(session));
    const more = found.length > take && last !== undefined;
    return {
      sessions: sessions.map((session) => this.#view(session)),
      ...(more && { next: positionText(last) }),
    };
  }

  async search(owner: Owner, search: OwnSearch): Promise<SessionPage> {
    checkNames('search', search, OWN_SEARCH);
    const { device, clientId } = search;
    const own = { ...checkedOwner(owner), ...this.#visible() };
    const filter = { ...own, ...(device && { device }), ...(clientId && { clientId }) };
    const [{ sessions }, totalCount] = await Promise.all([
      this.#administration.search({ ...search, ...own }),
      this.#administration.count(filter),
    ]);
    return { sessions, totalCount };
  }

  async get(owner: Owner, sessionId: string): Promise<IdentitySession> {
    const id = parsedSessionId(sessionId);
    const session = id === undefined ? undefined : await this.#store.read(id);
    if (session === undefined || !sameOwner(checkedOwner(owner), session) || !this.#isShown(session)) {
      throw plainRefusal('session-not-found');
    }
    return this.#view(session);
  }

  #view(session: StoredSession): IdentitySession {
    const { lifetimes, clock } = this.#settings;
    return withoutExpiredData(withoutSecret(session), lifetimes, clock.now());
  }

  #isShown(session: StoredSession): boolean {
    const { clientBlacklist, globalLookup, nodeId, lifetimes, clock } = this.#settings;
    const hidden = session.clientId !== null && clientBlacklist.includes(session.clientId);
    const elsewhere = !globalLookup && session.node !== nodeId;
    return !hidden && !elsewhere && stage(session, lifetimes, clock.now()) !== 'ended';
  }

  /** Returns the condition of the sessions that the options do not hide. */
  #visible(): SearchFilter {
    const { clientBlacklist, globalLookup, nodeId } = this.#settings;
    return { exceptClients: clientBlacklist, ...(!globalLookup && nodeId !== null && { node: nodeId }) };
  }
}

const LIST_OPTIONS: Names<ListOptions> = { limit: true, after: true };

const OWN_SEARCH: Names<OwnSearch> = {
  order: true,
  skip: true,
  take: true,
  device: true,
  clientId: true,
};
