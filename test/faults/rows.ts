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
  /** Outcomes that must occur at least once. Otherwise the fault had no effect and the row fails. */
  readonly expects?: readonly Outcome[];
  readonly scene: () => Scene | Promise<Scene>;
}

/** The set-up of a row and the fault itself. */
export interface Scene {
  readonly options?: RigOptions;
  /** Options of a Postgres server of its own. By default the row uses the shared server. */
  readonly cluster?: ClusterOptions;
  readonly inflict: (rig: Rig) => Promise<unknown>;
  readonly close?: () => Promise<void>;
}

/** Requests wait for slow answers instead of timing out, with enough connections for all that wait. */
const LONG_BUDGET: RigOptions = { node: { requestBudget: 15_000 }, connections: 20 };

/** Reads never wait for a connection. A read that waits until its session has ended cannot be too old. */
const WITHOUT_QUEUES: RigOptions = { ...LONG_BUDGET, connections: 20, crowded: false };

/**
 * After its first use, no touches of a session are written during the run, because their result would tell the node which
 * sessions have ended.
 */
const WITHOUT_TOUCHES: RigOptions = {
  ...LONG_BUDGET,
  node: { ...LONG_BUDGET.node, touchInterval: 60_000, updateAfterCacheHits: 10_000 },
  patient: true,
};

/** The second node has a small heap: about 70 MB remain after Node.js, TypeScript and the app. */
const SMALL_HEAP: RigOptions = {
  ...LONG_BUDGET,
  surroundings: { env: { NODE_OPTIONS: '--max-old-space-size=96' } },
};

/** Secrets rotate several times during the run. */
const ROTATING: RigOptions = { ...LONG_BUDGET, rotation: { rotateAfter: 3000, rotationGrace: 1500 } };

/** The time in which cookies are copied, replaced and used, in milliseconds. */
const THEFTS = 10_000;

const HOUR = 3600;

export const ROWS: readonly Row[] = [
  { fault: 'none', scene: () => ({ inflict: () => sleep(2000) }) },
  {
    fault: 'none; `lease: 0`',
    scene: () => ({ options: { node: { lease: 0 } }, inflict: () => sleep(2000) }),
  },
  {
    fault: 'none; one user signs in 100 times in parallel',
    scene: () => ({ inflict: crowd }),
  },
  {
    fault: 'none; two nodes with the same `nodeId`',
    scene: () => ({ options: { nodeId: 'twin' }, inflict: () => sleep(2000) }),
  },

  {
    fault: 'none; secrets rotate, and cookies are stolen',
    scene: () => ({ options: ROTATING, inflict: () => sleep(THEFTS) }),
  },
  {
    fault: 'nodes killed and restarted; secrets rotate, and cookies are stolen',
    scene: () => ({
      options: ROTATING,
      inflict: async (rig) => {
        await sleep(THEFTS / 2);
        for (const node of rig.nodes) await rig.crash(node);
        await sleep(THEFTS / 2);
      },
    }),
  },
  {
    fault: 'Postgres killed and restarted; secrets rotate, and cookies are stolen',
    scene: () => ({
      options: ROTATING,
      inflict: async (rig) => {
        await sleep(THEFTS / 2);
        await rig.cluster.outage('SIGKILL', OUTAGE);
        await sleep(THEFTS / 2);
      },
    }),
  },
  {
    fault: 'slow network; secrets rotate, and cookies are stolen',
    scene: () => ({
      options: ROTATING,
      inflict: async (rig) => {
        await slow(rig, { requests: 50, answers: 50 });
        await sleep(THEFTS / 2);
      },
    }),
  },

  {
    fault: 'a Postgres backend killed',
    scene: () => ({ inflict: killBackend }),
  },
  {
    fault: 'Postgres killed and restarted',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE) }),
  },
  {
    fault: 'Postgres killed and restarted; `lease: 0`',
    expects: ['unavailable'],
    scene: () => ({
      options: { node: { lease: 0 } },
      inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE),
    }),
  },
  {
    fault: 'Postgres shut down (immediate) and restarted',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGQUIT', OUTAGE) }),
  },
  {
    fault: 'Postgres shut down (fast) and restarted',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.outage('SIGINT', OUTAGE) }),
  },
  {
    fault: 'Postgres frozen (SIGSTOP)',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => rig.cluster.pause('all', OUTAGE) }),
  },
  {
    fault: 'the postmaster frozen (SIGSTOP): no new connections',
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
    fault: 'Postgres read-only',
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
    fault: 'all connections of Postgres in use',
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
    fault: 'the clock of Postgres one hour ahead, then correct',
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
    fault: 'the WAL disk of Postgres full: it stops and is restarted',
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
    fault: "all connections of a node's pool held by the app",
    expects: ['unavailable'],
    scene: () => ({
      inflict: (rig) => rig.nodes[1].order({ holdPool: OUTAGE }),
    }),
  },
  {
    fault: 'the event loop of a node blocked',
    scene: () => ({
      inflict: (rig) => rig.nodes[1].order({ block: OUTAGE }),
    }),
  },
  {
    fault: '500,000 sessions requested from a node with little memory, half of them unknown',
    expects: ['unavailable'],
    scene: () => ({ options: SMALL_HEAP, inflict: flood }),
  },
  {
    fault: 'a node frozen (SIGSTOP)',
    scene: () => ({ inflict: (rig) => rig.nodes[1].pause(OUTAGE) }),
  },
  {
    fault: 'the nodes killed and restarted in turn',
    expects: ['unanswered'],
    scene: () => ({
      inflict: async (rig) => {
        for (const node of rig.nodes) await rig.crash(node);
      },
    }),
  },
  {
    fault: 'the nodes shut down and restarted in turn',
    scene: () => ({
      inflict: async (rig) => {
        for (const node of rig.nodes) await rig.restart(node);
      },
    }),
  },
  {
    fault: 'the clock of a node one hour ahead, one hour behind, then correct',
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
    fault: 'network of a node: packets dropped',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => silence(rig) }),
  },
  {
    fault: 'network of a node: interface down',
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
    fault: 'network of a node: connections half open',
    expects: ['unavailable'],
    scene: () => ({
      inflict: async (rig) => {
        rig.proxies[1].halfOpen();
        await sleep(3000);
      },
    }),
  },
  {
    fault: 'network of both nodes: connections reset',
    scene: () => ({ inflict: (rig) => repeatedly((i) => rig.proxies[i % 2]!.reset()) }),
  },
  {
    fault: 'network of both nodes: every 7th answer lost',
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
    fault: 'network of both nodes: data split into 7 bytes',
    scene: () => ({
      inflict: async (rig) => {
        for (const proxy of rig.proxies) proxy.slice(7);
        await sleep(2500);
        for (const proxy of rig.proxies) proxy.slice(Infinity);
      },
    }),
  },
  {
    fault: 'network of a node: 300 ms slower',
    scene: () => ({ inflict: (rig) => slow(rig, { requests: 150, answers: 150 }) }),
  },
  {
    fault: 'network of a node: answers 1.5 s late, except for the change log',
    scene: () => ({ options: LONG_BUDGET, inflict: (rig) => slowButForLog(rig, { answers: 1500 }) }),
  },
  {
    fault: 'network of a node: answers 4 s late, change log silent',
    scene: () => ({
      options: LONG_BUDGET,
      inflict: (rig) => slowWithoutLog(rig, { answers: 4000 }),
    }),
  },
  {
    fault: 'network of a node: answers 1.5 s late',
    scene: () => ({ options: LONG_BUDGET, inflict: (rig) => slow(rig, { answers: 1500 }) }),
  },
  {
    fault: 'network of a node: answers 3 s late',
    expects: ['unavailable'],
    scene: () => ({ inflict: (rig) => slow(rig, { answers: 3000 }) }),
  },
  {
    fault: 'change log: connections closed repeatedly',
    scene: () => ({ inflict: cutLog }),
  },
  {
    fault: 'change log: connection silent',
    scene: () => ({ inflict: (rig) => silenceLog(rig) }),
  },
  {
    fault: 'change log: connections half open',
    scene: () => ({ inflict: halfOpenLog }),
  },
  {
    fault: 'change log: answers 1.5 s late',
    scene: () => ({ options: WITHOUT_TOUCHES, inflict: (rig) => slowLog(rig, { answers: 1500 }) }),
  },

  {
    fault: 'none; no notifications',
    scene: () => ({ options: { hint: 'none' }, inflict: () => sleep(2000) }),
  },
  {
    fault: 'Postgres killed and restarted; no notifications',
    expects: ['unavailable'],
    scene: () => ({ options: { hint: 'none' }, inflict: (rig) => rig.cluster.outage('SIGKILL', OUTAGE) }),
  },
  {
    fault:
      "all connections of a node's pool held by the app, change log read through the pool; no notifications",
    expects: ['unavailable'],
    scene: () => ({
      options: { hint: 'none' },
      inflict: (rig) => rig.nodes[1].order({ holdPool: OUTAGE }),
    }),
  },

  byRedis('none', () => sleep(2000)),
  byRedis('Redis killed and restarted', async ({ server }) => {
    await server.kill();
    await sleep(OUTAGE);
    await server.up();
  }),
  byRedis('Redis frozen (SIGSTOP)', async ({ server }) => {
    server.pause();
    await sleep(OUTAGE);
    server.resume();
  }),
  byRedis('false notifications', ({ server }) => server.lie(OUTAGE)),
  byRedis('messages accepted but not delivered', async ({ server, proxy }) => {
    for (const port of await server.subscribers()) proxy.silence(port);
    await sleep(OUTAGE);
    proxy.resume();
  }),
  byRedis('connections half open', async ({ proxy }) => {
    proxy.halfOpen();
    await sleep(OUTAGE);
  }),
  byRedis('packets dropped', async ({ proxy }) => {
    proxy.silence();
    await sleep(OUTAGE);
    proxy.resume();
  }),
  byRedis(
    'Redis and Postgres killed and restarted',
    async ({ server }, rig) => {
      await server.kill();
      await rig.cluster.outage('SIGKILL', OUTAGE);
      await server.up();
    },
    ['unavailable'],
  ),

  behindPooler('none', () => sleep(2000)),
  behindPooler('PgBouncer killed and restarted', killPooler, { expects: ['unavailable'] }),
  behindPooler('none', () => sleep(2000), { past: true }),
  behindPooler('PgBouncer killed and restarted', killPooler, { past: true, expects: ['unavailable'] }),
  behindPooler('direct connection silent', silencePast, { past: true }),
];

/** A row whose nodes notify each other only through Redis. */
function byRedis(
  fault: string,
  inflict: (redis: Redis, rig: Rig) => Promise<unknown>,
  expects: readonly Outcome[] = [],
): Row {
  return {
    fault: `notifications by Redis: ${fault}`,
    needs: ['redis-server'],
    expects,
    scene: () => ({ options: { hint: 'redis' }, inflict: (rig) => inflict(rig.redis!, rig) }),
  };
}

/** A row with PgBouncer in front of the database. With `past`, nodes read the change log over a direct connection. */
function behindPooler(
  fault: string,
  inflict: (pooler: Pooler, rig: Rig) => Promise<unknown>,
  { past = false, expects = [] }: { past?: boolean; expects?: readonly Outcome[] } = {},
): Row {
  return {
    fault: `PgBouncer in transaction mode${past ? ', change log read directly' : ''}: ${fault}`,
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

/** A row that plants a bug in the second node, with the property that the bug breaks. */
export interface PlantedRow extends Row {
  readonly breaks: Violation['property'];
}

function planted(bug: BugName, breaks: Violation['property'], scene: Scene): PlantedRow {
  const options = { ...scene.options, planted: bug };
  return { fault: `planted: ${bug}`, breaks, scene: () => ({ ...scene, options }) };
}

/** Bugs that the checker must find. */
export const PLANTED: readonly PlantedRow[] = [
  planted('changes ignored', 'P1', { options: WITHOUT_TOUCHES, inflict: () => sleep(OUTAGE) }),
  planted('lease extended by a hit', 'P1', {
    options: WITHOUT_TOUCHES,
    inflict: (rig) => silenceLog(rig, 2 * OUTAGE),
  }),
  planted('lease counted from the answer', 'P1', {
    options: WITHOUT_TOUCHES,
    inflict: (rig) => slowLog(rig, { answers: 1500 }, 2 * OUTAGE),
  }),
  planted('result of a cancelled read cached', 'P1', {
    options: LONG_BUDGET,
    inflict: (rig) => slowButForLog(rig, { answers: 1500 }, 2 * OUTAGE),
  }),
  planted('older read joined', 'P1', {
    options: WITHOUT_QUEUES,
    inflict: (rig) => slowWithoutLog(rig, { answers: 4000 }),
  }),
  planted('own revocation not applied to the cache', 'P2', { inflict: () => sleep(2000) }),
  planted('outage reported as an end', 'P4', { inflict: silence }),
  planted('last touches not written', 'P7', { inflict: () => sleep(1000) }),
  planted('earlier secret taken for a reused one', 'P9', { options: ROTATING, inflict: () => sleep(THEFTS) }),
  planted('reused secret accepted', 'P10', { options: ROTATING, inflict: () => sleep(THEFTS) }),
  planted('theft ends nothing', 'P10', { options: ROTATING, inflict: () => sleep(THEFTS) }),
  planted('no lock on sign-in', 'P8', { inflict: crowd }),
  planted('absent ids never evicted', 'processes', { options: SMALL_HEAP, inflict: flood }),
  planted('touches collected without limit', 'processes', { options: SMALL_HEAP, inflict: flood }),
];
