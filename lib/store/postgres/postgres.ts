import { afterPendingIo } from '../../clock';
import { sqlState } from '../../database/failures';
import { invalidRequest, plainRefusal } from '../../errors';
import type { Health } from '../../health';
import type { Lowered } from '../../session/assurance';
import { bucketIn, ownerBucket } from '../../session/bucket';
import type { Data } from '../../session/session-data';
import { isSessionId } from '../../session/credentials';
import type { Cutoffs } from '../../session/lifetimes';
import type { PagePosition } from '../../session/page-position';
import type { Revocation } from '../../session/revocation';
import type { SecretChange } from '../../session/secret-rotation';
import { afterUse, type EndedSession, type Owner, type StoredSession, type Use } from '../../session/session';
import { mapInSlices } from '../../slices';
import {
  authIdTaken,
  limitReached,
  sessionIdTaken,
  type AdministeredStore,
  type Admission,
  type Crowded,
  type End,
  type Ending,
  type Hibernated,
  type Kept,
  type ListPage,
  type Lowering,
  type MaybePromise,
  type Policy,
  type PolicyPatch,
  type Raised,
  type Retained,
  type Scope,
  type Search,
  type SearchFilter,
  type SessionPatch,
  type Touch,
  type TouchResult,
} from '../store';
import type { StatementRunner } from '../../database/statement-runner';
import { TableSchema } from '../../database/table-schema';
import { byPartition, partRanges, placeValues, type Place } from './buckets';
import { CREDENTIALS_CHANGED, WRONG_ISOLATION } from './credential-changes';
import { scopeText } from './epochs';
import { OwnerQueue } from './owner-queue';
import { policyOf, policyValues, type PolicyRow } from './policy-row';
import {
  dataIn,
  endedSessionFromRow,
  hex,
  jsonText,
  referenceFromRow,
  sessionFromRow,
  valuesOf,
  type SessionRow,
} from './rows';
import { secretChange } from './secret-statements';
import { searchStatements } from './search-statements';
import { admissionIn, endIn, filterIn, revocationIn, sessionIn, spelled } from './spelling';
import { MOST_LOWERED, statements } from './statements';
import { tablesIn } from './tables';

export interface PostgresOptions {
  /** The schema of the tables. By default it is determined over a connection of `runner`. */
  readonly schema?: TableSchema | undefined;
  /** Called for every row that was read and whose JSON cannot be read. */
  readonly onDefect?: (error: Error) => void;
}

/** Returns the store that keeps sessions in the table `identity_sessions`, over the app's connections. */
export function postgres(
  runner: StatementRunner,
  { schema = new TableSchema(undefined, runner), onDefect = () => undefined }: PostgresOptions = {},
): AdministeredStore {
  return new PostgresStore(runner, schema, onDefect);
}

/** The longest time between the check of credentials and the sign-in, in milliseconds. Changes are kept as long. */
const LONGEST_SIGN_IN = 24 * 3_600_000;

/** The position before the newest session. */
const NEWEST: PagePosition = { signedIn: Infinity, sessionId: 'f'.repeat(32) };

/** A session to insert, with the conditions of its sign-in. */
interface Insert {
  readonly session: StoredSession;
  readonly admission: Admission;
}

/** An owner among those that were counted. A user without a tenant has the tenant ''. */
interface CrowdedRow {
  readonly user_id: string;
  readonly tenant: string;
  readonly crowded: 't' | 'f';
  readonly next: 't' | 'f';
}

type Statements = ReturnType<typeof statements>;

/** The statements for a layout of the table of sessions. */
interface LaidOut {
  readonly sql: Statements;
  readonly partitions: number;
}

/** Runs a statement of the store by its name, alone or in a transaction. */
type RunByName = (
  name: keyof Statements,
  values: readonly unknown[],
  place?: Place,
) => Promise<readonly SessionRow[]>;

/** A call of `find` that waits for the next statement. */
interface Waiter {
  readonly resolve: (session: StoredSession | undefined) => void;
  readonly reject: (error: unknown) => void;
}

class PostgresStore implements AdministeredStore {
  readonly #runner: StatementRunner;
  readonly #onDefect: (error: Error) => void;
  readonly #schema: TableSchema;
  readonly #laidOut: () => Promise<LaidOut>;
  readonly #searching: () => Promise<ReturnType<typeof searchStatements>>;
  readonly #lockedInserts = new OwnerQueue((inserts: readonly Insert[]) => this.#insertUnderLock(inserts));
  /** True if the default isolation level is above READ COMMITTED, at which sign-ins would not see a change of credentials. */
  #insertsInTransactions = false;
  /** The partition that cleanup visits next, modulo their number. */
  #part = 0;
  /** The calls of `find` since the last statement, by id. One statement answers all of them. */
  #waiting = new Map<string, Waiter[]>();

  constructor(runner: StatementRunner, schema: TableSchema, onDefect: (error: Error) => void) {
    this.#runner = runner;
    this.#onDefect = onDefect;
    this.#schema = schema;
    this.#laidOut = schema.statements((name, partitions) => ({
      sql: statements(tablesIn(name, partitions)),
      partitions,
    }));
    this.#searching = schema.statements((name, partitions) => searchStatements(tablesIn(name, partitions)));
  }

  async insert(session: StoredSession, admission: Admission): Promise<Ending> {
    return spelled((spelling) =>
      this.#insertFreeing(sessionIn(spelling, session), admissionIn(spelling, admission)),
    );
  }

  /** Inserts the session. If its auth id belongs to an expired session, ends that session first. */
  async #insertFreeing(session: StoredSession, admission: Admission): Promise<Ending> {
    try {
      return await this.#insert(session, admission);
    } catch (error) {
      if (!violates(error, AUTH_ID)) throw refusalOfInsert(error);
    }
    const { userId, tenantId, authId, signedIn } = session;
    const freeing = [userId, tenantId, authId, ...cutoffValues(admission.cutoffs), signedIn];
    const freed = await this.#once('freeAuthId', freeing, ownerBucket(session));
    try {
      const { ended, more } = await this.#insert(session, admission);
      return { ended: [...freed.map(endedSessionFromRow), ...ended], more };
    } catch (error) {
      throw refusalOfInsert(error);
    }
  }

  find(id: string): MaybePromise<StoredSession | undefined> {
    // An invalid id would fail the statement for all callers that share it.
    if (!isSessionId(id)) return undefined;
    if (this.#waiting.size === 0) afterPendingIo(() => void this.#findWaiting());
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(id);
      if (waiters === undefined) this.#waiting.set(id, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
    });
  }

  async use(session: StoredSession, use: Use): Promise<StoredSession> {
    await this.touch([{ id: session.sessionId, ...use }]);
    return afterUse(session, use);
  }

  async list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]> {
    const { cutoffs, exceptClients, after = NEWEST, take } = page;
    const wanted = [owner.userId, owner.tenantId ?? null, ...cutoffValues(cutoffs)];
    const hidden = exceptClients.length > 0 ? exceptClients : null;
    const values = [...wanted, hidden, after.signedIn, after.sessionId, take];
    const rows = await this.#repeatable('list', values, ownerBucket(owner));
    return this.#sessionsFrom(rows);
  }

  async read(id: string): Promise<StoredSession | undefined> {
    return this.find(id);
  }

  async update(id: string, { extraProperties, data, protocolData, name }: SessionPatch): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const changes = [extraProperties, data, protocolData].flatMap((part) => [
      part !== undefined,
      part && jsonText(part),
    ]);
    const values = [id, ...changes, name !== undefined, name];
    return (await this.#repeatable('update', values, bucketIn(id))).length > 0;
  }

  async raiseAssurance(id: string, raised: Raised, change?: SecretChange): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const { authenticatedAt, acr, amr, credentialsCheckedAt, at, from } = raised;
    const values = [id, authenticatedAt, acr, amr.join(' ') || null, credentialsCheckedAt, at, from];
    try {
      // In a transaction, because the check of the credentials needs READ COMMITTED.
      return await this.#transaction(async (run) => {
        if (change !== undefined) {
          const { statement, values: changed } = secretChange(change);
          if ((await run(statement, [id, ...changed], bucketIn(id))).length === 0) return false;
        }
        return (await run('raiseAssurance', values, bucketIn(id))).length > 0;
      });
    } catch (error) {
      throw refusalOfInsert(error);
    }
  }

  async lowerAssurance(which: Revocation, { methods, acr }: Lowered): Promise<Lowering> {
    const rows = await spelled((spelling) =>
      this.#once(
        'lowerAssurance',
        [...selectionValues(revocationIn(spelling, which)), methods ?? null, acr],
        ownerBucket(which.owner),
      ),
    );
    return { ids: ids(rows), more: rows.length === MOST_LOWERED };
  }

  async changeData(id: string, change: (data: Data) => Data): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const bucket = bucketIn(id);
    const changed = await this.#transaction(async (run) => {
      const [row] = await run('lockData', [id], bucket);
      if (row === undefined) return false;
      const changing = attempt(() => jsonText(change(dataIn(row))));
      // An error of the app's function is no error of the database.
      if ('error' in changing) return changing;
      await run('update', [id, false, null, true, changing.result, false, null, false, null], bucket);
      return true;
    });
    if (typeof changed === 'object') throw changed.error;
    return changed;
  }

  async changeSecret(id: string, change: SecretChange): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const { statement, values } = secretChange(change);
    return (await this.#once(statement, [id, ...values], bucketIn(id))).length > 0;
  }

  async wake(id: string, at: number, idleSince: number): Promise<boolean> {
    return (await this.#once('wake', [id, at, idleSince], bucketIn(id))).length > 0;
  }

  async bind(id: string, key: string): Promise<boolean> {
    return (await this.#once('bind', [id, key], bucketIn(id))).length > 0;
  }

  async confirmBinding(id: string, key: string, at: number): Promise<boolean> {
    return (await this.#once('confirmBinding', [id, key, at], bucketIn(id))).length > 0;
  }

  /** Writes to each partition with a statement of its own. One statement for all would look for every row in every partition. */
  async touch(touches: readonly Touch[]): Promise<TouchResult> {
    const { partitions } = await this.#laidOut();
    if (partitions < 2) return this.#touch(touches);
    const results: TouchResult[] = [];
    for (const part of byPartition(touches, partitions, ({ id }) => id))
      results.push(await this.#touch(part));
    return {
      ended: results.flatMap(({ ended }) => ended),
      skipped: results.flatMap(({ skipped }) => skipped),
    };
  }

  async #touch(touches: readonly Touch[]): Promise<TouchResult> {
    const values = [
      arrayLiteral(touches.map((touch) => touch.id)),
      arrayLiteral(touches.map((touch) => touch.at)),
      arrayLiteral(touches.map(({ ipAddresses }) => `"${ipAddresses.join()}"`)),
      arrayLiteral(touches.map(({ node }) => `"${node ?? ''}"`)),
    ];
    const unwritten = await this.#once('touch', values, bucketsIn(touches.map(({ id }) => id)));
    return {
      ended: ids(unwritten.filter((row) => row['live'] === 'f')),
      skipped: ids(unwritten.filter((row) => row['live'] === 't')),
    };
  }

  /** A trigger of migration 001 writes every session that this ends to the change log. See `lib/changes/postgres.ts`. */
  async end(which: Revocation, end: End): Promise<Ending> {
    const rows = await spelled((spelling) =>
      this.#once(
        'end',
        endValues(revocationIn(spelling, which), endIn(spelling, end)),
        ownerBucket(which.owner),
      ),
    );
    return endingOf(rows);
  }

  async changeCredentials({ tenantId, userId }: Owner, at: number): Promise<void> {
    const owner = [tenantId ?? null, userId];
    await this.#transaction(async (run) => {
      await run('lock', owner);
      await run('changeCredentials', [...owner, at]);
    });
  }

  async endEverything(scope: Scope, { at, by }: Omit<End, 'reason'>): Promise<void> {
    await spelled((spelling) => this.#once('endEverything', [scopeText(scope), at, spelling(by)]));
  }

  async search(search: Search): Promise<readonly StoredSession[]> {
    const searching = await this.#searching();
    const rows = await spelled((spelling) => {
      const { statement, values } = searching.page({ ...search, filter: filterIn(spelling, search.filter) });
      return this.#runner.repeatable<SessionRow>(statement, values);
    });
    return this.#sessionsFrom(rows);
  }

  async count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    const searching = await this.#searching();
    const [row] = await spelled((spelling) => {
      const { statement, values } = searching.count(filterIn(spelling, filter), cutoffs);
      return this.#runner.repeatable(statement, values);
    });
    return Number(row?.['count']);
  }

  async policy(): Promise<Policy> {
    const [row] = await this.#repeatable<PolicyRow>('policy', []);
    return row === undefined ? {} : policyOf(row);
  }

  async setPolicy(patch: PolicyPatch): Promise<void> {
    await this.#once('setPolicy', policyValues(patch));
  }

  async sweep({ endedAfter, cutoffs }: Retained, limit: number): Promise<number> {
    await this.#once('forgetCredentialChanges', [endedAfter - LONGEST_SIGN_IN, limit]);
    return this.#inParts(limit, async (left, part) => {
      const [row] = await this.#once('sweep', [...cutoffValues(cutoffs), endedAfter, left], part);
      return Number(row?.['swept']);
    });
  }

  async crowded(max: number, after?: Owner): Promise<Crowded> {
    const { userId = '', tenantId } = after ?? {};
    const first = after === undefined ? 0 : ownerBucket(after);
    const rows = await this.#repeatable<CrowdedRow>('crowded', [userId, tenantId ?? '', max], first);
    const last = rows.find((row) => row.next === 't');
    return {
      owners: rows.filter((row) => row.crowded === 't').map(ownerOf),
      next: last && ownerOf(last),
    };
  }

  async endUnused(owner: Owner, { max, cutoffs, at }: Kept): Promise<readonly EndedSession[]> {
    const values = [owner.userId, owner.tenantId ?? null, max, ...cutoffValues(cutoffs), at];
    return (await this.#once('endUnused', values, ownerBucket(owner))).map(endedSessionFromRow);
  }

  async erase(owner: Owner, limit: number): Promise<readonly string[]> {
    const values = [owner.userId, owner.tenantId ?? null, limit];
    return ids(await this.#once('erase', values, ownerBucket(owner)));
  }

  async hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    const rows: SessionRow[] = [];
    await this.#inParts(limit, async (left, part) => {
      const blanked = [...cutoffValues(cutoffs), cutoffs.hibernation, left];
      const dropped = await this.#once('hibernate', blanked, part);
      rows.push(...dropped);
      return dropped.length;
    });
    return {
      dropped: rows.length,
      sessions: rows.filter((row) => row['live'] === 't').map(referenceFromRow),
    };
  }

  health(): Health {
    return { database: { available: this.#runner.available } };
  }

  async flush(): Promise<void> {
    // Nothing waits here.
  }

  async close(): Promise<number> {
    // The pool belongs to the app.
    return 0;
  }

  async #sessionsFrom(rows: readonly SessionRow[]): Promise<StoredSession[]> {
    const sessions = await mapInSlices(rows, sessionFromRow);
    for (const { defect } of sessions) if (defect !== undefined) this.#onDefect(defect);
    return sessions;
  }

  async #repeatable<R extends object = SessionRow>(
    name: keyof Statements,
    values: readonly unknown[],
    place?: Place,
  ): Promise<readonly R[]> {
    return this.#onLayout(({ sql, partitions }) =>
      this.#runner.repeatable<R>(sql[name], [...values, ...placeValues(partitions, place)]),
    );
  }

  /** @param place The buckets of the rows, which the statement names if rows have buckets. */
  async #once(
    name: keyof Statements,
    values: readonly unknown[],
    place?: Place,
  ): Promise<readonly SessionRow[]> {
    return this.#onLayout(({ sql, partitions }) =>
      this.#runner.once<SessionRow>(sql[name], [...values, ...placeValues(partitions, place)]),
    );
  }

  async #transaction<T>(work: (run: RunByName) => Promise<T>): Promise<T> {
    return this.#onLayout(({ sql, partitions }) =>
      this.#runner.transaction((run) =>
        work((name, values, place) => run(sql[name], [...values, ...placeValues(partitions, place)])),
      ),
    );
  }

  /** Runs a call again if it failed, having changed nothing, because the sessions were moved to partitions since it was prepared. */
  async #onLayout<T>(call: (layout: LaidOut) => Promise<T>): Promise<T> {
    const layout = await this.#laidOut();
    try {
      return await call(layout);
    } catch (error) {
      if (!isOfOtherLayout(error)) throw error;
      await this.#schema.refresh();
      const current = await this.#laidOut();
      if (current === layout) throw error;
      return call(current);
    }
  }

  /** Runs a bounded statement on all partitions, one after the other, until `limit` rows were processed. Returns their number. */
  async #inParts(
    limit: number,
    work: (left: number, part: Place | undefined) => Promise<number>,
  ): Promise<number> {
    const { partitions } = await this.#laidOut();
    if (partitions === 0) return work(limit, undefined);
    const ranges = partRanges(partitions);
    let processed = 0;
    for (let visited = 0; visited < partitions && processed < limit; visited++) {
      // The next call continues with the partition in which this one reached its limit.
      if (visited > 0) this.#part++;
      processed += await work(limit - processed, ranges[this.#part % partitions]);
    }
    return processed;
  }

  /** Rules about the owner's other sessions hold only under the owner's lock, which needs a transaction. */
  async #insert(session: StoredSession, admission: Admission): Promise<Ending> {
    if (needsLock(admission)) return this.#lockedInserts.run(session, { session, admission });
    try {
      return await this.#insertAlone(session, admission);
    } catch (error) {
      if (sqlState(error) !== WRONG_ISOLATION) throw error;
      this.#insertsInTransactions = true;
      return this.#insertAlone(session, admission);
    }
  }

  async #insertAlone(session: StoredSession, admission: Admission): Promise<Ending> {
    const insert = async (run: RunByName) => ({
      ended: await this.#insertRow(run, session, admission, admission.displaces),
      more: false,
    });
    if (!this.#insertsInTransactions) return insert((...statement) => this.#once(...statement));
    return this.#transaction(insert);
  }

  /** Reads all waiting ids with one statement. After a restart, thousands of sessions are missing at the same time. */
  async #findWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    try {
      const wanted = [...waiting.keys()];
      const rows = await this.#repeatable('find', [arrayLiteral(wanted)], wanted.map(bucketIn));
      const found = new Map((await this.#sessionsFrom(rows)).map((session) => [session.sessionId, session]));
      for (const [id, waiters] of waiting) for (const { resolve } of waiters) resolve(found.get(id));
    } catch (error) {
      for (const waiters of waiting.values()) for (const { reject } of waiters) reject(error);
    }
  }

  /** Inserts sessions of one owner under the owner's lock, with one statement if possible, else in a transaction. */
  async #insertUnderLock(inserts: readonly Insert[]): Promise<readonly Ending[]> {
    const [first, ...others] = inserts;
    if (this.#insertsInTransactions || others.length > 0 || !displacesOnly(first!.admission)) {
      return this.#insertInTransaction(inserts);
    }
    try {
      return [await this.#displace(first!)];
    } catch (error) {
      if (sqlState(error) !== WRONG_ISOLATION) throw error;
      this.#insertsInTransactions = true;
      return this.#insertInTransaction(inserts);
    }
  }

  /** Inserts the session only if the statement can end all sessions that it displaces. */
  async #displace({ session, admission }: Insert): Promise<Ending> {
    const { which, end } = admission.displaces[0]!;
    const inserted = [...valuesOf(session), admission.credentialsCheckedAt ?? session.signedIn];
    const { owner, except, device } = which;
    const ending = [
      owner.userId,
      owner.tenantId ?? null,
      except ?? null,
      device ?? null,
      end.at,
      end.reason,
      end.by,
    ];
    return endingOf(await this.#once('displace', [...inserted, ...ending], ownerBucket(session)));
  }

  /**
   * Inserts sessions of one owner in a transaction under the owner's lock. If more sessions must end than one statement can
   * end, only ends some of these, because the time of a transaction is limited.
   */
  async #insertInTransaction(inserts: readonly Insert[]): Promise<readonly Ending[]> {
    try {
      return (await this.#insertTogether(inserts)).map((ended) => ({ ended, more: false }));
    } catch (error) {
      if (!(error instanceof TooManyToEnd)) throw error;
      const { ended } = await this.end(error.which, error.end);
      return inserts.map((_, index) => ({ ended: index === 0 ? ended : [], more: true }));
    }
  }

  /** Inserts sessions of one owner, one after the other, in one transaction. */
  async #insertTogether(inserts: readonly Insert[]): Promise<readonly (readonly EndedSession[])[]> {
    return this.#transaction(async (run) => {
      const { tenantId, userId } = inserts[0]!.session;
      await run('lock', [tenantId, userId]);
      const ended: (readonly EndedSession[])[] = [];
      for (const insert of inserts) ended.push(await this.#insertByRules(run, insert));
      return ended;
    });
  }

  /**
   * Displaced sessions end before the limits are checked, because they do not count. Without limits, the statement that
   * inserts the session ends the last of them.
   */
  async #insertByRules(run: RunByName, { session, admission }: Insert): Promise<readonly EndedSession[]> {
    const { displaces, limits = [] } = admission;
    const first = limits.length > 0 ? displaces : displaces.slice(0, -1);
    const ended: EndedSession[] = [];
    for (const { which, end } of first) ended.push(...(await endOn(run, which, end)));
    ended.push(...(await this.#endBeyondLimits(run, session, admission)));
    ended.push(...(await this.#insertRow(run, session, admission, displaces.slice(first.length))));
    return ended;
  }

  /** Inserts the row, and ends the session that it replaces in the same statement. */
  async #insertRow(
    run: RunByName,
    session: StoredSession,
    { credentialsCheckedAt = session.signedIn }: Admission,
    [replaced]: Admission['displaces'],
  ): Promise<readonly EndedSession[]> {
    const inserted = [...valuesOf(session), credentialsCheckedAt];
    if (replaced !== undefined) return endOn(run, replaced.which, replaced.end, inserted);
    await run('insert', inserted, ownerBucket(session));
    return [];
  }

  async #endBeyondLimits(
    run: RunByName,
    session: StoredSession,
    { limits = [], cutoffs }: Admission,
  ): Promise<readonly EndedSession[]> {
    const ended: EndedSession[] = [];
    for (const limit of limits) {
      const counted = [session.userId, session.tenantId, ...cutoffValues(cutoffs), limit.max - 1];
      const shared = [limit.per, session.clientId, session.device, session.sessionId];
      const tooMany = ids(await run('beyondLimit', [...counted, ...shared], ownerBucket(session)));
      if (tooMany.length === 0) continue;
      if (limit.onLimit !== 'endOldest') throw limitReached(limit);
      const end: End = { at: session.signedIn, reason: 'displaced', by: null };
      ended.push(...(await endOn(run, { owner: session, only: tooMany }, end)));
    }
    return ended;
  }
}

function ownerOf({ user_id: userId, tenant }: CrowdedRow): Owner {
  return { userId, tenantId: tenant || null };
}

/** Rolls back a transaction in which too many sessions would have to end. A `RangeError`, because others count as outages. */
class TooManyToEnd extends RangeError {
  constructor(
    readonly which: Revocation,
    readonly end: End,
  ) {
    super('Too many sessions would have to end in one transaction');
  }
}

/**
 * Ends sessions in a transaction, and inserts the session with the values `added` with the same statement.
 * @throws TooManyToEnd if one statement cannot end all of them
 */
async function endOn(
  run: RunByName,
  which: Revocation,
  end: End,
  added?: readonly unknown[],
): Promise<readonly EndedSession[]> {
  const rows =
    added === undefined
      ? await run('end', endValues(which, end), ownerBucket(which.owner))
      : await run('replace', [...added, ...endValues(which, end)], ownerBucket(which.owner));
  const { ended, more } = endingOf(rows);
  if (more) throw new TooManyToEnd(which, end);
  return ended;
}

/** Reads the result of the statement that ends sessions. */
function endingOf(rows: readonly SessionRow[]): Ending {
  const ended = rows.filter((row) => row['session_id'] !== null).map(endedSessionFromRow);
  return { ended, more: rows[0]?.['more'] === 't' };
}

/** Returns true if the insert must hold the owner's lock. Ending one session by its id does not need it. */
function needsLock({ displaces, limits = [] }: Admission): boolean {
  const unnamed = displaces.some(({ which }) => which.only === undefined);
  return limits.length > 0 || unnamed || displaces.length > 1;
}

/** Returns true if the admission under the lock is one revocation, so that the statement `displace` suffices. */
function displacesOnly({ displaces, limits = [] }: Admission): boolean {
  return limits.length === 0 && displaces.length === 1;
}

/** The index by which an auth id is unique. PostgreSQL names those of partitions after the partition and the columns. */
const AUTH_ID = /^identity_sessions_(p\d+_.*)?auth_id/;
const SESSION_ID = /^identity_sessions_(p\d+_)?pkey$/;

/** Maps an error of an insert to the refusal that it means. Returns other errors unchanged. */
function refusalOfInsert(error: unknown): unknown {
  if (sqlState(error) === CREDENTIALS_CHANGED) return plainRefusal('credential-changed');
  if (violates(error, SESSION_ID)) return sessionIdTaken();
  if (constraintOf(error) === 'identity_sessions_bucket') return wrongBucket();
  return violates(error, AUTH_ID) ? authIdTaken() : error;
}

function wrongBucket(): Error {
  return invalidRequest(
    'sessionId',
    '"{name}" must come from newSessionId() for this user, because the sessions are stored in partitions.',
  );
}

/**
 * Returns true for the errors of statements for one table that ran on a partitioned one: a row without a bucket belongs to no
 * partition, and the function that displaces sessions has another signature. Nothing has changed then.
 */
function isOfOtherLayout(error: unknown): boolean {
  const code = sqlState(error);
  if (code === '23514') return constraintOf(error) === undefined;
  return code === '42883' || code === '42703';
}

/** Returns the result or the error of a call. */
function attempt<T>(call: () => T): { readonly result: T } | { readonly error: unknown } {
  try {
    return { result: call() };
  } catch (error) {
    return { error };
  }
}

function violates(error: unknown, unique: RegExp): boolean {
  return sqlState(error) === '23505' && unique.test(constraintOf(error) ?? '');
}

function constraintOf(error: unknown): string | undefined {
  const { constraint } = (error ?? {}) as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}

function bucketsIn(sessionIds: readonly string[]): readonly number[] {
  return [...new Set(sessionIds.map(bucketIn))];
}

function endValues(which: Revocation, { at, reason, by }: End): unknown[] {
  return [...selectionValues(which), at, reason, by];
}

function selectionValues({ owner, only, except, device }: Revocation): unknown[] {
  const named = only?.filter(isSessionId) ?? null;
  return [owner.userId, owner.tenantId ?? null, named, except ?? null, device ?? null];
}

function cutoffValues({ short, long, absolute }: Cutoffs): number[] {
  return [short, long, absolute];
}

/**
 * Returns thousands of values as one parameter. `pg` would quote each value, which costs more than the statement. Ids,
 * numbers, addresses and names of nodes contain nothing that must be escaped. A missing value is empty text, because with
 * the setting `array_nulls = off` the word null in an array is text.
 */
function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.join()}}`;
}

function ids(rows: readonly SessionRow[]): string[] {
  return rows.map((row) => hex(row['session_id']!));
}
