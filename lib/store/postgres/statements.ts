import { statementName, type Statement } from '../../database/statement-runner';
import { LONGEST_HISTORY } from '../../session/ip-address';
import { endEverything, notEnded, withEpochs } from './epochs';
import { setPolicy } from './policy-row';
import { COLUMNS, ENDED, REFERENCE, SELECTED, WRITTEN, day, time } from './rows';
import { tablesIn, type Tables } from './tables';

/**
 * Every statement of the store, each prepared once a connection under its key. Times go in and out as milliseconds since
 * 1970, and the server's clock is never asked.
 */
export function statements(schema?: string) {
  const tables = tablesIn(schema);
  const { sessions: table } = tables;
  const sessions = withEpochs(tables);
  return named(table, {
    insert: insert(table),

    /** Ends what the newcomer replaces, and lets it in. */
    replace: `
      with ended as (${end(tables, COLUMNS.length)}), added as (${insert(table)})
      select * from ended`,

    find: `select ${SELECTED} from ${sessions} where session_id = any($1::uuid[])`,

    list: `
      select ${SELECTED} from ${sessions} where ${ownedBy('$1', '$2')} and s.ended_at is null and epoch_at is null
      order by s.signed_in desc, s.session_id desc`,

    update: `
      update ${table} s
      set extra_properties = case when $2 then $3::jsonb else extra_properties end,
          data = case when $4 then $5::jsonb else data end,
          protocol_data = case when $6 then coalesce(protocol_data, '{}') || $7::jsonb else protocol_data end
      where session_id = $1 and ${notEnded(tables)} returning session_id`,

    /** The day is written too: a session that wakes was not used for long. */
    wake: `
      update ${table} s set data = null, last_accessed = ${time('$2')}, active_day = ${day('$2')}
      where session_id = $1 and ${notEnded(tables)} and ${idle('$3')}
      returning session_id`,

    /**
     * Rows that somebody else is writing are skipped, not waited for, and those in hand are locked in the order of their
     * ids, so that two nodes never wait for each other. Answers only what was not written, and whether it still lives.
     */
    touch: `
      with touched as (
        select * from unnest($1::uuid[], $2::float8[], $3::text[], $4::text[]) as t (session_id, at, ip_addresses, node)
      ), locked as (
        select touched.* from ${table} s join touched using (session_id)
        where s.ended_at is null
        order by s.session_id for no key update of s skip locked
      ), written as (
        update ${table} s
        set last_accessed = greatest(s.last_accessed, ${time('locked.at')}),
            active_day = greatest(s.active_day, ${day('locked.at')}),
            ip_addresses = ${appended('s.ip_addresses', 'locked.ip_addresses')},
            node = case when ${time('locked.at')} < s.last_accessed then s.node else coalesce(locked.node, s.node) end
        from locked
        where s.session_id = locked.session_id and s.ended_at is null
        returning s.session_id
      )
      select touched.session_id, s.session_id is not null and s.ended_at is null as live
      from touched left join ${table} s using (session_id)
      where touched.session_id not in (select session_id from written)`,

    end: end(tables, 0),

    endEverything: endEverything(tables),

    policy: `
      select prevent_concurrent_login, protocols from ${tables.policy} where one`,

    setPolicy: setPolicy(tables),

    /** A statement of its own, before those that it protects: their snapshots must come after the lock. */
    lock: `select pg_advisory_xact_lock(hashtextextended(coalesce($1, '') || chr(31) || $2, ${LOCK_SEED}))`,

    /**
     * The owner's live sessions, of those that share the limit with the newcomer, but for the newest `$6`. One of the same
     * id takes no room: its insert tells that it is there.
     */
    beyondLimit: `
      select session_id from ${table} s
      where ${ownedBy('$1', '$2')} and ${live(tables, '$3', '$4', '$5')} and session_id <> $10 and case $7
        when 'client' then client_id is not distinct from $8
        when 'device' then device = $9
        else true
      end
      order by signed_in desc, session_id desc offset $6::int`,

    /** Ends who holds an auth id and has expired, so that it is free. */
    freeAuthId: `
      update ${table} s set ended_at = ${time('$5')}, end_reason = 'expired'
      where auth_id = $1 and ended_at is null and not ${live(tables, '$2', '$3', '$4')}
      returning ${ENDED.join()}`,

    /**
     * The rows are locked before they are deleted, and a row is only locked if it is still as it must be: a session that
     * was revived since the statement began survives. Those that somebody is writing are left for the next time.
     */
    sweep: `
      with marked as (
        select ctid from ${table} where ended_at <= ${time('$4')} limit $5 for update skip locked
      ), expired as (
        select ctid from ${table} s
        where ended_at is null and active_day <= ${day('greatest($1::float8, $4::float8)')}
          and not ${live(tables, '$1', '$2', '$3')}
        limit $5 for update skip locked
      ), swept as (
        delete from ${table} s
        where ctid = any(array(select ctid from marked union all select ctid from expired limit $5))
        returning 1
      )
      select count(*) as swept from swept`,

    /** Locked as by the sweep: a session that was woken since keeps what it was given. */
    hibernate: `
      with asleep as (
        select ctid from ${table}
        where ended_at is null and data is not null and active_day <= ${day('$1')} and ${idle('$1')}
        limit $4 for no key update skip locked
      )
      update ${table} s set data = null where ctid = any(array(select ctid from asleep))
      returning ${REFERENCE.join()}, ${live(tables, '$1', '$2', '$3')} as live`,
  });
}

/** Keeps the advisory locks of this package apart from those that an app takes in the same way. Any number will do. */
const LOCK_SEED = 7_201_975;

function insert(table: string): string {
  const signedIn = `$${COLUMNS.indexOf('signed_in') + 1}`;
  return `insert into ${table} (${COLUMNS.join(', ')}, active_day) values (${WRITTEN}, ${day(signedIn)})`;
}

/**
 * Ends sessions of one owner. Its eight parameters follow `before` others: user and tenant; the only ids, the one id to except
 * and the kind of device, each null for no such condition; then when, why and by whom.
 */
function end(tables: Tables, before: number): string {
  const { sessions: table } = tables;
  const [user, tenant, only, except, device, at, reason, by] = Array.from(
    { length: 8 },
    (_, i) => `$${before + i + 1}`,
  );
  return `
    update ${table} s set ended_at = ${time(at!)}, end_reason = ${reason}, ended_by = ${by}
    from (
      select session_id from ${table} s
      where ${ownedBy(user!, tenant!)} and ${notEnded(tables)}
        and (${only}::uuid[] is null or session_id = any(${only}))
        and (${except}::uuid is null or session_id <> ${except})
        and (${device}::text is null or device = ${device})
      order by session_id for no key update
    ) doomed
    where s.session_id = doomed.session_id and s.ended_at is null
    returning ${ENDED.map((column) => `s.${column}`).join()}`;
}

function ownedBy(user: string, tenant: string): string {
  return `user_id = ${user} and tenant_id is not distinct from ${tenant}`;
}

/** Not used after a point in time. A session that was never used yet counts from its sign-in. */
function idle(since: string): string {
  return `coalesce(last_accessed, signed_in) <= ${time(since)}`;
}

/** What `isLive` of `session/lifetimes` says, in SQL, of the session `s`. */
export function live(tables: Tables, short: string, long: string, absolute: string): string {
  return `(${notEnded(tables)} and signed_in > ${time(absolute)} and coalesce(last_accessed, signed_in) >
    case when stay_signed_in then ${time(long)} else ${time(short)} end)`;
}

/** The history with more addresses at its end; whole addresses are dropped from its beginning when it grows too long. */
function appended(history: string, more: string): string {
  const whole = `${history} || ',' || ${more}`;
  const tail = `right(${whole}, ${LONGEST_HISTORY})`;
  return `case
    when ${more} is null or ${history} = ${more} or right(${history}, length(${more}) + 1) = ',' || ${more} then ${history}
    when ${history} is null then ${more}
    when length(${whole}) <= ${LONGEST_HISTORY} then ${whole}
    else substr(${tail}, strpos(${tail}, ',') + 1)
  end`;
}

function named<K extends string>(
  table: string,
  texts: Readonly<Record<K, string>>,
): Readonly<Record<K, Statement>> {
  const statement = ([key, text]: [string, string]): [string, Statement] => [
    key,
    { name: statementName(table, key), text },
  ];
  return Object.fromEntries(Object.entries<string>(texts).map(statement)) as Record<K, Statement>;
}
