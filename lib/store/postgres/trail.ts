import { inSchema, type Row, type StatementRunner } from '../../database/statement-runner';
import type { TableSchema } from '../../database/table-schema';
import type { Owner } from '../../session/session';
import { bucketIn } from '../../session/bucket';
import type { TrailEntry } from '../../session/trail-entry';
import {
  changesOf,
  COUNTED_FOR,
  counterOf,
  failuresOf,
  LISTED_COUNTS,
  MOST_REMEMBERED,
  type FailedSignIn,
  type NotedFailure,
  type ObservedChange,
  type RefusedRequest,
  type RetainedTrail,
  type Trail,
  type TrailQuery,
} from '../trail';
import { inBucket, placeValues, statementsOn } from './buckets';
import { scopeText } from './epochs';
import { hex, time } from './rows';
import { spelled } from './spelling';
import { tablesIn } from './tables';

/** Keeps the trail in the table `identity_session_trail`. */
export function postgresTrail(runner: StatementRunner, schema: TableSchema): Trail {
  return new PostgresTrail(runner, schema);
}

class PostgresTrail implements Trail {
  readonly #runner: StatementRunner;
  readonly #sql: () => Promise<ReturnType<typeof statements> & { readonly partitions: number }>;

  constructor(runner: StatementRunner, schema: TableSchema) {
    this.#runner = runner;
    this.#sql = schema.statements((name, partitions) => ({ ...statements(name, partitions), partitions }));
  }

  async list({ owner, take, before = LAST_ID }: TrailQuery): Promise<readonly TrailEntry[]> {
    const { ofOwner, ofAll } = await this.#sql();
    const rows = await (owner === undefined
      ? this.#runner.repeatable(ofAll, [before, take])
      : this.#runner.repeatable(ofOwner, [
          before,
          take,
          ...ownerValues(owner),
          scopeText({ tenantId: owner.tenantId ?? null }),
        ]));
    return rows.map(entryFromRow);
  }

  async note(failure: NotedFailure, at: number): Promise<number> {
    const { failed, refused, partitions } = await this.#sql();
    const counted = [counterOf(failure), at];
    const [row] = await (failure.event === 'refused'
      ? spelled((spelling) => {
          const spelt = { ...failure, userAgent: spelling(failure.userAgent ?? null) };
          const place = placeValues(partitions, bucketIn(failure.sessionId));
          return this.#runner.once(refused, [...counted, ...refusedValues(spelt), ...place]);
        })
      : spelled((spelling) => {
          const spelt = { ...failure, userAgent: spelling(failure.userAgent) };
          return this.#runner.once(failed, [...counted, ...failedValues(spelt)]);
        }));
    return Number(row?.['count'] ?? 0);
  }

  async observe(change: ObservedChange, at: number): Promise<number> {
    const { observed, partitions } = await this.#sql();
    const place = placeValues(partitions, bucketIn(change.sessionId));
    const counted = [changesOf(change), at, 1];
    const [row] = await spelled((spelling) =>
      this.#runner.once(observed, [...counted, ...changeValues(change, spelling), ...place]),
    );
    return Number(row?.['count'] ?? 0);
  }

  async forget(sessionId: string, keys: readonly string[]): Promise<void> {
    const { forget, partitions } = await this.#sql();
    await this.#runner.once(forget, [sessionId, keys, ...placeValues(partitions, bucketIn(sessionId))]);
  }

  async prune({ before, countedBefore }: RetainedTrail, limit: number): Promise<number> {
    const values = [before, limit, countedBefore];
    const [row] = await this.#runner.once((await this.#sql()).prune, values);
    return Number(row!['pruned']);
  }

  async erase(owner: Owner, limit: number): Promise<number> {
    const values = [...ownerValues(owner), failuresOf(owner), limit];
    const [row] = await this.#runner.once((await this.#sql()).erase, values);
    return Number(row!['erased']);
  }
}

/** The highest id, so that a list starts with the newest entry. */
const LAST_ID = '9223372036854775807';

function ownerValues({ userId, tenantId }: Owner): unknown[] {
  return [userId, tenantId ?? null];
}

function failedValues({ owner, nameHash, ipAddress, userAgent }: FailedSignIn): unknown[] {
  return [1, owner?.userId ?? null, owner?.tenantId ?? null, nameHash, ipAddress, userAgent];
}

function refusedValues({ times, sessionId, reason, ipAddress, userAgent }: RefusedRequest): unknown[] {
  return [times, sessionId, reason, ipAddress, userAgent];
}

function changeValues(
  { sessionId, key, type, before, after, ipAddress, userAgent }: ObservedChange,
  spelling: (text: string | null) => string | null,
): unknown[] {
  return [sessionId, key, type, ...[before, after].map(spelling), ipAddress, spelling(userAgent)];
}

function entryFromRow(row: Row): TrailEntry {
  return {
    id: row['id']!,
    at: Number(row['at']),
    event: row['event'] as TrailEntry['event'],
    userId: row['user_id'] ?? null,
    tenantId: row['tenant_id'] ?? null,
    sessionId: row['session_id'] ? hex(row['session_id']) : null,
    reason: (row['reason'] ?? null) as TrailEntry['reason'],
    actor: row['actor'] ?? null,
    clientId: row['client_id'] ?? null,
    device: row['device'] ?? null,
    userAgent: row['user_agent'] ?? null,
    ipAddress: row['ip_address'] ?? null,
    before: row['value_before'] ?? null,
    after: row['value_after'] ?? null,
    nameHash: row['name_hash'] ?? null,
    count: Number(row['count']),
  };
}

function statements(schema: string, partitions: number) {
  const tables = tablesIn(schema, partitions);
  const { trail, sessions } = tables;
  const failures = inSchema('identity_session_failures', schema);
  const selected = `
    id, round(extract(epoch from at) * 1000) as at, session_id, count, event, tenant_id, user_id, reason, actor, client_id, device,
    user_agent, ip_address, value_before, value_after, encode(name_hash, 'hex') as name_hash`;
  const ofOwner = (user: string, tenant: string) =>
    `user_id = ${user} and coalesce(tenant_id, '') = coalesce(${tenant}, '')`;
  return statementsOn(trail, partitions, {
    ofAll: `select ${selected} from ${trail} where id < $1::bigint order by id desc limit $2`,

    /** Reads the owner's own entries and those about everything along an index each. */
    ofOwner: `
      with own as (
        select * from ${trail} where id < $1::bigint and ${ofOwner('$3', '$4')} order by id desc limit $2
      ), about_all as (
        select * from ${trail} where id < $1::bigint and scope in ('everyone', $5) order by id desc limit $2
      )
      select ${selected} from (select * from own union all select * from about_all) found
      order by id desc limit $2`,

    failed: `
      with ${counted(failures)}, listed as (
        insert into ${trail} (at, count, event, user_id, tenant_id, name_hash, ip_address, user_agent)
        select ${time('$2')}, count, 'sign-in-failed', $4::text, $5::text, decode($6, 'hex'), $7::text, $8::text
        from counted where ${IS_LISTED}
      )
      select count from counted`,

    /** Takes the owner from the session, so that erasing the owner erases the entry too. */
    refused: `
      with ${counted(failures, `where exists (select from ${sessions} s where session_id = $4::uuid${inBucket(tables, '$8')})`)}, listed as (
        insert into ${trail}
          (at, count, event, session_id, user_id, tenant_id, reason, ip_address, client_id, device, user_agent)
        select ${time('$2')}, counted.count, 'refused', s.session_id, s.user_id, s.tenant_id, $5::text, $6::text, s.client_id,
          s.device, coalesce($7::text, s.user_agent)
        from counted, ${sessions} s where s.session_id = $4::uuid${inBucket(tables, '$8')} and ${IS_LISTED}
      )
      select count from counted`,

    /** The lock of the session's row serializes parallel calls, so that each change is remembered once. */
    observed: `
      with observed as (
        update ${sessions} s
        set signals = (coalesce(s.signals, '{}') || $5::text)[greatest(1, coalesce(cardinality(s.signals), 0) + 2 - ${MOST_REMEMBERED}):]
        where s.session_id = $4::uuid${inBucket(tables, '$11')} and ($5::text = any(s.signals)) is not true
        returning s.session_id, s.user_id, s.tenant_id, s.client_id, s.device
      ), ${counted(failures, 'where exists (select from observed)')}, listed as (
        insert into ${trail} (at, count, event, session_id, user_id, tenant_id, client_id, device, reason, value_before, value_after,
          ip_address, user_agent)
        select ${time('$2')}, counted.count, 'signal', o.session_id, o.user_id, o.tenant_id, o.client_id, o.device, $6::text,
          $7::text, $8::text, $9::text, $10::text
        from counted, observed o where ${IS_LISTED}
      )
      select count from counted`,

    forget: `
      update ${sessions} s set signals = array(select key from unnest(signals) as key where key <> all($2::text[]))
      where session_id = $1::uuid${inBucket(tables, '$3')}`,

    /** Looks at the oldest entries only, so that a run in which nothing is old reads little. */
    prune: `
      with oldest as (
        select id, at from ${trail} order by id limit $2
      ), pruned as (
        delete from ${trail} where id = any(array(select id from oldest where at <= ${time('$1')})) returning 1
      ), forgotten as (
        delete from ${failures} where counter = any(array(
          select counter from ${failures} where since <= ${time('$3')} limit $2
        )) returning 1
      )
      select (select count(*) from pruned) + (select count(*) from forgotten) as pruned`,

    erase: `
      with erased as (
        delete from ${trail} where id = any(array(
          select id from ${trail} where ${ofOwner('$1', '$2')} limit $4
        )) returning 1
      ), forgotten as (
        delete from ${failures} where counter = $3
      )
      select count(*) as erased from erased`,
  });
}

/**
 * The part of a statement that counts acts under the name $1 at the time $2: $3 of them. The row's lock serializes parallel acts, so
 * that each count is reached once.
 */
function counted(failures: string, where = ''): string {
  return `
    counted as (
      insert into ${failures} as f (counter, since, count) select $1::text, ${time('$2')}, $3::int ${where}
      on conflict (counter) do update set
        since = case when ${IS_OVER} then excluded.since else f.since end,
        count = case when ${IS_OVER} then excluded.count else f.count + excluded.count end
      returning count
    )`;
}

/** The condition that the hour of the counter `f` is over. */
const IS_OVER = `f.since <= excluded.since - interval '${COUNTED_FOR} milliseconds'`;

/** The condition that the count has just reached or passed a number that is listed. */
const IS_LISTED = `exists (
  select from unnest(array[${LISTED_COUNTS.join()}]) as listed where listed > counted.count - $3::int and listed <= counted.count)`;
