import { setTimeout as sleep } from 'node:timers/promises';

import type { Delay } from '../support/proxy';
import type { FakeTime } from './fake-time';
import { deleteCrowd, insertCrowd } from './many-sessions';
import type { Pooler } from './pooler';
import type { Rig } from './rig';
import type { SmallDisk } from './small-disk';

/** The usual duration of a fault in milliseconds. Longer than the lease. */
export const OUTAGE = 3500;

/** Connections whose last statement read the change log. They also LISTEN, if notifications are on. */
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

/** Delays everything for the second node except the change log. */
export async function slowButForLog(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  const log = await logConnections(rig);
  rig.proxies[1].slow(delay, (port) => !log.includes(port));
  await sleep(time);
  rig.proxies[1].slow({});
}

/** Delays only the change log for the second node. */
export async function slowLog(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  const log = await logConnections(rig);
  rig.proxies[1].slow(delay, (port) => log.includes(port));
  await sleep(time);
  rig.proxies[1].slow({});
}

/** Silences the change log for the second node and delays everything else. */
export async function slowWithoutLog(rig: Rig, delay: Delay): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  rig.proxies[1].slow(delay);
  await sleep(2 * OUTAGE);
  rig.proxies[1].slow({});
  rig.proxies[1].resume();
}

/** The number of requested sessions, and how many of them exist. */
const REQUESTED = 500_000;
const EXISTING = 250_000;

/** Requests more sessions from the second node than it can cache, while it cannot write their touches. */
export async function flood(rig: Rig): Promise<void> {
  await insertCrowd(rig, EXISTING);
  await setReadOnly(rig, 'on');
  await rig.nodes[1].order({ verify: REQUESTED });
  await setReadOnly(rig, 'off');
  await deleteCrowd(rig);
}

/** One user signs in ten times in parallel, ten times in a row, while one node's network is a little slow. */
export async function crowd(rig: Rig): Promise<void> {
  rig.proxies[1].slow({ answers: 10 });
  for (let time = 0; time < 10; time++) await rig.signInTogether('crowd', 10);
  rig.proxies[1].slow({});
}

/** Drops all data between the second node and the database. */
export async function silence(rig: Rig): Promise<void> {
  rig.proxies[1].silence();
  await sleep(OUTAGE);
  rig.proxies[1].resume();
}

/** Drops only the data of the second node's change log connections. */
export async function silenceLog(rig: Rig, time = OUTAGE): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  await sleep(time);
  rig.proxies[1].resume();
}

/** Closes the change log connections on the server's side only. */
export async function halfOpenLog(rig: Rig): Promise<void> {
  for (const port of await logConnections(rig)) for (const proxy of rig.proxies) proxy.halfOpen(port);
  await sleep(OUTAGE);
}

/** Terminates the change log connections repeatedly. */
export function cutLog(rig: Rig): Promise<void> {
  return repeatedly(() =>
    rig.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${LOG_READER}`),
  );
}

/** The client ports of the change log connections, as the server sees them. */
async function logConnections(rig: Rig): Promise<number[]> {
  const connections = await rig.sql<{ port: number }>(
    `select client_port as port from pg_stat_activity where ${LOG_READER}`,
  );
  return connections.map(({ port }) => port);
}

/** Moves the sessions table to the disk and fills the disk completely, including the free space inside the table. */
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
  if (!full) throw new Error('The disk did not become full');
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

/** Fills the disk of the write-ahead log, so that the server stops because it cannot create a new segment. */
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

/** Drops the data of the direct connections past the pooler. */
export async function silencePast(_: Pooler, { past }: Rig): Promise<void> {
  past!.silence();
  await sleep(OUTAGE);
  past!.resume();
}
