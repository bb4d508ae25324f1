import { LONGEST_HISTORY } from '../../session/ip-address';
import { hasBuckets, inBucket, inBuckets, inRange, statementsOn } from './buckets';
import { changeCredentials, credentialsHold, forgetCredentialChanges, ownerLock } from './credential-changes';
import { endEverything, notEnded, withEpochs, withoutEpochs } from './epochs';
import { readPolicy, setPolicy } from './policy-row';
import { secretStatements } from './secret-statements';
import { COLUMNS, ENDED, REFERENCE, WRITTEN, day, selected, time } from './rows';
import type { Tables } from './tables';

/**
 * Returns every statement of the store. If rows have buckets, the last parameters of a statement about an owner or about some ids
 * name their buckets, so that PostgreSQL reads only the partitions of these.
 *
 * Each connection prepares a statement once, under the statement's key. Times are
 * passed and returned as milliseconds since 1970; no statement uses the server's clock.
 */
export function statements(tables: Tables) {
  const { sessions: table } = tables;
  const sessions = withEpochs(tables);
  const [bucket, after, from] = hasBuckets(tables)
    ? ['bucket, ', '$4::smallint, ', ' and bucket >= $4::smallint']
    : ['', '', ''];
  return statementsOn(table, tables.partitions, {
    insert: insert(tables, { bucket: `$${INSERTED + 1}` }),

    /** Ends the session that the new one replaces, and inserts the new one. */
    replace: end(tables, INSERTED, `, added as (${insert(tables, { bucket: `$${INSERTED + ENDING + 1}` })})`),

    displace: displace(tables),

    find: hasBuckets(tables)
      ? findInPartitions(tables)
      : `select ${selected(tables)} from ${sessions} where session_id = any($1::uuid[])`,

    /**
     * Reads one page along the index of owners. The inner query sorts by nothing but the index, because PostgreSQL would
     * otherwise read and sort all sessions of a user of whom it expects few.
     */
    list: `
      select ${selected(tables)} from ${withoutEpochs(`(
        select s.* from ${table} s
        where ${ownedBy('$1', '$2')}${inBucket(tables, '$10')} and ${live(tables, '$3', '$4', '$5')}
          and ($6::text[] is null or client_id is null or client_id <> all($6))
          and signed_in <= ${time('$7')} and (signed_in < ${time('$7')} or session_id < $8::uuid)
        order by signed_in desc fetch first $9 rows with ties
      )`)}
      order by s.signed_in desc, s.session_id desc limit $9`,

    update: `
      update ${table} s
      set extra_properties = case when $2 then $3::jsonb else extra_properties end,
          data = case when $4 then $5::jsonb else data end,
          protocol_data = case when $6 then coalesce(protocol_data, '{}') || $7::jsonb else protocol_data end,
          name = case when $8 then $9 else name end
      where session_id = $1${inBucket(tables, '$10')} and ${notEnded(tables)} returning session_id`,

    /** Fails if the owner's credentials changed after they were checked. */
    raiseAssurance: `
      with raised as (
        update ${table} s set authenticated_at = ${time('$2')}, acr = $3, amr = $4
        where session_id = $1${inBucket(tables, '$8')} and ${notEnded(tables)} and ${credentialsHold(tables, 's.tenant_id', 's.user_id', '$5')}
        returning s.*
      ), noted as (
        insert into ${tables.trail} (at, session_id, event, tenant_id, user_id, client_id, device, user_agent, ip_address)
        select ${time('$6')}, session_id, 'reauthenticated', tenant_id, user_id, client_id, device, user_agent, $7
        from raised
      )
      select session_id from raised`,

    lowerAssurance: lowerAssurance(tables),
    ...secretStatements(tables),

    lockData: `
      select data from ${table} s where session_id = $1${inBucket(tables, '$2')} and ${notEnded(tables)} for no key update of s`,

    /** Writes the day too, because a hibernating session was not used for a long time. */
    wake: `
      with woken as (
        update ${table} s set data = null, last_accessed = ${time('$2')}, active_day = ${day('$2')}
        where session_id = $1${inBucket(tables, '$4')} and ${notEnded(tables)} and ${idle('$3')}
        returning s.*
      ), noted as (
        insert into ${tables.trail} (at, session_id, event, tenant_id, user_id, client_id, device, user_agent, ip_address)
        select last_accessed, session_id, 'woken', tenant_id, user_id, client_id, device, user_agent,
          coalesce(substring(ip_addresses from '[^,]*$'), sign_in_address)
        from woken
      )
      select session_id from woken`,

    bind: `
      update ${table} s set bound_key = $2
      where session_id = $1${inBucket(tables, '$3')} and bound_at is null and ${notEnded(tables)}
      returning session_id`,

    confirmBinding: `
      update ${table} s set bound_at = ${time('$3')}
      where session_id = $1${inBucket(tables, '$4')} and bound_key = $2 and bound_at is null and ${notEnded(tables)}
      returning session_id`,

    /**
     * Writes all due touches. Skips rows that another transaction has locked, and locks the others in the order of their
     * ids, so that two nodes never wait for each other. Returns the sessions that were not written, and whether they live.
     */
    touch: `
      with touched as (
        select session_id, at, nullif(ip_addresses, '') as ip_addresses, nullif(node, '') as node
        from unnest($1::uuid[], $2::float8[], $3::text[], $4::text[]) as t (session_id, at, ip_addresses, node)
      ), locked as (
        select touched.* from ${table} s join touched using (session_id)
        where s.ended_at is null${inBuckets(tables, '$5')}
        order by s.session_id for no key update of s skip locked
      ), written as (
        update ${table} s
        set last_accessed = greatest(s.last_accessed, ${time('locked.at')}),
            active_day = greatest(s.active_day, ${day('locked.at')}),
            ip_addresses = ${appended('s.ip_addresses', 'locked.ip_addresses', 's.sign_in_address')},
            node = case when ${time('locked.at')} < s.last_accessed then s.node else coalesce(locked.node, s.node) end
        from locked
        where s.session_id = locked.session_id and s.ended_at is null${inBuckets(tables, '$5')}
        returning s.session_id
      )
      select touched.session_id, s.session_id is not null and s.ended_at is null as live
      from touched left join ${table} s on s.session_id = touched.session_id${inBuckets(tables, '$5')}
      where touched.session_id not in (select session_id from written)`,

    end: end(tables),

    endEverything: endEverything(tables),

    policy: readPolicy(tables),

    setPolicy: setPolicy(tables),

    /** A separate statement, because the snapshots of the statements that it protects must be taken after the lock. */
    lock: `select pg_advisory_xact_lock(${ownerLock('$1', '$2')})`,

    changeCredentials: changeCredentials(tables),

    forgetCredentialChanges: forgetCredentialChanges(tables),

    /**
     * Returns the owner's live sessions that share a limit with the new session, except the newest `$6` of them. Impersonations
     * do not count, and neither does a session with the new session's id: the insert will fail and report it. Returns at most as
     * many as one statement ends.
     */
    beyondLimit: `
      select session_id from ${table} s
      where ${ownedBy('$1', '$2')}${inBucket(tables, '$11')} and ${live(tables, '$3', '$4', '$5')} and actor is null and session_id <> $10 and case $7
        when 'client' then client_id is not distinct from $8
        when 'device' then device = $9
        else true
      end
      order by signed_in desc, session_id desc offset $6::int limit ${MOST_ENDED}`,

    /** Ends the owner's expired session that still holds an auth id, so that the id is free. */
    freeAuthId: `
      update ${table} s set ended_at = ${time('$7')}, end_reason = 'expired'
      where auth_id = $3 and ${ownedBy('$1', '$2')}${inBucket(tables, '$8')} and ended_at is null and not ${live(tables, '$4', '$5', '$6')}
      returning ${ENDED.join()}`,

    /**
     * Locks the rows before it deletes them. The lock checks the conditions again, so that a session that was woken since the
     * statement began survives. Rows that another transaction has locked are left for the next sweep.
     */
    sweep: hasBuckets(tables)
      ? sweepPart(tables)
      : `
      with marked as (
        select ctid from ${table} where ended_at <= ${time('$4')} limit $5 for update skip locked
      ), expired as (
        select ctid from ${table} s
        where ended_at is null and active_day <= ${day('greatest($1::float8, $2::float8, $4::float8)')}
          and not ${live(tables, '$1', '$2', '$3')}
        limit $5 for update skip locked
      ), swept as (
        delete from ${table} s
        where ctid = any(array(select ctid from marked union all select ctid from expired limit $5)) and ${isWhole(tables)}
        returning 1
      )
      select count(*) as swept from swept`,

    /**
     * Reads a part of the index of owners, from the owner after ($1, $2). The last owner of the part may continue in the next
     * one, so the next part starts with this owner again, unless it fills the whole part.
     */
    crowded: `
      with part as (
        select ${bucket}user_id, coalesce(tenant_id, '') as tenant from ${table} s
        where ended_at is null and (${bucket}user_id, coalesce(tenant_id, '')) > (${after}$1, $2)${from}
        order by ${bucket}user_id, coalesce(tenant_id, '') limit ${MOST_COUNTED}
      ), owners as (
        select user_id, tenant, count(*) as sessions, sum(count(*)) over () as visited, count(*) over () as owners,
          row_number() over (order by ${hasBuckets(tables) ? 'bucket desc, ' : ''}user_id desc, tenant desc) as from_end
        from part group by ${bucket}user_id, tenant
      ), found as (
        select user_id, tenant, sessions > $3::int as crowded,
          visited = ${MOST_COUNTED} and from_end = least(2, owners) as next
        from owners
      )
      select * from found where crowded or next`,

    /** Ends live sessions only if more than $3 of them were used later. Skips locked rows, as the sweep does. */
    endUnused: `
      with picked as (
        select session_id, ${live(tables, '$4', '$5', '$6')} as live from ${table} s
        where ${ownedBy('$1', '$2')}${inBucket(tables, '$8')} and ${notEnded(tables)}
        order by live desc, coalesce(last_accessed, signed_in) desc, session_id desc
        offset $3::int limit ${MOST_ENDED}
      ), doomed as (
        select s.session_id, picked.live from ${table} s join picked using (session_id)
        where s.ended_at is null${inBucket(tables, '$8')}
        order by s.session_id for no key update of s skip locked
      )
      update ${table} s
      set ended_at = ${time('$7')}, end_reason = case when doomed.live then 'displaced' else 'expired' end
      from doomed
      where s.session_id = doomed.session_id and s.ended_at is null${inBucket(tables, '$8')}
      returning ${ENDED.map((column) => `s.${column}`).join()}`,

    /**
     * Deletes rows in the order of their ids, so that it does not wait for a statement that waits for it. A trigger logs only live
     * sessions. Ended ones are logged here, because caches hold them too.
     */
    erase: `
      with owned as (
        select session_id from ${table} s
        where ${ownedInAnyState('$1', '$2')}${inBucket(tables, '$4')} order by session_id limit $3 for update
      ), erased as (
        delete from ${table} s where session_id = any(array(select session_id from owned))${inBucket(tables, '$4')}
        returning session_id, ended_at
      ), logged as (
        insert into ${tables.changes} (session_id) select session_id from erased where ended_at is not null
      )
      select session_id from erased`,

    /** Locks rows as the sweep does, so that a session that was woken since keeps its new data. */
    hibernate: hasBuckets(tables)
      ? hibernatePart(tables)
      : `
      with asleep as (
        select ctid from ${table}
        where ended_at is null and data is not null and active_day <= ${day('greatest($1::float8, $4::float8)')}
          and coalesce(last_accessed, signed_in) <= case when stay_signed_in then ${time('$4')} else ${time('$1')} end
        limit $5 for no key update skip locked
      )
      update ${table} s set data = null where ctid = any(array(select ctid from asleep)) and ${isWhole(tables)}
      returning ${REFERENCE.join()}, ${live(tables, '$1', '$2', '$3')} as live`,
  });
}

/** The condition that the session `s` is in a table without partitions. In partitions, rows can have equal places (`ctid`). */
function isWhole({ sessions }: Tables): string {
  return `s.tableoid = '${sessions.replaceAll("'", "''")}'::regclass`;
}

/**
 * Finds each id in the partition of its bucket. `limit` keeps the lookup in its place: as a join, PostgreSQL expects it to cost as much
 * as in all partitions, and may read the whole table instead.
 */
function findInPartitions(tables: Tables): string {
  const found = `(
    select s.* from unnest($1::uuid[], $2::smallint[]) as wanted (session_id, bucket) cross join lateral (
      select s.* from ${tables.sessions} s
      where s.session_id = wanted.session_id and s.bucket = wanted.bucket${inBuckets(tables, '$2')} limit 1
    ) s
  )`;
  return `select ${selected(tables)} from ${withEpochs({ ...tables, sessions: found })}`;
}

/** Sweeps a range of buckets: the partition with the buckets from $6 to the one before $7. It names rows by their keys. */
function sweepPart(tables: Tables): string {
  const { sessions: table } = tables;
  const located = inRange('$6', '$7');
  return `
    with marked as (
      select session_id from ${table} s where ended_at <= ${time('$4')}${located} limit $5 for update skip locked
    ), expired as (
      select session_id from ${table} s
      where ended_at is null and active_day <= ${day('greatest($1::float8, $2::float8, $4::float8)')}${located}
        and not ${live(tables, '$1', '$2', '$3')}
      limit $5 for update skip locked
    ), swept as (
      delete from ${table} s
      where session_id = any(array(select session_id from marked union all select session_id from expired limit $5))${located}
      returning 1
    )
    select count(*) as swept from swept`;
}

/** Drops the data of hibernating sessions in the buckets from $6 to the one before $7. */
function hibernatePart(tables: Tables): string {
  const { sessions: table } = tables;
  const located = inRange('$6', '$7');
  return `
    with asleep as (
      select session_id from ${table} s
      where ended_at is null and data is not null and active_day <= ${day('greatest($1::float8, $4::float8)')}${located}
        and coalesce(last_accessed, signed_in) <= case when stay_signed_in then ${time('$4')} else ${time('$1')} end
      limit $5 for no key update skip locked
    )
    update ${table} s set data = null where session_id = any(array(select session_id from asleep))${located}
    returning ${REFERENCE.join()}, ${live(tables, '$1', '$2', '$3')} as live`;
}

/** The number of sessions that one statement counts. More than an app may allow a user to keep. */
const MOST_COUNTED = 20_000;

/** The number of parameters of `insert`: those of the row, and the time when the credentials were checked. */
const INSERTED = COLUMNS.length + 1;

/** Fails with `CREDENTIALS_CHANGED` if the owner's credentials changed after they were checked. */
function insert(tables: Tables, { where = 'true', bucket }: { where?: string; bucket: string }): string {
  const [column, value] = hasBuckets(tables) ? [', bucket', `, ${bucket}::smallint`] : ['', ''];
  const parameter = (column: string) => `$${COLUMNS.indexOf(column) + 1}`;
  const checked = credentialsHold(tables, parameter('tenant_id'), parameter('user_id'), `$${INSERTED}`);
  return `
    insert into ${tables.sessions} (${COLUMNS.join(', ')}, active_day${column})
    select ${WRITTEN}, case when ${checked} then ${day(parameter('signed_in'))} end${value} where ${where}`;
}

/**
 * Returns the statement that takes the owner's lock, ends the sessions that the new one displaces, and inserts the new one. If
 * there are more sessions than it can end, the column `more` is true, and it does not insert.
 */
function displace(tables: Tables): string {
  const [user, tenant, except, device, at, reason, by] = parametersAfter(INSERTED);
  const full = `(select count(*) from ended) = ${MOST_ENDED}`;
  const lock = ownerLock(`${tenant}::text`, `${user}::text`);
  const bucket = `$${INSERTED + 8}`;
  const home = hasBuckets(tables) ? `, ${bucket}::smallint` : '';
  return `
    with ended as materialized (
      select * from ${tables.displace}(${lock}, ${MOST_ENDED}, ${user}, ${tenant}, ${except}, ${device}, ${time(at!)}, ${reason}, ${by}${home})
    ), added as (${insert(tables, { where: `not ${full}`, bucket })})
    select ended.*, ${full} as more from (select) as always left join ended on true`;
}

/**
 * The largest number of sessions that one statement ends. A statement that ends a user's 100,000 sessions would exceed the
 * budget of a request, and its result would keep this process busy.
 */
const MOST_ENDED = 500;

/**
 * Returns the statement that ends at most `MOST_ENDED` sessions of one owner. The column `more` is true if it did not look at
 * all of them. If it ended no session, it returns one row of nulls. The trigger `identity_session_ended` of migration 001
 * writes each session to the change log, from which other nodes learn of the end.
 *
 * `doomed` runs once, whatever the planner expects. As a subquery it ran again for every row of the table if the statistics were
 * those of an empty table, which took minutes for 1,500 sessions.
 * @param before The number of parameters before the eight of this statement: user and tenant; ids to end, id to keep and kind
 * of device, each null for any; time, reason and actor.
 * @param also Further parts of the `with` clause.
 */
function end(tables: Tables, before = 0, also = ''): string {
  const { sessions: table } = tables;
  const [user, tenant, only, except, device, at, reason, by] = parametersAfter(before);
  const located = inBucket(tables, `$${before + ENDING + 1}`);
  return `
    with picked as (
      select session_id from ${table} s
      where ${selectedBy(tables, [user!, tenant!, only!, except!, device!])}${located}
      limit ${MOST_ENDED}
    ), doomed as materialized (
      select s.session_id from ${table} s join picked using (session_id)
      where s.ended_at is null${located}
      order by s.session_id for no key update of s
    ), ended as (
      update ${table} s set ended_at = ${time(at!)}, end_reason = ${reason}, ended_by = ${by}
      from doomed
      where s.session_id = doomed.session_id and s.ended_at is null${located}
      returning ${ENDED.map((column) => `s.${column}`).join()}
    )${also}
    select ended.*, (select count(*) from picked) = ${MOST_ENDED} as more
    from (select) as always left join ended on true`;
}

/** The condition that a revocation selects the session `s`: by user and tenant; ids, an id to keep and a kind, each null for any. */
function selectedBy(
  tables: Tables,
  [user, tenant, only, except, device]: readonly [string, string, string, string, string],
): string {
  return `${ownedBy(user, tenant)} and ${notEnded(tables)}
        and (${only}::uuid[] is null or session_id = any(${only}))
        and (${except}::uuid is null or session_id <> ${except})
        and (${device}::text is null or device = ${device})`;
}

/** The largest number of sessions whose assurance one statement lowers. */
export const MOST_LOWERED = 500;

/**
 * Returns the statement that lowers the assurance of sessions: the same rule in SQL as `afterLowering` in `session/assurance`. It
 * sees a new assurance that another transaction has written meanwhile, because it locks the rows first, as `end` does.
 */
function lowerAssurance(tables: Tables): string {
  const { sessions: table } = tables;
  const [methods, acr] = ['$6::text[]', '$7::text'];
  const isUsed = `string_to_array(s.amr, ' ') && ${methods}`;
  const kept = `nullif(array_to_string(array(
        select method from unnest(string_to_array(s.amr, ' ')) with ordinality as m (method, place)
        where method <> all(${methods}) order by place
      ), ' '), '')`;
  const earlierMethods = `jsonb_array_elements_text(s.earlier_assurance -> 'amr') as m (method)`;
  const lowered = {
    authenticated_at: `case when ${methods} is null then null else s.authenticated_at end`,
    acr: `case when ${methods} is null or ${isUsed} then ${acr} else s.acr end`,
    amr: `case when ${methods} is null then null else ${kept} end`,
    // The assurance of an earlier secret, until it is no longer accepted.
    earlier_assurance: `case
      when s.earlier_assurance is null then null
      when ${methods} is null then jsonb_build_object('authenticatedAt', null, 'acr', ${acr}, 'amr', '[]'::jsonb)
      when exists (select from ${earlierMethods} where method = any(${methods})) then s.earlier_assurance ||
        jsonb_build_object('acr', ${acr}, 'amr', to_jsonb(array(select method from ${earlierMethods} where method <> all(${methods}))))
      else s.earlier_assurance end`,
  };
  const names = Object.keys(lowered);
  const values = Object.values(lowered);
  return `
    with picked as (
      select session_id from ${table} s
      where ${selectedBy(tables, ['$1', '$2', '$3', '$4', '$5'])}${inBucket(tables, '$8')}
        and (${names.map((name) => `s.${name}`).join(', ')}) is distinct from (${values.join(', ')})
      limit ${MOST_LOWERED}
    ), locked as materialized (
      select s.session_id from ${table} s join picked using (session_id)
      where s.ended_at is null${inBucket(tables, '$8')}
      order by s.session_id for no key update of s
    )
    update ${table} s set (${names.join(', ')}) = row (${values.join(', ')})
    from locked
    where s.session_id = locked.session_id and s.ended_at is null${inBucket(tables, '$8')}
    returning s.session_id`;
}

/** The number of parameters with which a statement selects and ends sessions. */
const ENDING = 8;

function parametersAfter(before: number): string[] {
  return Array.from({ length: ENDING }, (_, index) => `$${before + index + 1}`);
}

/** The condition that the session belongs to the user, in the form that the index of owners contains. */
export function ownedBy(user: string, tenant: string): string {
  return `user_id = ${user} and coalesce(tenant_id, '') = coalesce(${tenant}, '')`;
}

/** The condition that the session belongs to the user. Each part of it can use its own index, of live or of ended sessions. */
function ownedInAnyState(user: string, tenant: string): string {
  const owned = ownedBy(user, tenant);
  return `(${owned} and ended_at is null or ${owned} and ended_at is not null)`;
}

/** The condition that a session was not used after a point in time. The sign-in counts as a use. */
function idle(since: string): string {
  return `coalesce(last_accessed, signed_in) <= ${time(since)}`;
}

/** The condition that the session `s` is live: the same rule in SQL as `isLive` in `session/lifetimes`. */
export function live(tables: Tables, short: string, long: string, absolute: string): string {
  return `(${notEnded(tables)} and coalesce(authenticated_at, signed_in) > ${time(absolute)} and
    coalesce(last_accessed, signed_in) >
    case when stay_signed_in then ${time(long)} else ${time(short)} end)`;
}

/**
 * The history with further addresses: the same rule in SQL as `withIpAddresses` in `session/ip-address`. `used` is the length
 * of the history up to an address, counted from the newest, and the address of the sign-in is counted first.
 */
function appended(history: string, more: string, signInAddress: string): string {
  return `case when ${more} is null then ${history} else (
    select string_agg(address, ',' order by place) from (
      select address, place,
        sum(length(address) + 1) over (order by address is distinct from ${signInAddress}, place desc) as used
      from (
        select address, max(place) as place
        from unnest(string_to_array(concat_ws(',', ${history}, ${more}), ',')) with ordinality as u (address, place)
        group by address
      ) latest
    ) fitting where used <= ${LONGEST_HISTORY + 1}
  ) end`;
}
