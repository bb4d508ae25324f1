import type { Credentials } from '../../lib';
import type { Rig } from './rig';

/** The credentials of a numbered session. There are more such sessions than a node can cache. They are not recorded. */
export function member(number: number): Credentials {
  return { sessionId: number.toString(16).padStart(32, '0'), secret: `secret ${number}` };
}

/** Inserts the first sessions without triggers, and analyzes the table so that its size is known to the planner. */
export async function insertCrowd(rig: Rig, size: number): Promise<void> {
  await rig.sql(`
    set session_replication_role = replica;
    insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
    select lpad(to_hex(number), 32, '0')::uuid, sha256(convert_to('secret ' || number, 'UTF8')), 'member ' || number,
      'Web', true, now(), now()
    from generate_series(0, ${size - 1}) number;
    analyze identity_sessions`);
}

/** Deletes the sessions without triggers. */
export async function deleteCrowd(rig: Rig): Promise<void> {
  await rig.sql(`
    set session_replication_role = replica;
    delete from identity_sessions where user_id like 'member %'`);
}
