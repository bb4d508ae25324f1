import type { Credentials } from '../../lib';
import type { Rig } from './rig';

/** Sessions that are known by their numbers: so many that a node must not keep them all. Nobody records what becomes of them. */
export function member(number: number): Credentials {
  return { sessionId: number.toString(16).padStart(32, '0'), secret: `secret ${number}` };
}

/** Opens the first of them, unseen by the triggers. What nodes have planned for a small table is planned anew. */
export async function gather(rig: Rig, size: number): Promise<void> {
  await rig.sql(`
    set session_replication_role = replica;
    insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
    select lpad(to_hex(number), 32, '0')::uuid, sha256(convert_to('secret ' || number, 'UTF8')), 'member ' || number,
      'Web', true, now(), now()
    from generate_series(0, ${size - 1}) number;
    analyze identity_sessions`);
}

/** Takes them away again, unseen too. */
export async function disperse(rig: Rig): Promise<void> {
  await rig.sql(`
    set session_replication_role = replica;
    delete from identity_sessions where user_id like 'member %'`);
}
