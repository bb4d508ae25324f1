import type { Knex } from 'knex';

/**
 * The table of sessions, the log of what ended or changed in it, and the triggers that keep the log: they see every
 * writer, also somebody who ends a session by hand in psql.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  const at = await location(knex, schema);

  await knex.raw(`
    create table ${at}.identity_sessions (
      -- What has a fixed width comes first: nothing is lost to alignment, and every row is shorter.
      session_id uuid primary key,
      signed_in timestamptz not null,
      last_accessed timestamptz,
      ended_at timestamptz,
      -- The day of the last use: last_accessed itself is in no index, which would cost every touch its HOT update.
      active_day date not null,
      stay_signed_in boolean not null,
      secret_hash bytea not null,
      tenant_id text,
      user_id text not null,
      client_id text,
      device text not null,
      device_info text,
      user_agent text,
      ip_addresses text,
      extra_properties jsonb,
      data jsonb,
      -- One object per protocol, under the protocol's name.
      protocol_data jsonb,
      auth_id text,
      node text,
      end_reason text,
      ended_by text
    ) with (fillfactor = 85)`);
  await knex.raw(`
    create index identity_sessions_owner on ${at}.identity_sessions (user_id, tenant_id) where ended_at is null`);
  // For cleanup, and for administrators who look for the latest uses of all or of a tenant.
  await knex.raw(`
    create index identity_sessions_active_day on ${at}.identity_sessions (active_day, tenant_id) where ended_at is null`);
  await knex.raw(`
    create index identity_sessions_ended_at on ${at}.identity_sessions (ended_at) where ended_at is not null`);
  // Few sessions have data, and only while they are active: cleanup finds those that have fallen asleep.
  await knex.raw(`
    create index identity_sessions_data on ${at}.identity_sessions (active_day)
    where ended_at is null and data is not null`);

  // For administrators, who page through the newest sign-ins of all or of a tenant. Entries that are equal share their
  // room: by tens of minutes an index takes a third of what it takes by the time itself, and the rest is soon sorted.
  const signedIn = `date_bin('10 minutes', signed_in, timestamptz 'epoch')`;
  await knex.raw(`
    create index identity_sessions_signed_in on ${at}.identity_sessions (${signedIn}) where ended_at is null`);
  await knex.raw(`
    create index identity_sessions_tenant on ${at}.identity_sessions (tenant_id, ${signedIn})
    where ended_at is null and tenant_id is not null`);

  // An auth id is unique among live sessions, whoever they belong to.
  await knex.raw(`
    create unique index identity_sessions_auth_id on ${at}.identity_sessions (auth_id)
    where ended_at is null and auth_id is not null`);

  // What ends everything at once, by one row: all sessions in the scope that were signed in by then have ended then.
  // A scope is "everyone", "no tenant", or "tenant:" and its id.
  await knex.raw(`
    create table ${at}.identity_session_epochs (
      scope text primary key,
      ended_at timestamptz not null,
      ended_by text
    )`);

  // What administrators change while the app runs, in one row. What is null is as the app's options say.
  await knex.raw(`
    create table ${at}.identity_session_policy (
      one boolean primary key default true check (one),
      prevent_concurrent_login text
        check (prevent_concurrent_login in ('Disabled', 'LogoutFromSameTypeDevices', 'LogoutFromAllDevices')),
      -- The settings of protocols: one object per protocol, under the protocol's name.
      protocols jsonb
    )`);
  await knex.raw(`insert into ${at}.identity_session_policy default values`);

  // A row without a session id stands for all sessions.
  await knex.raw(`
    create table ${at}.identity_session_changes (
      session_id uuid,
      xid xid8 not null default pg_current_xact_id(),
      logged_at timestamptz not null default clock_timestamp(),
      version smallint not null default 1
    )`);
  await knex.raw(`
    create index identity_session_changes_xid on ${at}.identity_session_changes (xid)`);

  // What the nodes know of each other's cleanup: one row, which the first makes.
  await knex.raw(`
    create table ${at}.identity_session_cleanup (
      only_row boolean primary key default true check (only_row),
      lease_number bigint not null default 1,
      leased_until timestamptz not null,
      finished_at timestamptz not null default '-infinity',
      -- What was in the log at some time: it may go when that time is long past.
      log_seen pg_snapshot not null default pg_current_snapshot(),
      log_seen_at timestamptz not null default clock_timestamp()
    )`);

  await createTriggers(knex, at);
  await keepEpochs(knex, at);
}

export async function down(knex: Knex, schema?: string): Promise<void> {
  const at = await location(knex, schema);
  await knex.raw(`drop table ${at}.identity_sessions`);
  await knex.raw(`drop table ${at}.identity_session_epochs`);
  await knex.raw(`drop table ${at}.identity_session_policy`);
  await knex.raw(`drop table ${at}.identity_session_changes`);
  await knex.raw(`drop table ${at}.identity_session_cleanup`);
  await knex.raw(`drop function ${at}.identity_session_changed()`);
  await knex.raw(`drop function ${at}.identity_session_all_changed()`);
  await knex.raw(`drop function ${at}.identity_sessions_deleted()`);
  await knex.raw(`drop function ${at}.identity_session_stays_ended()`);
  await knex.raw(`drop function ${at}.identity_session_epoch_stays()`);
}

/**
 * The triggers fire for what ends or changes a session, and not for touches: those set other columns. A notice says no
 * more than that the log has grown; PostgreSQL sends it on commit, once a transaction.
 */
async function createTriggers(knex: Knex, at: string): Promise<void> {
  await knex.raw(`
    create function ${at}.identity_session_changed() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id) values (old.session_id);
      perform pg_notify('identity_session_changes', '');
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_session_ended after update of ended_at on ${at}.identity_sessions
    for each row when (old.ended_at is null and new.ended_at is not null)
    execute function ${at}.identity_session_changed()`);
  await knex.raw(`
    create trigger identity_session_changed after update of
      session_id, secret_hash, tenant_id, user_id, client_id, device, device_info, user_agent, stay_signed_in, signed_in,
      extra_properties, data, protocol_data, auth_id
    on ${at}.identity_sessions for each row when (new.ended_at is null)
    execute function ${at}.identity_session_changed()`);

  // Cleanup deletes thousands at once: all of them in one insert takes half the time.
  await knex.raw(`
    create function ${at}.identity_sessions_deleted() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id)
      select session_id from deleted where ended_at is null;
      if found then
        perform pg_notify('identity_session_changes', '');
      end if;
      return null;
    end $$`);
  await knex.raw(`
    create trigger identity_sessions_deleted after delete on ${at}.identity_sessions referencing old table as deleted
    for each statement execute function ${at}.identity_sessions_deleted()`);

  await knex.raw(`
    create function ${at}.identity_session_all_changed() returns trigger language plpgsql as $$
    begin
      insert into ${at}.identity_session_changes (session_id) values (null);
      perform pg_notify('identity_session_changes', '');
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

  // That an ended session stays ended must not rest on the good behaviour of programs. Ending it once more is no mistake,
  // as when somebody ends all sessions of a user by hand: the first end stands.
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

/** Nor may what ended everything be taken back: it only moves on. */
async function keepEpochs(knex: Knex, at: string): Promise<void> {
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

/** The quoted schema. Triggers must name it: they run under the search path of whoever writes. */
async function location(knex: Knex, schema: string | undefined): Promise<string> {
  const { rows } = await knex.raw<{ rows: { schema: string }[] }>(
    'select quote_ident(coalesce(?, current_schema())) as schema',
    [schema ?? null],
  );
  return rows[0]!.schema;
}
