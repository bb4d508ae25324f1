import type { Health } from '../../health';
import { isSessionId } from '../../session/credentials';
import type { Cutoffs } from '../../session/lifetimes';
import type { Revocation } from '../../session/revocation';
import type { EndedSession, Owner, StoredSession } from '../../session/session';
import {
  authIdTaken,
  limitReached,
  sessionIdTaken,
  type Admission,
  type End,
  type Hibernated,
  type MaybePromise,
  type Policy,
  type PolicyPatch,
  type Retained,
  type Scope,
  type Search,
  type SearchFilter,
  type SessionPatch,
  type SessionStore,
  type Touch,
  type TouchResult,
} from '../store';
import type { StatementRunner, Run } from '../../database/statement-runner';
import { scopeText } from './epochs';
import { OwnerQueue } from './owner-queue';
import {
  endedSessionOf,
  hex,
  propertiesText,
  referenceOf,
  sessionOf,
  valuesOf,
  type EndedRow,
  type ReferenceRow,
  type SessionRow,
} from './rows';
import { policyOf, policyValues, type PolicyRow } from './policy-row';
import { searchStatements } from './search-statements';
import { statements } from './statements';
import { tablesIn } from './tables';

export interface PostgresOptions {
  /** The schema that holds the table; what the connection's search path finds first when absent. */
  readonly schema?: string | undefined;
}

/** The store of record: the table `identity_sessions`, through the app's Knex pool. */
export function postgres(runner: StatementRunner, { schema }: PostgresOptions = {}): SessionStore {
  return new PostgresStore(runner, schema);
}

/** A session that wants to be let in under rules about its owner's other sessions. */
interface Newcomer {
  readonly session: StoredSession;
  readonly admission: Admission;
}

interface Waiter {
  readonly resolve: (session: StoredSession | undefined) => void;
  readonly reject: (error: unknown) => void;
}

type Identified = Pick<SessionRow, 'session_id'>;

class PostgresStore implements SessionStore {
  readonly #runner: StatementRunner;
  readonly #sql: ReturnType<typeof statements>;
  readonly #searching: ReturnType<typeof searchStatements>;
  readonly #signIns = new OwnerQueue((newcomers: readonly Newcomer[]) => this.#insertLocked(newcomers));
  /** Who waits for which id in this turn of the event loop. */
  #asked = new Map<string, Waiter[]>();

  constructor(runner: StatementRunner, schema: string | undefined) {
    this.#runner = runner;
    this.#sql = statements(schema);
    this.#searching = searchStatements(tablesIn(schema));
  }

  async insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]> {
    try {
      return await this.#insert(session, admission);
    } catch (error) {
      if (violates(error, 'identity_sessions_pkey')) throw sessionIdTaken();
      if (!violates(error, 'identity_sessions_auth_id')) throw error;
    }
    const freeing = [session.authId, ...cutoffValues(admission.cutoffs), session.signedIn];
    const freed = await this.#runner.once<EndedRow>(this.#sql.freeAuthId, freeing);
    try {
      return [...freed.map(endedSessionOf), ...(await this.#insert(session, admission))];
    } catch (error) {
      throw violates(error, 'identity_sessions_auth_id') ? authIdTaken() : error;
    }
  }

  find(id: string): MaybePromise<StoredSession | undefined> {
    // What is no id would fail the statement, for everybody who asks in this turn.
    if (!isSessionId(id)) return undefined;
    if (this.#asked.size === 0) setImmediate(() => void this.#findAsked());
    return new Promise((resolve, reject) => {
      const waiters = this.#asked.get(id);
      if (waiters === undefined) this.#asked.set(id, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
    });
  }

  async list(owner: Owner): Promise<readonly StoredSession[]> {
    const rows = await this.#runner.repeatable<SessionRow>(this.#sql.list, [
      owner.userId,
      owner.tenantId ?? null,
    ]);
    return rows.map(sessionOf);
  }

  async update(id: string, { extraProperties, data }: SessionPatch): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const changes = [extraProperties, data].flatMap((part) => [
      part !== undefined,
      part && propertiesText(part),
    ]);
    return (await this.#runner.repeatable(this.#sql.update, [id, ...changes])).length > 0;
  }

  async wake(id: string, at: number, idleSince: number): Promise<boolean> {
    return (await this.#runner.once(this.#sql.wake, [id, at, idleSince])).length > 0;
  }

  async touch(touches: readonly Touch[]): Promise<TouchResult> {
    const unwritten = await this.#runner.once<Identified & { live: 't' | 'f' }>(this.#sql.touch, [
      arrayLiteral(touches.map((touch) => touch.id)),
      arrayLiteral(touches.map((touch) => touch.at)),
      arrayLiteral(
        touches.map(({ ipAddresses }) => (ipAddresses.length > 0 ? `"${ipAddresses.join()}"` : 'null')),
      ),
      arrayLiteral(touches.map(({ node }) => ((node ?? null) === null ? 'null' : `"${node}"`))),
    ]);
    return {
      ended: ids(unwritten.filter((row) => row.live === 'f')),
      skipped: ids(unwritten.filter((row) => row.live === 't')),
    };
  }

  /** A trigger of migration 001 writes every session that this ends to the change log. See `lib/changes/postgres.ts`. */
  async end(which: Revocation, end: End): Promise<readonly EndedSession[]> {
    return (await this.#runner.once<EndedRow>(this.#sql.end, endValues(which, end))).map(endedSessionOf);
  }

  async endEverything(scope: Scope, { at, by }: Omit<End, 'reason'>): Promise<void> {
    await this.#runner.once(this.#sql.endEverything, [scopeText(scope), at, by]);
  }

  async search(search: Search): Promise<readonly StoredSession[]> {
    const { statement, values } = this.#searching.page(search);
    return (await this.#runner.repeatable<SessionRow>(statement, values)).map(sessionOf);
  }

  async count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    const { statement, values } = this.#searching.count(filter, cutoffs);
    const [row] = await this.#runner.repeatable(statement, values);
    return Number(row?.['count']);
  }

  async policy(): Promise<Policy> {
    const [row] = await this.#runner.repeatable<PolicyRow>(this.#sql.policy, []);
    return row === undefined ? {} : policyOf(row);
  }

  async setPolicy(patch: PolicyPatch): Promise<void> {
    await this.#runner.once(this.#sql.setPolicy, policyValues(patch));
  }

  async sweep({ endedAfter, cutoffs }: Retained, limit: number): Promise<number> {
    const [row] = await this.#runner.once(this.#sql.sweep, [...cutoffValues(cutoffs), endedAfter, limit]);
    return Number(row?.['swept']);
  }

  async hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    const blanked = [...cutoffValues(cutoffs), limit];
    const rows = await this.#runner.once<ReferenceRow & { live: 't' | 'f' }>(this.#sql.hibernate, blanked);
    return { dropped: rows.length, sessions: rows.filter((row) => row.live === 't').map(referenceOf) };
  }

  health(): Health {
    return { database: { available: this.#runner.available } };
  }

  async close(): Promise<number> {
    // The pool is the app's.
    return 0;
  }

  /** Rules about the owner's other sessions hold only under the lock, and need a transaction. */
  async #insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]> {
    if (needsLock(admission)) return this.#signIns.run(session, { session, admission });
    const run: Run = (statement, values) => this.#runner.once(statement, values);
    return (await this.#letIn(run, session, admission.displaces)).map(endedSessionOf);
  }

  /** One statement for all ids of the turn: after a restart, thousands of sessions are missing at once. */
  async #findAsked(): Promise<void> {
    const asked = this.#asked;
    this.#asked = new Map();
    try {
      const rows = await this.#runner.repeatable<SessionRow>(this.#sql.find, [
        arrayLiteral([...asked.keys()]),
      ]);
      const found = new Map(rows.map(sessionOf).map((session) => [session.sessionId, session]));
      for (const [id, waiters] of asked) for (const { resolve } of waiters) resolve(found.get(id));
    } catch (error) {
      for (const waiters of asked.values()) for (const { reject } of waiters) reject(error);
    }
  }

  /** Newcomers of one owner, one after the other, in one transaction. */
  async #insertLocked(newcomers: readonly Newcomer[]): Promise<readonly (readonly EndedSession[])[]> {
    const { tenantId, userId } = newcomers[0]!.session;
    return this.#runner.transaction(async (run) => {
      await run(this.#sql.lock, [tenantId, userId]);
      const ended: (readonly EndedSession[])[] = [];
      for (const newcomer of newcomers) {
        ended.push((await this.#admit(run, newcomer)).map(endedSessionOf));
      }
      return ended;
    });
  }

  /** What is displaced does not count for the limits, so it ends first; the last of it by the statement that lets in. */
  async #admit(run: Run, { session, admission }: Newcomer): Promise<readonly EndedRow[]> {
    const { displaces, limits = [] } = admission;
    const first = limits.length > 0 ? displaces : displaces.slice(0, -1);
    const ended: EndedRow[] = [];
    for (const { which, end } of first) {
      ended.push(...(await run<EndedRow>(this.#sql.end, endValues(which, end))));
    }
    ended.push(...(await this.#makeRoom(run, session, admission)));
    ended.push(...(await this.#letIn(run, session, displaces.slice(first.length))));
    return ended;
  }

  /** Inserts the session, and ends what it replaces in the same statement. */
  async #letIn(
    run: Run,
    session: StoredSession,
    [replaced]: Admission['displaces'],
  ): Promise<readonly EndedRow[]> {
    if (replaced === undefined) return run<EndedRow>(this.#sql.insert, valuesOf(session));
    const values = [...valuesOf(session), ...endValues(replaced.which, replaced.end)];
    return run<EndedRow>(this.#sql.replace, values);
  }

  async #makeRoom(run: Run, session: StoredSession, admission: Admission): Promise<readonly EndedRow[]> {
    const ended: EndedRow[] = [];
    for (const limit of admission.limits ?? []) {
      const counted = [session.userId, session.tenantId, ...cutoffValues(admission.cutoffs), limit.max - 1];
      const shared = [limit.per, session.clientId, session.device, session.sessionId];
      const tooMany = ids(await run<Identified>(this.#sql.beyondLimit, [...counted, ...shared]));
      if (tooMany.length === 0) continue;
      if (limit.onLimit === 'refuse') throw limitReached(limit);
      const end: End = { at: session.signedIn, reason: 'displaced', by: null };
      ended.push(...(await run<EndedRow>(this.#sql.end, endValues({ owner: session, only: tooMany }, end))));
    }
    return ended;
  }
}

/** Rules about the user's other sessions hold only under the lock; a session that is named can be ended without. */
function needsLock({ displaces, limits = [] }: Admission): boolean {
  const unnamed = displaces.some(({ which }) => which.only === undefined);
  return limits.length > 0 || unnamed || displaces.length > 1;
}

function violates(error: unknown, unique: string): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === '23505' && constraint === unique;
}

function endValues({ owner, only, except, device }: Revocation, { at, reason, by }: End): unknown[] {
  const named = only?.filter(isSessionId) ?? null;
  return [owner.userId, owner.tenantId ?? null, named, except ?? null, device ?? null, at, reason, by];
}

function cutoffValues({ short, long, absolute }: Cutoffs): number[] {
  return [short, long, absolute];
}

/**
 * Thousands of values as one parameter. `pg` would quote each by itself, which costs more than the statement; ids, numbers
 * and addresses hold nothing that needs it.
 */
function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.join()}}`;
}

function ids(rows: readonly Identified[]): string[] {
  return rows.map((row) => hex(row.session_id));
}
