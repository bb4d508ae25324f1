import type { Knex } from 'knex';

/** The layout of the table of sessions. */
export interface Layout {
  /** The number of partitions. Default: 0, one table without buckets. */
  readonly partitions?: number | undefined;
}

/** The number of buckets. */
const BUCKETS = 4096;

/** Leaves space for touches on the page of a row, so that they change no index. */
const FILLFACTOR = 85;

/** Returns SQL for the bucket that an id names: the twelve bits after those of the UUID's version. */
export function bucketInId(id: string): string {
  return `get_byte(uuid_send(${id}), 6) % 16 * 256 + get_byte(uuid_send(${id}), 7)`;
}

/** Returns SQL for the bucket of a user, as `ownerBucket` in `lib/session/bucket.ts` computes it. */
export function bucketOfOwner(tenant: string, user: string): string {
  const bytes = `sha256(convert_to(coalesce(${tenant}, '') || chr(31) || ${user}, 'UTF8'))`;
  return `get_byte(${bytes}, 0) * 16 + get_byte(${bytes}, 1) / 16`;
}

/** Returns the first bucket of a partition. Partitions have equal numbers of buckets, or numbers that differ by one. */
export function firstBucket(part: number, partitions: number): number {
  return Math.ceil((part * BUCKETS) / partitions);
}

/** The end of the partitioned table. */
const BY_BUCKET = `, primary key (session_id, bucket),
      constraint identity_sessions_bucket check (bucket = ${bucketInId('session_id')})
    ) partition by range (bucket)`;

/**
 * Creates the table of sessions with its indexes. With partitions, the bucket of the owner is a column, which is part of every
 * unique key and the first column of the indexes of owners.
 * @param at The quoted schema.
 */
export async function createSessions(knex: Knex, at: string, partitions: number): Promise<void> {
  const isPartitioned = partitions > 0;
  const bucket = isPartitioned ? 'bucket, ' : '';
  await knex.raw(`
    create table ${at}.identity_sessions (
      -- Columns of fixed width come first, because alignment then wastes no space.
      session_id uuid ${isPartitioned ? 'not null' : 'primary key'},
      -- In milliseconds, as all times in cursors. With finer times, a page could skip or repeat a session.
      signed_in timestamptz(3) not null,
      last_accessed timestamptz,
      -- The time of the user's last authentication, which requireRecent compares. Null if it is unknown.
      authenticated_at timestamptz(3),
      ended_at timestamptz,
      -- When the session was bound to the device of its browser.
      bound_at timestamptz(3),
      -- The day of the last use. An index on last_accessed itself would prevent HOT updates by touches.
      active_day date not null,
      -- When a client last received the secret, if not at the sign-in, and when one was seen to have stored it.
      secret_issued_at timestamptz(3),
      secret_confirmed_at timestamptz(3),
      secret_given_again smallint,
      ${isPartitioned ? 'bucket smallint not null,' : ''}
      stay_signed_in boolean not null,
      secret_hash bytea not null,
      -- The hash of the part that all secrets of the session share. Null if its secret never rotates.
      secret_family bytea,
      -- The hashes of the secrets before the current one, newest first, without anything between them.
      earlier_secret_hashes bytea,
      -- The current secret follows from the one before with this salt.
      secret_salt bytea,
      -- The device of the sign-in, as in identity_session_devices.
      known_device bytea,
      tenant_id text,
      -- Administrators can sort by user. The order of this collation is the same on every server.
      user_id text collate "C" not null,
      client_id text,
      -- The user who acts in the session as its owner.
      actor text,
      device text not null,
      device_info text,
      user_agent text,
      client_hints jsonb,
      sign_in_address text,
      ip_addresses text,
      extra_properties jsonb,
      data jsonb,
      -- One object per protocol, under the protocol's name.
      protocol_data jsonb,
      -- The fields that differ for a request with an earlier secret, after the user has authenticated again.
      earlier_assurance jsonb,
      auth_id text,
      -- The level of the last authentication, and its methods with spaces between them.
      acr text,
      amr text,
      node text,
      end_reason text,
      ended_by text,
      -- The device's public key.
      bound_key text,
      -- The hashes of the changes within the session that were reported, newest last.
      signals text[],
      -- The name that the owner gave to the session.
      name text
    ${isPartitioned ? BY_BUCKET : `) with (fillfactor = ${FILLFACTOR})`}`);
  for (let part = 0; part < partitions; part++) await createPartition(knex, at, part, partitions);
  // For the sessions of one user, newest sign-in first. "is not distinct from" cannot use an index, so null becomes ''.
  await knex.raw(`
    create index identity_sessions_owner on ${at}.identity_sessions (${bucket}user_id, coalesce(tenant_id, ''), signed_in)
    where ended_at is null`);
  // For the cleanup, and for administrators who sort by the last use, of all sessions or of a tenant's.
  await knex.raw(`
    create index identity_sessions_active_day on ${at}.identity_sessions (active_day, tenant_id) where ended_at is null`);
  await knex.raw(`
    create index identity_sessions_ended_at on ${at}.identity_sessions (ended_at) where ended_at is not null`);
  // For the ended sessions of one user.
  await knex.raw(`
    create index identity_sessions_ended_owner on ${at}.identity_sessions (${bucket}user_id, coalesce(tenant_id, ''), signed_in)
    where ended_at is not null`);
  // Few sessions have data, and only while they are active. The cleanup finds those that hibernate now.
  await knex.raw(`
    create index identity_sessions_data on ${at}.identity_sessions (active_day)
    where ended_at is null and data is not null`);

  // For administrators who page through the newest sign-ins, of all sessions or of a tenant's. The index stores equal
  // entries once, so an index by intervals of ten minutes has a third of the size of an index by time.
  const signedIn = `date_bin('10 minutes', signed_in, timestamptz 'epoch')`;
  await knex.raw(`
    create index identity_sessions_signed_in on ${at}.identity_sessions (${signedIn}) where ended_at is null`);
  await knex.raw(`
    create index identity_sessions_tenant on ${at}.identity_sessions (tenant_id, ${signedIn})
    where ended_at is null and tenant_id is not null`);

  // The same for ended sessions.
  await knex.raw(`
    create index identity_sessions_ended_signed_in on ${at}.identity_sessions (${signedIn}) where ended_at is not null`);
  await knex.raw(`
    create index identity_sessions_ended_tenant on ${at}.identity_sessions (tenant_id, ${signedIn})
    where ended_at is not null and tenant_id is not null`);
  await knex.raw(`
    create index identity_sessions_ended_day on ${at}.identity_sessions (active_day, tenant_id) where ended_at is not null`);
  // For administrators who look for a client or a kind of device that few sessions have.
  await knex.raw(`
    create index identity_sessions_client on ${at}.identity_sessions (client_id, ${signedIn}) where client_id is not null`);
  await knex.raw(`create index identity_sessions_device on ${at}.identity_sessions (device, ${signedIn})`);

  // An auth id is unique among the live sessions of its owner. Clients choose it, so that another user must not block it.
  await knex.raw(`
    create unique index identity_sessions_auth_id on ${at}.identity_sessions (${bucket}auth_id, user_id, coalesce(tenant_id, ''))
    where ended_at is null and auth_id is not null`);
  // For administrators who look for a user of any tenant, or sort by user: the indexes of owners start with the bucket.
  if (isPartitioned) {
    await knex.raw(
      `create index identity_sessions_user on ${at}.identity_sessions (user_id, coalesce(tenant_id, ''))`,
    );
  }
}

/**
 * Creates the table of sessions, the change log, and the triggers that write the log. Triggers see every writer, including
 * an administrator who ends a session by hand in psql.
 */
export async function up(knex: Knex, schema?: string, { partitions = 0 }: Layout = {}): Promise<void> {
  const at = await location(knex, schema);
  await createSessions(knex, at, partitions);

  // One row ends all sessions in its scope that were signed in by then. A scope is "everyone", "no tenant", or "tenant:"
  // followed by the tenant's id.
  await knex.raw(`
    create table ${at}.identity_session_epochs (
      scope text primary key,
      ended_at timestamptz not null,
      ended_by text
    )`);

  // The settings that administrators change while the app runs, in one row. Where a value is null, the app's options apply.
  await knex.raw(`
    create table ${at}.identity_session_policy (
      one boolean primary key default true check (one),
      prevent_concurrent_login text
        check (prevent_concurrent_login in ('Disabled', 'LogoutFromSameTypeDevices', 'LogoutFromAllDevices')),
      -- In milliseconds. Sessions that do not stay signed in end after this time without a request.
      idle_timeout bigint check (idle_timeout >= 1000),
      -- The most live sessions of a user: in total, with one client, and on one kind of device. Infinity for no limit.
      max_sessions_per_user float8 check (max_sessions_per_user >= 1),
      max_sessions_per_client float8 check (max_sessions_per_client >= 1),
      max_sessions_per_device float8 check (max_sessions_per_device >= 1),
      -- The settings of protocols: one object per protocol, under the protocol's name.
      protocols jsonb
    )`);
  await knex.raw(`insert into ${at}.identity_session_policy default values`);

  // The key for keyed hashes: 244 random bits.
  await knex.raw(`
    create table ${at}.identity_session_keys (
      one boolean primary key default true check (one),
      key bytea not null default sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    )`);
  await knex.raw(`insert into ${at}.identity_session_keys default values`);

  // Failed sign-ins in a row, by account. Accounts and addresses are keyed hashes.
  await knex.raw(`
    create table ${at}.identity_session_attempts (
      account bytea primary key,
      failures integer not null,
      wait_until timestamptz,
      last_at timestamptz not null,
      -- The addresses from which the account signed in, newest first.
      addresses bytea[] not null default '{}'
    ) with (fillfactor = 70)`);

  // The times at which users changed their credentials. The owner is the text that also names the owner's lock.
  await knex.raw(`
    create table ${at}.identity_session_credential_changes (
      owner text primary key,
      changed_at timestamptz not null
    )`);
  await knex.raw(`
    create index identity_session_credential_changes_at on ${at}.identity_session_credential_changes (changed_at)`);

  // The devices on which users signed in. A device is the hash of a random token, which is different for every user. A missing
  // tenant is ''.
  await knex.raw(`
    create table ${at}.identity_session_devices (
      user_id text not null,
      tenant text not null,
      device bytea not null,
      used_on date not null,
      primary key (user_id, tenant, device)
    )`);
  await knex.raw(`create index identity_session_devices_used_on on ${at}.identity_session_devices (used_on)`);

  // Single-use tokens, such as the links of mails. The content is JSON that the creator of a token needs at its use.
  await knex.raw(`
    create table ${at}.identity_session_tokens (
      hash bytea primary key,
      purpose text not null,
      tenant_id text,
      user_id text not null,
      content text not null,
      expires_at timestamptz not null,
      -- While a token is used, no other request can use it.
      claimed_until timestamptz
    )`);
  await knex.raw(
    `create index identity_session_tokens_expires_at on ${at}.identity_session_tokens (expires_at)`,
  );

  // A row without a session id means all sessions. The id makes the key unique: without a key, rows could not be deleted
  // while the database is published for logical replication. One index serves as key and for reads by xid.
  await knex.raw(`
    create table ${at}.identity_session_changes (
      session_id uuid,
      xid xid8 default pg_current_xact_id(),
      id bigint generated always as identity,
      logged_at timestamptz not null default clock_timestamp(),
      version smallint not null default 1,
      primary key (xid, id)
    )`);

  await createTrail(knex, at);

  // The lease by which one node at a time cleans up: one row, which the first cleanup inserts.
  await knex.raw(`
    create table ${at}.identity_session_cleanup (
      only_row boolean primary key default true check (only_row),
      lease_number bigint not null default 1,
      leased_until timestamptz not null,
      finished_at timestamptz not null default '-infinity',
      -- A snapshot of the log. Its entries may be deleted when the snapshot is old enough.
      log_seen pg_snapshot not null default pg_current_snapshot(),
      log_seen_at timestamptz not null default clock_timestamp()
    )`);

  await createDisplace(knex, at, partitions);
  await createTriggers(knex, at);
  if (partitions > 0) await protectBuckets(knex, at);
  await createTrailTriggers(knex, at);
  await createCredentialsCheck(knex, at);
  await protectEpochs(knex, at);
}

export async function down(knex: Knex, schema?: string): Promise<void> {
  const at = await location(knex, schema);
  await knex.raw(`drop table ${at}.identity_sessions`);
  await knex.raw(`drop table ${at}.identity_session_epochs`);
  await knex.raw(`drop table ${at}.identity_session_policy`);
  await knex.raw(`drop table ${at}.identity_session_keys`);
  await knex.raw(`drop table ${at}.identity_session_attempts`);
  await knex.raw(`drop table ${at}.identity_session_credential_changes`);
  await knex.raw(`drop table ${at}.identity_session_devices`);
  await knex.raw(`drop table ${at}.identity_session_tokens`);
  await knex.raw(`drop table ${at}.identity_session_changes`);
  await knex.raw(`drop table ${at}.identity_session_cleanup`);
  await knex.raw(`drop table ${at}.identity_session_trail`);
  await knex.raw(`drop table ${at}.identity_session_failures`);
  await knex.raw(`drop function ${at}.identity_session_displace`);
  await knex.raw(`drop function ${at}.identity_session_opened()`);
  await knex.raw(`drop function ${at}.identity_session_ended()`);
  await knex.raw(`drop function ${at}.identity_session_changed()`);
  await knex.raw(`drop function ${at}.identity_session_check_credentials(text, bigint, timestamptz)`);
  await knex.raw(`drop function ${at}.identity_session_all_changed()`);
  await knex.raw(`drop function ${at}.identity_sessions_deleted()`);
  await knex.raw(`drop function ${at}.identity_session_stays_ended()`);
  await knex.raw(`drop function ${at}.identity_session_epoch_stays()`);
  await knex.raw(`drop function ${at}.identity_session_all_ended()`);
  await knex.raw(`drop function ${at}.identity_session_trail_stays()`);
  await knex.raw(`drop function if exists ${at}.identity_session_wrong_bucket()`);
}

async function createPartition(knex: Knex, at: string, part: number, partitions: number): Promise<void> {
  const [first, end] = [firstBucket(part, partitions), firstBucket(part + 1, partitions)];
  const name = `identity_sessions_p${String(first).padStart(4, '0')}`;
  await knex.raw(`
    create table ${at}.${name} partition of ${at}.identity_sessions
    for values from (${first}) to (${end}) with (fillfactor = ${FILLFACTOR})`);
}

/** Creates the trigger that refuses rows whose id does not name the bucket of their owner, because the owner would not find them. */
export async function protectBuckets(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_wrong_bucket() returns trigger language plpgsql as $$
    begin
      raise exception 'identity session % does not name the bucket of its owner', new.session_id
        using errcode = 'check_violation', constraint = 'identity_sessions_bucket';
    end $$`);
  await knex.raw(`
    create trigger identity_session_wrong_bucket before insert or update of tenant_id, user_id on ${at}.identity_sessions
    for each row when (new.bucket <> ${bucketOfOwner('new.tenant_id', 'new.user_id')})
    execute function ${at}.identity_session_wrong_bucket()`);
}

/**
 * Creates the trail of what happened to users' sessions, and the counters that keep a flood of failures from filling it. An
 * entry never changes: the database refuses updates. Cleanup and erasure delete entries.
 */
async function createTrail(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create table ${at}.identity_session_trail (
      id bigint generated always as identity primary key,
      at timestamptz(3) not null,
      session_id uuid,
      -- The number of acts of this kind within the hour so far. Above 1 only for failures and signals.
      count integer not null default 1,
      event text not null,
      tenant_id text,
      user_id text,
      reason text,
      actor text,
      client_id text,
      device text,
      user_agent text,
      ip_address text,
      -- The values before and after a change within the session.
      value_before text,
      value_after text,
      -- The keyed hash of the name that was typed in a failed attempt.
      name_hash bytea,
      -- The scope of an end of all sessions; see the epochs.
      scope text
    )`);
  await knex.raw(`
    create index identity_session_trail_owner on ${at}.identity_session_trail (user_id, coalesce(tenant_id, ''), id)
    where user_id is not null`);
  await knex.raw(`
    create index identity_session_trail_scope on ${at}.identity_session_trail (scope, id) where scope is not null`);
  await knex.raw(`
    create table ${at}.identity_session_failures (
      counter text primary key,
      since timestamptz not null,
      count integer not null
    ) with (fillfactor = 70)`);

  await knex.raw(`
    create function ${at}.identity_session_trail_stays() returns trigger language plpgsql as $$
    begin
      raise exception 'entries of the trail cannot be changed' using errcode = 'check_violation';
    end $$`);
  await knex.raw(`
    create trigger identity_session_trail_stays before update on ${at}.identity_session_trail
    for each statement execute function ${at}.identity_session_trail_stays()`);
}

/** Creates the triggers that write the trail together with the act, also if an administrator acts in psql. */
async function createTrailTriggers(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_opened() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_trail
        (at, session_id, event, tenant_id, user_id, actor, client_id, device, user_agent, ip_address)
      values (new.signed_in, new.session_id, 'signed-in', new.tenant_id, new.user_id, new.actor, new.client_id, new.device,
        new.user_agent, new.sign_in_address);
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_session_opened after insert on ${at}.identity_sessions
    for each row when (new.ended_at is null) execute function ${at}.identity_session_opened()`);

  await knex.raw(`
    create function ${at}.identity_session_all_ended() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_trail (at, event, reason, actor, scope)
      values (new.ended_at, 'everything-ended', 'administrator', new.ended_by, new.scope);
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_session_all_ended after insert or update of ended_at on ${at}.identity_session_epochs
    for each row execute function ${at}.identity_session_all_ended()`);
}

/**
 * Creates the function with which a sign-in ends other sessions of its user, at most `most`, while it holds the user's lock.
 * Every statement in the function has a snapshot of its own. The update therefore sees the sessions of all sign-ins that held
 * the lock before. Above READ COMMITTED it would not see them, so the function refuses to run.
 */
export async function createDisplace(knex: Knex, at: string, partitions: number): Promise<void> {
  const [parameter, inBucket] = partitions > 0 ? [', home smallint', ' and bucket = home'] : ['', ''];
  await knex.raw(`
    create function ${at}.identity_session_displace(
      lock bigint, most integer, owner text, tenant text, kept uuid, kind text, at timestamptz, reason text, ender text${parameter}
    ) returns table (
      session_id uuid, tenant_id text, user_id text, client_id text, auth_id text, end_reason text, ended_by text
    ) language plpgsql as $$
    #variable_conflict use_column
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'identity_session_displace needs the isolation level read committed'
          using errcode = 'IS002';
      end if;
      perform pg_advisory_xact_lock(lock);
      return query
        with doomed as materialized (
          select session_id from ${at}.identity_sessions d
          where user_id = owner and coalesce(tenant_id, '') = coalesce(tenant, '') and ended_at is null${inBucket}
            and (kept is null or session_id <> kept) and (kind is null or device = kind)
            and not exists (
              select from ${at}.identity_session_epochs e
              where e.scope in ('everyone', coalesce('tenant:' || d.tenant_id, 'no tenant')) and e.ended_at >= d.signed_in
            )
          order by session_id limit most for no key update of d
        )
        update ${at}.identity_sessions s set ended_at = at, end_reason = reason, ended_by = ender
        from doomed
        where s.session_id = doomed.session_id and s.ended_at is null${inBucket}
        returning s.session_id, s.tenant_id::text, s.user_id::text, s.client_id::text, s.auth_id::text, s.end_reason::text,
          s.ended_by::text;
    end $$`);
}

/**
 * Creates the triggers that write the change log. They fire when a session ends or changes, but not for touches, which set
 * other columns. They do not notify: a notification takes a lock of the whole server until the transaction is on disk, so
 * that only one transaction at a time could commit. The nodes notify each other after the commit.
 */
async function createTriggers(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_changed() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id) values (old.session_id);
      return null;
    end $$`);
  // One function writes both the log and the trail, because calling a second one would take time at every end.
  await knex.raw(`
    create function ${at}.identity_session_ended() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id) values (old.session_id);
      insert into ${at}.identity_session_trail
        (at, session_id, event, reason, actor, tenant_id, user_id, client_id, device, user_agent, ip_address)
      values (new.ended_at, old.session_id, 'ended', new.end_reason, new.ended_by, old.tenant_id, old.user_id, old.client_id,
        old.device, old.user_agent, coalesce(substring(old.ip_addresses from '[^,]*$'), old.sign_in_address));
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_session_ended after update of ended_at on ${at}.identity_sessions
    for each row when (old.ended_at is null and new.ended_at is not null)
    execute function ${at}.identity_session_ended()`);
  await knex.raw(`
    create trigger identity_session_changed after update of
      session_id, secret_hash, secret_issued_at, secret_confirmed_at, earlier_assurance, tenant_id, user_id, client_id, actor, device,
      device_info, user_agent, client_hints, stay_signed_in, signed_in, authenticated_at, acr, amr,
      extra_properties, data, protocol_data, auth_id, bound_at,
      bound_key, name
    on ${at}.identity_sessions for each row when (new.ended_at is null)
    execute function ${at}.identity_session_changed()`);

  // The cleanup deletes thousands of rows at once. One insert for all of them takes half the time.
  await knex.raw(`
    create function ${at}.identity_sessions_deleted() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id)
      select session_id from deleted where ended_at is null;
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_sessions_deleted after delete on ${at}.identity_sessions referencing old table as deleted
    for each statement execute function ${at}.identity_sessions_deleted()`);

  await knex.raw(`
    create function ${at}.identity_session_all_changed() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id) values (null);
      return null;
    end $$`);
  for (const [table, act] of [
    ['identity_sessions', 'truncate'],
    ['identity_session_epochs', 'insert or update'],
    ['identity_session_policy', 'insert or update or delete or truncate'],
  ]) {
    await knex.raw(`
      create trigger identity_session_all_changed after ${act} on ${at}.${table}
      for each statement execute function ${at}.identity_session_all_changed()`);
  }

  // Guarantees in the database that an ended session stays ended. Ending it again is allowed, for example when an
  // administrator ends all sessions of a user by hand: the first end stays.
  await knex.raw(`
    create function ${at}.identity_session_stays_ended() returns trigger language plpgsql as $$
    begin
      if new.ended_at is null then
        raise exception 'identity session % has ended and cannot come back', old.session_id
          using errcode = 'check_violation';
      end if;
      new.ended_at := old.ended_at;
      new.end_reason := old.end_reason;
      new.ended_by := old.ended_by;
      return new;
    end $$`);
  await knex.raw(`
    create trigger identity_session_stays_ended before update of ended_at on ${at}.identity_sessions
    for each row when (old.ended_at is not null)
    execute function ${at}.identity_session_stays_ended()`);
}

/**
 * Creates the function that refuses a sign-in whose credentials were checked before they changed. It first takes the owner's
 * lock in shared mode. A change of credentials takes it in exclusive mode, so it waits for the sign-ins in progress, and its
 * statement that ends sessions sees them. A sign-in that waited sees the change, because each statement of a volatile
 * function has a snapshot of its own. At a level above READ COMMITTED it would not, so the function refuses to run there.
 */
async function createCredentialsCheck(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_check_credentials(owner_text text, owner_lock bigint, checked_at timestamptz)
    returns boolean language plpgsql volatile as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'sign-ins need READ COMMITTED' using errcode = 'IS002';
      end if;
      perform pg_advisory_xact_lock_shared(owner_lock);
      if exists (
        select from ${at}.identity_session_credential_changes where owner = owner_text and changed_at > checked_at
      ) then
        raise exception 'the credentials changed during the sign-in' using errcode = 'IS001';
      end if;
      return true;
    end $$`);
}

/** Creates the triggers that prevent an epoch from being deleted or moved back. */
async function protectEpochs(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_epoch_stays() returns trigger language plpgsql as $$
    begin
      raise exception 'the sessions of % have ended and cannot come back', old.scope using errcode = 'check_violation';
    end $$`);
  await knex.raw(`
    create trigger identity_session_epoch_kept before delete on ${at}.identity_session_epochs
    for each row execute function ${at}.identity_session_epoch_stays()`);
  await knex.raw(`
    create trigger identity_session_epoch_stays before update on ${at}.identity_session_epochs
    for each row when (new.scope <> old.scope or new.ended_at < old.ended_at)
    execute function ${at}.identity_session_epoch_stays()`);
}

/**
 * Returns the quoted schema. Triggers must name it, because they run under the writer's search path.
 * @throws Error if the search path contains no schema that exists
 */
async function location(knex: Knex, schema: string | undefined): Promise<string> {
  const result = await knex.raw<Located[] | { rows: Located[] }>(
    'select quote_ident(coalesce(?, current_schema())) as schema',
    [schema ?? null],
  );
  // Mappers of the app may have unwrapped the rows.
  const name = (Array.isArray(result) ? result : result.rows)[0]!.schema;
  if (name !== null) return name;
  throw new Error(
    'The search path of the connection contains no schema that exists: create one, or pass `schema`',
  );
}

interface Located {
  readonly schema: string | null;
}
