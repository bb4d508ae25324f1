import type { Client } from 'pg';

import type { AuditRow, SessionRow } from './history';

/**
 * Installs triggers that record, independently of the nodes, which session was opened or ended by which node in which
 * transaction. They also record events that must never happen, such as an ended session that lives again.
 */
export async function installAudit(client: Client, sessionsPerUser: number): Promise<void> {
  await client.query(`
    create table faults_audit (
      event text, session_id uuid, xid xid8 default pg_current_xact_id(),
      node text default current_setting('application_name')
    );

    create function faults_note() returns trigger language plpgsql as $$
    begin
      insert into faults_audit (event, session_id) values (tg_argv[0], coalesce(old.session_id, new.session_id));
      return null;
    end $$;

    create function faults_count() returns trigger language plpgsql as $$
    begin
      if (select count(*) from identity_sessions where user_id = new.user_id and ended_at is null) > ${sessionsPerUser} then
        insert into faults_audit (event, session_id) values ('crowded', new.session_id);
      end if;
      return null;
    end $$;

    create trigger faults_opened after insert on identity_sessions
      for each row execute function faults_note('opened');
    create trigger faults_ended after update of ended_at on identity_sessions
      for each row when (old.ended_at is null and new.ended_at is not null) execute function faults_note('ended');
    create trigger faults_revived after update of ended_at on identity_sessions
      for each row when (old.ended_at is not null and new.ended_at is null) execute function faults_note('revived');
    create trigger faults_backwards after update of last_accessed on identity_sessions
      for each row when (old.last_accessed > new.last_accessed or old.last_accessed is not null and new.last_accessed is null)
      execute function faults_note('backwards');
    create trigger faults_deleted after delete on identity_sessions
      for each row execute function faults_note('deleted');
    create constraint trigger faults_crowded after insert on identity_sessions
      deferrable initially deferred for each row execute function faults_count()`);
}

export async function readAudit(client: Client): Promise<AuditRow[]> {
  const { rows } = await client.query<AuditRow>(`
    select event, replace(session_id::text, '-', '') as session, xid::text as transaction, node from faults_audit`);
  return rows;
}

export async function readSessions(client: Client): Promise<SessionRow[]> {
  const { rows } = await client.query<SessionRow>(`
    select replace(session_id::text, '-', '') as session, user_id as user, ended_at is not null as ended,
      extract(epoch from coalesce(last_accessed, signed_in))::float8 * 1000 as "lastAccessed"
    from identity_sessions`);
  return rows.map((row) => ({ ...row, lastAccessed: Math.round(row.lastAccessed) }));
}
