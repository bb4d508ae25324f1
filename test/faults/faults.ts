import { setTimeout as sleep } from 'node:timers/promises';

import type { Delay } from '../support/proxy';
import type { FakeTime } from './fake-time';
import { disperse, gather } from './multitude';
import type { Pooler } from './pooler';
import type { Rig } from './rig';
import type { SmallDisk } from './small-disk';

/** Longer than any copy is trusted, in milliseconds. */
export const OUTAGE = 3500;

/** The connections that asked for the change log last; where there are notices, they hear them too. */
const LOG_READER = `application_name in ('one', 'two') and query like '%identity_session_changes%'`;

export async function killBackend(rig: Rig): Promise<void> {
  const [backend] = await rig.sql<{ pid: number }>(`
    select pid from pg_stat_activity where application_name in ('one', 'two') limit 1`);
  process.kill(backend!.pid, 'SIGKILL');
  await sleep(2000);
}

export async function setReadOnly(rig: Rig, value: 'on' | 'off'): Promise<void> {
  await rig.sql(`alter system set default_transaction_read_only = ${value}`);
  await rig.sql('select pg_reload_conf()');
}

export async function repeatedly(act: (time: number) => unknown): Promise<void> {
  for (let time = 0; time < 15; time++) {
    await act(time);
    await sleep(200);
  }
}

export async function jump(time: FakeTime, ...offsets: readonly number[]): Promise<void> {
  for (const offset of offsets) {
    await time.jump(offset);
    await sleep(1500);
  }
}

export async function slow(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  rig.proxies[1].slow(delay);
  await sleep(time);
  rig.proxies[1].slow({});
}

/** The second node hears of the change log at once, and late of all else. */
export async function slowButForLog(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  const log = await logConnections(rig);
  rig.proxies[1].slow(delay, (port) => !log.includes(port));
  await sleep(time);
  rig.proxies[1].slow({});
}

/** The second node hears late of the change log, and at once of all else. */
export async function slowLog(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  const log = await logConnections(rig);
  rig.proxies[1].slow(delay, (port) => log.includes(port));
  await sleep(time);
  rig.proxies[1].slow({});
}

/** The second node hears nothing of the change log, and late of all else. */
export async function slowWithoutLog(rig: Rig, delay: Delay): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  rig.proxies[1].slow(delay);
  await sleep(2 * OUTAGE);
  rig.proxies[1].slow({});
  rig.proxies[1].resume();
}

/** How many sessions a node is asked for, and how many of them there are. */
const ASKED = 500_000;
const THERE = 250_000;

/** The second node is asked for more sessions than it can keep, and cannot write what it notes of them. */
export async function flood(rig: Rig): Promise<void> {
  await gather(rig, THERE);
  await setReadOnly(rig, 'on');
  await rig.nodes[1].order({ verify: ASKED });
  await setReadOnly(rig, 'off');
  await disperse(rig);
}

/** One user signs in many times at once, again and again, while the way of a node is a little slow. */
export async function crowd(rig: Rig): Promise<void> {
  rig.proxies[1].slow({ answers: 10 });
  for (let time = 0; time < 10; time++) await rig.signInTogether('crowd', 10);
  rig.proxies[1].slow({});
}

/** Nothing comes through to the second node. */
export async function silence(rig: Rig): Promise<void> {
  rig.proxies[1].silence();
  await sleep(OUTAGE);
  rig.proxies[1].resume();
}

/** The second node hears nothing of the change log, and all else. */
export async function silenceLog(rig: Rig, time = OUTAGE): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  await sleep(time);
  rig.proxies[1].resume();
}

/** The server forgets the connections that read the change log, and nobody is told. */
export async function halfOpenLog(rig: Rig): Promise<void> {
  for (const port of await logConnections(rig)) for (const proxy of rig.proxies) proxy.halfOpen(port);
  await sleep(OUTAGE);
}

/** The connections that read the change log are ended, again and again. */
export function cutLog(rig: Rig): Promise<void> {
  return repeatedly(() =>
    rig.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${LOG_READER}`),
  );
}

/** The ports by which the server knows the connections that read the change log. */
async function logConnections(rig: Rig): Promise<number[]> {
  const connections = await rig.sql<{ port: number }>(
    `select client_port as port from pg_stat_activity where ${LOG_READER}`,
  );
  return connections.map(({ port }) => port);
}

/** The table of sessions moves to the disk, which is then filled to the last page of the table. */
export async function fillDisk(rig: Rig, disk: SmallDisk): Promise<void> {
  await rig.sql(`create tablespace small location '${disk.folder}'`);
  await moveSessions(rig, 'small');
  await disk.fill();
  const fill = `
    insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day, ended_at)
    select gen_random_uuid(), '', 'filler', 'Web', false, now(), now(), now() from generate_series(1, 20)`;
  let full = false;
  for (let rows = 0; rows < 500 && !full; rows++) {
    full = await rig.sql(fill).then(
      () => false,
      (error: { code?: string }) => error.code === '53100',
    );
  }
  if (!full) throw new Error('The disk did not get full.');
  await sleep(OUTAGE);
  await disk.free();
  await sleep(1000);
  await moveSessions(rig, 'pg_default');
  await rig.sql('drop tablespace small');
}

async function moveSessions(rig: Rig, to: string): Promise<void> {
  const indexes = await rig.sql<{ name: string }>(
    `select indexname as name from pg_indexes where tablename = 'identity_sessions'`,
  );
  const moves = indexes.map(({ name }) => `alter index ${name} set tablespace ${to}`);
  await rig.sql(`alter table identity_sessions set tablespace ${to}; ${moves.join('; ')}`);
}

/** Every new piece of the write-ahead log needs room that is not there: the server gives up. */
export async function fillLogDisk(rig: Rig, disk: SmallDisk): Promise<void> {
  await disk.fill();
  for (let pieces = 0; pieces < 50; pieces++) {
    const ended = await rig
      .sql('create table if not exists t (); drop table t; select pg_switch_wal()')
      .catch(() => true);
    if (ended === true) break;
  }
  await sleep(OUTAGE);
  await disk.free();
  await rig.cluster.release();
  await rig.cluster.start();
}

export async function killPooler(pooler: Pooler): Promise<void> {
  await pooler.kill();
  await sleep(OUTAGE);
  await pooler.start();
}

/** Nothing comes through past the pooler. */
export async function silencePast(_: Pooler, { past }: Rig): Promise<void> {
  past!.silence();
  await sleep(OUTAGE);
  past!.resume();
}
