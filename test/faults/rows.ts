import { setTimeout as sleep } from 'node:timers/promises';

import { Cable } from './cable';
import type { Violation } from './checker';
import type { ClusterOptions } from './cluster';
import { FakeTime } from './fake-time';
import {
  crowd,
  cutLog,
  fillDisk,
  fillLogDisk,
  flood,
  halfOpenLog,
  jump,
  killBackend,
  killPooler,
  OUTAGE,
  repeatedly,
  setReadOnly,
  silence,
  silenceLog,
  silencePast,
  slow,
  slowButForLog,
  slowLog,
  slowWithoutLog,
} from './faults';
import type { Outcome } from './history';
import type { BugName } from './planted';
import { Pooler } from './pooler';
import type { Redis, Rig, RigOptions } from './rig';
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

/** Requests that wait for slow answers, rather than giving them up, on connections enough for all that wait. */
const PATIENT: RigOptions = { node: { requestBudget: 15_000 }, connections: 20 };

/** Nodes that write no touch during a run: the answer would tell them what has ended. */
const UNTOLD: RigOptions = {
  ...PATIENT,
  node: { ...PATIENT.node, touchInterval: 60_000, updateAfterCacheHits: 10_000 },
};

/** A second node that has some 70 MB for all that it keeps, beside what Node.js, TypeScript and the app have taken. */
const SCANT: RigOptions = {
  ...PATIENT,
  surroundings: { env: { NODE_OPTIONS: '--max-old-space-size=96' } },
};

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
      inflict: (rig) => rig.nodes[1].order({ holdPool: OUTAGE }),
    }),
  },
  {
    fault: "a node's event loop blocked",
    scene: () => ({
      inflict: (rig) => rig.nodes[1].order({ block: OUTAGE }),
    }),
  },
  {
    fault: 'a node of little memory asked for half a million sessions, half of which never were',
    expects: ['unavailable'],
    scene: () => ({ options: SCANT, inflict: flood }),
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
    scene: () => ({ inflict: cutLog }),
  },
  {
    fault: "the change log's connection silent",
    scene: () => ({ inflict: (rig) => silenceLog(rig) }),
  },
  {
    fault: "the change log's connections half open",
    scene: () => ({ inflict: halfOpenLog }),
  },
  {
    fault: "the change log's answers 1.5 s late",
    scene: () => ({ options: UNTOLD, inflict: (rig) => slowLog(rig, { answers: 1500 }) }),
  },

  {
    fault: 'none; no notices',
    scene: () => ({ options: { hint: 'none' }, inflict: () => sleep(2000) }),
  },
  {
    fault: 'Postgres killed, started again; no notices',
    expects: ['unavailable'],
    scene: () => ({ options: { hint: 'none' }, inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE) }),
  },
  {
    fault: "a node's pool held by the app, the change log read through it; no notices",
    expects: ['unavailable'],
    scene: () => ({
      options: { hint: 'none' },
      inflict: (rig) => rig.nodes[1].order({ holdPool: OUTAGE }),
    }),
  },

  byRedis('none', () => sleep(2000)),
  byRedis('it is killed, started again', async ({ server }) => {
    await server.kill();
    await sleep(OUTAGE);
    await server.up();
  }),
  byRedis('it is stopped as it stands', async ({ server }) => {
    server.pause();
    await sleep(OUTAGE);
    server.resume();
  }),
  byRedis('it tells of changes that never were', ({ server }) => server.lie(OUTAGE)),
  byRedis('it takes everything and delivers nothing', async ({ server, way }) => {
    for (const port of await server.subscribers()) way.silence(port);
    await sleep(OUTAGE);
    way.resume();
  }),
  byRedis('the way to it half open', async ({ way }) => {
    way.halfOpen();
    await sleep(OUTAGE);
  }),
  byRedis('the way to it a black hole', async ({ way }) => {
    way.silence();
    await sleep(OUTAGE);
    way.resume();
  }),
  byRedis(
    'it and Postgres killed, started again',
    async ({ server }, rig) => {
      await server.kill();
      await rig.cluster.outage('SIGKILL', OUTAGE);
      await server.up();
    },
    ['unavailable'],
  ),

  behindPooler('none', () => sleep(2000)),
  behindPooler('killed, started again', killPooler, { expects: ['unavailable'] }),
  behindPooler('none', () => sleep(2000), { past: true }),
  behindPooler('killed, started again', killPooler, { past: true, expects: ['unavailable'] }),
  behindPooler('that way silent', silencePast, { past: true }),
];

/** Nodes that hear of each other's news by a Redis alone. */
function byRedis(
  fault: string,
  inflict: (redis: Redis, rig: Rig) => Promise<unknown>,
  expects: readonly Outcome[] = [],
): Row {
  return {
    fault: `news by Redis: ${fault}`,
    needs: ['redis-server'],
    expects,
    scene: () => ({ options: { hint: 'redis' }, inflict: (rig) => inflict(rig.redis!, rig) }),
  };
}

/** Nodes with a PgBouncer between them and the database, and perhaps with a way past it for the change log. */
function behindPooler(
  fault: string,
  inflict: (pooler: Pooler, rig: Rig) => Promise<unknown>,
  { past = false, expects = [] }: { past?: boolean; expects?: readonly Outcome[] } = {},
): Row {
  return {
    fault: `PgBouncer in transaction mode${past ? ', and a way past it' : ''}: ${fault}`,
    needs: ['pgbouncer'],
    expects,
    scene: () => {
      let pooler: Pooler;
      return {
        options: { past, pooler: async (database) => (pooler = await Pooler.before(database)) },
        inflict: (rig) => inflict(pooler, rig),
      };
    },
  };
}

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
  planted('changes ignored', 'P1', { options: UNTOLD, inflict: () => sleep(OUTAGE) }),
  planted('lease extended by a hit', 'P1', {
    options: UNTOLD,
    inflict: (rig) => silenceLog(rig, 2 * OUTAGE),
  }),
  planted('lease counted from the answer', 'P1', {
    options: UNTOLD,
    inflict: (rig) => slowLog(rig, { answers: 1500 }, 2 * OUTAGE),
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
  planted('absent ids never forgotten', 'processes', { options: SCANT, inflict: flood }),
  planted('touches heap up', 'processes', { options: SCANT, inflict: flood }),
];
