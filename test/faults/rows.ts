import { setTimeout as sleep } from 'node:timers/promises';

import { Cable } from './cable';
import type { ClusterOptions } from './cluster';
import { FakeTime } from './fake-time';
import type { Violation } from './checker';
import type { Outcome } from './history';
import type { BugName } from './planted';
import type { Delay } from '../support/proxy';
import { Pooler } from './pooler';
import type { Rig, RigOptions } from './rig';
import { SmallDisk } from './small-disk';
import type { Tool } from './tools';

/** A row of the fault matrix. */
export interface Row {
  readonly fault: string;
  readonly needs?: readonly Tool[];
  /** What the clients must have met, or nothing was wrong at all. */
  readonly expects?: readonly Outcome[];
  readonly scene: () => Scene | Promise<Scene>;
}

/** What is done to which nodes and server. */
export interface Scene {
  readonly options?: RigOptions;
  /** The server, when it is not to be the usual one. */
  readonly cluster?: ClusterOptions;
  readonly inflict: (rig: Rig) => Promise<unknown>;
  readonly close?: () => Promise<void>;
}

/** Longer than any copy is trusted, in milliseconds. */
export const OUTAGE = 4500;

/** Requests that wait for slow answers, rather than giving them up. */
const PATIENT: RigOptions = { node: { requestBudget: 15_000 } };

const HOUR = 3600;

export const ROWS: readonly Row[] = [
  { fault: 'none', scene: () => ({ inflict: () => sleep(2000) }) },
  {
    fault: 'none; `lease: 0`',
    scene: () => ({ options: { node: { lease: 0 } }, inflict: () => sleep(2000) }),
  },
  {
    fault: 'none; one user signs in 100 times at once',
    scene: () => ({ inflict: crowd }),
  },
  {
    fault: 'none; two nodes of one name',
    scene: () => ({ options: { nodeId: 'twin' }, inflict: () => sleep(2000) }),
  },

  {
    fault: 'a backend of Postgres killed',
    scene: () => ({ inflict: killBackend }),
  },
  {
    fault: 'Postgres killed, started again',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE) }),
  },
  {
    fault: 'Postgres killed, started again; `lease: 0`',
    expects: ['unavailable'],
    scene: () => ({
      options: { node: { lease: 0 } },
      inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE),
    }),
  },
  {
    fault: 'Postgres shut down (immediate), started again',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGQUIT', OUTAGE) }),
  },
  {
    fault: 'Postgres shut down (fast), started again',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGINT', OUTAGE) }),
  },
  {
    fault: 'Postgres stopped as it stands',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.pause('all', OUTAGE) }),
  },
  {
    fault: 'the postmaster stopped: no new connections',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        const paused = rig.cluster.pause('postmaster', OUTAGE);
        rig.proxies[1].reset();
        await paused;
      },
    }),
  },
  {
    fault: 'Postgres takes no writes',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        await setReadOnly(rig, 'on');
        await sleep(OUTAGE);
        await setReadOnly(rig, 'off');
      },
    }),
  },
  {
    fault: 'Postgres has no connection left',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        const free = await rig.cluster.takeAllConnections(() =>
          rig.proxies.forEach((proxy) => proxy.reset()),
        );
        await sleep(OUTAGE);
        await free();
      },
    }),
  },
  {
    fault: 'the clock of Postgres an hour ahead, then right again',
    needs: ['faketime'],
    scene: async () => {
      const time = await FakeTime.create();
      return { cluster: { env: time.env }, inflict: () => jump(time, HOUR, 0), close: () => time.close() };
    },
  },
  {
    fault: 'the disk of Postgres full',
    needs: ['tmpfs'],
    expects: ['unavailable'],
    scene: async () => {
      const disk = await SmallDisk.create(16);
      return { inflict: (rig) => fillDisk(rig, disk), close: () => disk.close() };
    },
  },
  {
    fault: "the disk of Postgres' log full: it ends, and is started again",
    needs: ['tmpfs'],
    expects: ['unavailable'],
    scene: async () => {
      const disk = await SmallDisk.create(100);
      return {
        cluster: { log: disk.folder },
        inflict: (rig) => fillLogDisk(rig, disk),
        close: () => disk.close(),
      };
    },
  },

  {
    fault: "a node's pool held by the app",
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        rig.nodes[1].order({ holdPool: OUTAGE });
        await sleep(OUTAGE);
      },
    }),
  },
  {
    fault: "a node's event loop blocked",
    scene: () => ({
      inflict: async (rig) => {
        rig.nodes[1].order({ block: OUTAGE });
        await sleep(OUTAGE);
      },
    }),
  },
  {
    fault: 'a node stopped as it stands',
    scene: () => ({ inflict: (rig) => rig.nodes[1].pause(OUTAGE) }),
  },
  {
    fault: 'the nodes killed in turn, started again',
    expects: ['unanswered'],
    scene: () => ({
      inflict: async (rig) => {
        for (const node of rig.nodes) await rig.crash(node);
      },
    }),
  },
  {
    fault: 'the nodes asked to end in turn, started again',
    scene: () => ({
      inflict: async (rig) => {
        for (const node of rig.nodes) await rig.restart(node);
      },
    }),
  },
  {
    fault: "a node's clock an hour ahead, an hour behind, right again",
    needs: ['faketime'],
    scene: async () => {
      const time = await FakeTime.create();
      return {
        options: { surroundings: { env: time.env } },
        inflict: () => jump(time, HOUR, -HOUR, 0),
        close: () => time.close(),
      };
    },
  },

  {
    fault: 'the way of a node: a black hole',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => silence(rig) }),
  },
  {
    fault: 'the way of a node: the cable pulled',
    needs: ['netns'],
    expects: ['unavailable'],
    scene: async () => {
      const cable = await Cable.create();
      return {
        options: { databaseHost: cable.databaseHost, surroundings: cable.surroundings },
        inflict: async () => {
          await cable.pull();
          await sleep(OUTAGE);
          await cable.plug();
        },
        close: () => cable.close(),
      };
    },
  },
  {
    fault: 'the way of a node: connections half open',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        rig.proxies[1].halfOpen();
        await sleep(3000);
      },
    }),
  },
  {
    fault: 'the ways of both nodes: resets',
    scene: () => ({ inflict: (rig) => repeatedly((i) => rig.proxies[i % 2]!.reset()) }),
  },
  {
    fault: 'the ways of both nodes: every 7th answer lost',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        for (const proxy of rig.proxies) proxy.loseAnswers(7);
        await sleep(OUTAGE);
        for (const proxy of rig.proxies) proxy.loseAnswers(Infinity);
      },
    }),
  },
  {
    fault: 'the ways of both nodes: pieces of 7 bytes',
    scene: () => ({
      inflict: async (rig) => {
        for (const proxy of rig.proxies) proxy.slice(7);
        await sleep(2500);
        for (const proxy of rig.proxies) proxy.slice(Infinity);
      },
    }),
  },
  {
    fault: 'the way of a node: 300 ms slower',
    scene: () => ({ inflict: (rig) => slow(rig, { requests: 150, answers: 150 }) }),
  },
  {
    fault: 'the way of a node: answers 1.5 s late, but for the change log',
    scene: () => ({ options: PATIENT, inflict: (rig) => slowButForLog(rig, { answers: 1500 }) }),
  },
  {
    fault: 'the way of a node: answers 4 s late, the change log silent',
    scene: () => ({
      options: PATIENT,
      inflict: (rig) => slowWithoutLog(rig, { answers: 4000 }),
    }),
  },
  {
    fault: 'the way of a node: answers 1.5 s late',
    scene: () => ({ options: PATIENT, inflict: (rig) => slow(rig, { answers: 1500 }) }),
  },
  {
    fault: 'the way of a node: answers 3 s late',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => slow(rig, { answers: 3000 }) }),
  },
  {
    fault: "the change log's connection cut, again and again",
    scene: () => ({
      inflict: (rig) =>
        repeatedly(() =>
          rig.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${LOG_READER}`),
        ),
    }),
  },
  {
    fault: "the change log's connection silent",
    scene: () => ({ inflict: (rig) => silenceLog(rig) }),
  },

  {
    fault: 'none; PgBouncer in transaction mode',
    needs: ['pgbouncer'],
    scene: () => ({ options: { pooler: (database) => Pooler.before(database) }, inflict: () => sleep(2000) }),
  },
  {
    fault: 'PgBouncer in transaction mode killed, started again',
    needs: ['pgbouncer'],
    expects: ['unavailable'],
    scene: () => {
      let pooler: Pooler;
      return {
        options: { pooler: async (database) => (pooler = await Pooler.before(database)) },
        inflict: async () => {
          await pooler.kill();
          await sleep(OUTAGE);
          await pooler.start();
        },
      };
    },
  },
];

/** A bug on the second node, the property that it breaks, and what brings it out. */
export interface PlantedRow extends Row {
  readonly breaks: Violation['property'];
}

function planted(bug: BugName, breaks: Violation['property'], scene: Scene): PlantedRow {
  const options = { ...scene.options, planted: bug };
  return { fault: `planted: ${bug}`, breaks, scene: () => ({ ...scene, options }) };
}

/** What the checker has to find. */
export const PLANTED: readonly PlantedRow[] = [
  planted('changes ignored', 'P1', { inflict: () => sleep(OUTAGE) }),
  planted('lease extended by a hit', 'P1', {
    options: PATIENT,
    inflict: (rig) => silenceLog(rig, 2 * OUTAGE),
  }),
  planted('lease counted from the answer', 'P1', {
    options: PATIENT,
    inflict: (rig) => slow(rig, { answers: 1500 }, 2 * OUTAGE),
  }),
  planted('late landing kept', 'P1', {
    options: PATIENT,
    inflict: (rig) => slowButForLog(rig, { answers: 1500 }, 2 * OUTAGE),
  }),
  planted('older flight joined', 'P1', {
    options: PATIENT,
    inflict: (rig) => slowWithoutLog(rig, { answers: 4000 }),
  }),
  planted('own end not noted', 'P2', { inflict: () => sleep(2000) }),
  planted('outage taken for an end', 'P4', { inflict: silence }),
  planted('last touches not written', 'P7', { inflict: () => sleep(1000) }),
  planted('no lock on sign-in', 'P8', { inflict: crowd }),
];

/** The connections that asked for the change log last. */
const LOG_READER = `application_name in ('one', 'two') and query like '%identity_session_changes%'`;

async function killBackend(rig: Rig): Promise<void> {
  const [backend] = await rig.sql<{ pid: number }>(`
    select pid from pg_stat_activity where application_name in ('one', 'two') limit 1`);
  process.kill(backend!.pid, 'SIGKILL');
  await sleep(2000);
}

async function setReadOnly(rig: Rig, value: 'on' | 'off'): Promise<void> {
  await rig.sql(`alter system set default_transaction_read_only = ${value}`);
  await rig.sql('select pg_reload_conf()');
}

async function repeatedly(act: (time: number) => unknown): Promise<void> {
  for (let time = 0; time < 15; time++) {
    await act(time);
    await sleep(200);
  }
}

async function jump(time: FakeTime, ...offsets: readonly number[]): Promise<void> {
  for (const offset of offsets) {
    await time.jump(offset);
    await sleep(1500);
  }
}

async function slow(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  rig.proxies[1].slow(delay);
  await sleep(time);
  rig.proxies[1].slow({});
}

/** The second node hears of the change log at once, and late of all else. */
async function slowButForLog(rig: Rig, delay: Delay, time = OUTAGE): Promise<void> {
  rig.proxies[1].slow(delay, await logConnections(rig));
  await sleep(time);
  rig.proxies[1].slow({});
}

/** The second node hears nothing of the change log, and late of all else. */
async function slowWithoutLog(rig: Rig, delay: Delay): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  rig.proxies[1].slow(delay);
  await sleep(2 * OUTAGE);
  rig.proxies[1].slow({});
  rig.proxies[1].resume();
}

/** One user signs in many times at once, again and again, while the way of a node is a little slow. */
async function crowd(rig: Rig): Promise<void> {
  rig.proxies[1].slow({ answers: 10 });
  for (let time = 0; time < 10; time++) await rig.signInTogether('crowd', 10);
  rig.proxies[1].slow({});
}

/** Nothing comes through to the second node. */
async function silence(rig: Rig): Promise<void> {
  rig.proxies[1].silence();
  await sleep(OUTAGE);
  rig.proxies[1].resume();
}

/** The second node hears nothing of the change log, and all else. */
async function silenceLog(rig: Rig, time = OUTAGE): Promise<void> {
  for (const port of await logConnections(rig)) rig.proxies[1].silence(port);
  await sleep(time);
  rig.proxies[1].resume();
}

/** The ports by which the server knows the connections that read the change log. */
async function logConnections(rig: Rig): Promise<number[]> {
  const connections = await rig.sql<{ port: number }>(
    `select client_port as port from pg_stat_activity where ${LOG_READER}`,
  );
  return connections.map(({ port }) => port);
}

/** The table of sessions moves to the disk, which is then filled to the last page of the table. */
async function fillDisk(rig: Rig, disk: SmallDisk): Promise<void> {
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
async function fillLogDisk(rig: Rig, disk: SmallDisk): Promise<void> {
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
