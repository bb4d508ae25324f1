import { setTimeout as sleep } from 'node:timers/promises';

import { Proxy } from '../support/proxy';
import type { RotationRules } from '../../lib/session/secret-rotation';
import { readAudit, readSessions } from './audit';
import { Client, type Errand, type Held } from './client';
import { SESSIONS_PER_USER, type Cluster } from './cluster';
import type { History, Sample } from './history';
import { Holders } from './holders';
import { HINTS, type HintKind } from './hint-kind';
import type { NodeConfig } from './node';
import { NodeProcess, type NodeSurroundings } from './node-process';
import { Recorder } from './recorder';
import { RedisServer } from './redis-server';
import { Workload } from './workload';

/** The options of a run. */
export interface RigOptions {
  readonly node?: NodeConfig['options'];
  /** The surroundings of the second node. */
  readonly surroundings?: NodeSurroundings;
  /** The address of the database for the second node. */
  readonly databaseHost?: string;
  /** The `nodeId` of both nodes, if they share one. */
  readonly nodeId?: string;
  /** A bug of the second node; see `planted.ts`. */
  readonly planted?: string;
  /** Starts a pooler between the proxies and the database. */
  readonly pooler?: (database: string) => Promise<{ readonly url: string; close(): Promise<void> }>;
  /** True if the nodes read the change log over a direct connection past the pooler. */
  readonly past?: boolean;
  /** How the nodes notify each other. Defaults to the environment variable `HINT`. */
  readonly hint?: HintKind;
  /** The size of a node's pool. */
  readonly connections?: number;
  /** True if hunters end a session only after its first use is written. */
  readonly patient?: boolean;
  /** The times of rotation. With them, clients with copied cookies take part. */
  readonly rotation?: RotationRules;
  /** False if only hunters send requests. */
  readonly crowded?: boolean;
}

/** The Redis server for notifications, and the proxy through which both nodes reach it. */
export interface Redis {
  readonly server: RedisServer;
  readonly proxy: Proxy;
}

/** Like the defaults, but touches are written earlier, because no run lasts a minute. */
const OPTIONS = {
  lease: 2000,
  requestBudget: 2000,
  touchInterval: 1000,
  maxSessionsPerUser: SESSIONS_PER_USER,
} as const;

/** The time by which last-accessed may lag: `touchInterval`, the second between two writes, and one write. */
const MAY_TRAIL = OPTIONS.touchInterval + 1000 + OPTIONS.requestBudget;

/** The number of clients that are not hunters. */
const OTHERS = 14;

/** The default size of a node's pool. */
const CONNECTIONS = 5;

/** The pause between two errands of a client, in milliseconds. */
const PAUSE = 40;

/** The number of accepted requests before the fault, and the time that the run continues after it, in milliseconds. */
const BEFORE = 200;
const AFTER = 2500;

/** The time that warming up and recovering may take, in milliseconds. */
const RECOVERY_TIMEOUT = 60_000;

/** Two nodes with separate network paths to one database, clients and a recorder. Faults are applied to a rig. */
export class Rig {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  readonly nodes: readonly [NodeProcess, NodeProcess];
  readonly proxies: readonly [Proxy, Proxy];
  /** The proxy for direct connections past the pooler. */
  readonly past: Proxy | undefined;
  readonly redis: Redis | undefined;
  readonly #url: string;
  readonly #lease: number;
  readonly #client: Client;
  readonly #workload: Workload;
  readonly #rotation: RotationRules | undefined;
  readonly #holders: Holders | undefined;
  readonly #samples: Sample[] = [];
  readonly #closePooler: () => Promise<void>;

  static async build(cluster: Cluster, options: RigOptions): Promise<Rig> {
    const url = await cluster.database();
    const pooler = (await options.pooler?.(url)) ?? { url, close: async () => undefined };
    const hint = options.hint ?? defaultHint();
    const paths: Paths = {
      url,
      pooler,
      proxies: await Promise.all([Proxy.before(pooler.url), Proxy.before(pooler.url, options.databaseHost)]),
      past: options.past ? await Proxy.before(url) : undefined,
      redis: hint === 'redis' ? await startRedis() : undefined,
    };
    return new Rig(cluster, { ...options, hint }, paths);
  }

  private constructor(cluster: Cluster, options: RigOptions & { readonly hint: HintKind }, paths: Paths) {
    const { url, pooler, proxies, past, redis } = paths;
    this.cluster = cluster;
    this.recorder = new Recorder();
    this.#client = new Client(this.recorder);
    this.proxies = proxies;
    this.past = past;
    this.redis = redis;
    this.#url = url;
    this.#closePooler = () => pooler.close();
    const { surroundings = {}, planted, hint } = options;
    const settings = { ...OPTIONS, ...options.node };
    this.#lease = settings.lease as number;
    const node = (name: string, proxy: Proxy, around: NodeSurroundings) => {
      const config = {
        name,
        nodeId: options.nodeId ?? name,
        database: proxy.through(pooler.url),
        connections: options.connections ?? CONNECTIONS,
        changes: past?.through(url),
        hint,
        redis: redis?.proxy.through(redis.server.url),
        rotation: options.rotation,
        options: settings,
      };
      return new NodeProcess(config, this.recorder, around);
    };
    this.nodes = [node('one', proxies[0], {}), node('two', proxies[1], { ...surroundings, planted })];
    this.#workload = new Workload({
      client: this.#client,
      nodes: this.nodes,
      others: options.crowded === false ? 0 : OTHERS,
      pause: PAUSE,
      patient: options.patient ?? false,
    });
    this.#rotation = options.rotation;
    if (options.rotation) this.#holders = new Holders(this.#client, this.nodes, options.rotation);
  }

  /** Starts nodes and clients, applies the fault, waits for recovery, and returns the recording. */
  async run(fault: (rig: Rig) => Promise<unknown>): Promise<History> {
    await Promise.all(this.nodes.map((node) => node.start()));
    this.#workload.start();
    this.#holders?.start();
    await this.#warmUp();
    await fault(this);
    await sleep(AFTER);
    await Promise.all([this.#workload.stop(), this.#holders?.stop()]);
    await this.#recover();
    await this.#useAll();
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.sample({ mayTrail: 0 });
    return this.#history();
  }

  /** Ends all processes and connections of the run. */
  async close(): Promise<void> {
    await Promise.all([this.#workload.stop(), this.#holders?.stop()]);
    this.#client.close();
    for (const node of this.nodes) await node.kill();
    for (const proxy of [...this.proxies, this.past, this.redis?.proxy]) await proxy?.close();
    await this.redis?.server.close();
    await this.#closePooler();
  }

  /** Runs a statement on a direct connection that network faults do not affect. */
  async sql<R extends object>(statement: string): Promise<R[]> {
    const client = await this.cluster.connect(this.#url);
    return client
      .query<R>(statement)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** Signs one user in many times in parallel, on both nodes. */
  async signInTogether(user: string, times: number): Promise<void> {
    const errands = Array.from({ length: times }, (_, i) =>
      this.#client.run({ act: 'sign in', user }, this.nodes[i % 2]!),
    );
    await Promise.all(errands);
  }

  /** Kills a node and restarts it. */
  async crash(node: NodeProcess): Promise<void> {
    const back = this.recorder.away(node.name);
    await node.kill();
    await this.sample({ mayTrail: MAY_TRAIL, node: node.name });
    await node.start();
    back();
  }

  /** Shuts a node down and restarts it. */
  async restart(node: NodeProcess): Promise<void> {
    const back = this.recorder.away(node.name);
    await node.stop();
    await this.sample({ mayTrail: 0, node: node.name });
    await node.start();
    back();
  }

  /** Records the last-accessed times in the database, to be compared with the answers of all nodes or of one. */
  async sample(of: Pick<Sample, 'mayTrail' | 'node'>): Promise<void> {
    const at = this.recorder.now();
    const client = await this.cluster.connect(this.#url);
    const rows = await readSessions(client).finally(() => client.end());
    this.#samples.push({ at, rows, ...of });
  }

  async #warmUp(): Promise<void> {
    const until = this.recorder.now() + RECOVERY_TIMEOUT;
    const accepted = () => this.recorder.operations.filter(({ outcome }) => outcome === 'accepted').length;
    while (accepted() < BEFORE && this.recorder.now() < until) await sleep(100);
  }

  /** Uses every session once more, just before the nodes are shut down. */
  async #useAll(): Promise<void> {
    const uses = this.#workload.live.map((held, i) =>
      this.#client.run({ act: 'request', user: held.user, with: held }, this.nodes[i % 2]!),
    );
    await Promise.all(uses);
  }

  /**
   * Waits until each node works again without help: it must sign a user in, accept live sessions and refuse ended ones.
   */
  async #recover(): Promise<void> {
    const until = this.recorder.now() + RECOVERY_TIMEOUT;
    const sessions: readonly Held[] = [...this.#workload.live, ...this.#workload.freshGhosts];
    const peeks = sessions.map((held): Errand => ({ act: 'peek', user: held.user, with: held }));
    for (const node of this.nodes) {
      const errands: readonly Errand[] = [{ act: 'sign in', user: 'last' }, ...peeks];
      const works = await Promise.all(errands.map((errand) => this.#retryUntilAnswered(errand, node, until)));
      if (works.includes(false)) this.recorder.troubles.push(`node ${node.name} did not recover`);
    }
  }

  async #retryUntilAnswered(errand: Errand, node: NodeProcess, until: number): Promise<boolean> {
    while (node.runs && this.recorder.now() < until) {
      const { operation } = await this.#client.run(errand, node);
      if (operation.outcome === 'accepted' || operation.outcome === 'refused') return true;
      await sleep(500);
    }
    return false;
  }

  async #history(): Promise<History> {
    const client = await this.cluster.connect(this.#url);
    try {
      const { operations, absences, troubles } = this.recorder;
      const [rows, audit] = [await readSessions(client), await readAudit(client)];
      const samples = this.#samples;
      const grace = this.#rotation?.rotationGrace;
      return { operations, absences, troubles, rows, audit, samples, lease: this.#lease, grace };
    } finally {
      await client.end();
    }
  }
}

/** The network paths of the nodes. */
interface Paths {
  readonly url: string;
  readonly pooler: { readonly url: string; close(): Promise<void> };
  readonly proxies: readonly [Proxy, Proxy];
  readonly past: Proxy | undefined;
  readonly redis: Redis | undefined;
}

/** The hint of rows that do not choose one: the environment variable `HINT`, by default PostgreSQL's NOTIFY. */
function defaultHint(): HintKind {
  const wanted = process.env['HINT'] ?? 'listen';
  const kind = HINTS.find((each) => each === wanted);
  if (kind === undefined) throw new Error(`HINT must be one of ${HINTS.join(', ')}, not "${wanted}"`);
  return kind;
}

async function startRedis(): Promise<Redis> {
  const server = await RedisServer.start();
  return { server, proxy: await Proxy.before(server.url) };
}
