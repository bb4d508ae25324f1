import { setTimeout as sleep } from 'node:timers/promises';

import { Proxy } from '../support/proxy';
import { readAudit, readSessions } from './audit';
import { Client, type Errand, type Held } from './client';
import { SESSIONS_PER_USER, type Cluster } from './cluster';
import type { History, Sample } from './history';
import { HINTS, type HintKind } from './hint-kind';
import type { NodeConfig } from './node';
import { NodeProcess, type NodeSurroundings } from './node-process';
import { Recorder } from './recorder';
import { RedisServer } from './redis-server';
import { Workload } from './workload';

/** How the two nodes of a run, and their ways to the database, differ from the usual. */
export interface RigOptions {
  readonly node?: NodeConfig['options'];
  /** Of the second node. */
  readonly surroundings?: NodeSurroundings;
  /** Where the second node finds its database. */
  readonly databaseHost?: string;
  /** What both nodes are called, when they are called the same. */
  readonly nodeId?: string;
  /** A bug of the second node; see `planted.ts`. */
  readonly planted?: string;
  /** What stands between the proxies and the database. */
  readonly pooler?: (database: string) => Promise<{ readonly url: string; close(): Promise<void> }>;
  /** Whether the change log is read past the pooler. */
  readonly past?: boolean;
  /** How the nodes hear at once of what the other has ended; as `HINT` says when absent. */
  readonly hint?: HintKind;
  /** How many connections the pool of a node has. */
  readonly connections?: number;
}

/** A Redis that carries news, and the way of both nodes to it. */
export interface Redis {
  readonly server: RedisServer;
  readonly way: Proxy;
}

/** As apps have them, but that touches are in more of a hurry: no run lasts a minute. */
const OPTIONS = {
  lease: 2000,
  requestBudget: 2000,
  touchInterval: 1000,
  maxSessionsPerUser: SESSIONS_PER_USER,
} as const;

/** By how much last-accessed may trail: `touchInterval`, the second between two writes, and one write. */
const TRAILS = OPTIONS.touchInterval + 1000 + OPTIONS.requestBudget;

const CLIENTS = 20;

/** How many connections an app has, unless a row says so. */
const CONNECTIONS = 5;

/** Between two errands of a client, in milliseconds. */
const PAUSE = 40;

/** How many requests are accepted before the fault, and how long the run goes on after it, in milliseconds. */
const BEFORE = 200;
const AFTER = 2500;

/** How long all that may take that is to come by itself, in milliseconds. */
const RECOVERY_TIMEOUT = 60_000;

/** Two nodes with their own ways to one database, clients, and a recorder: everything that a fault is done to. */
export class Rig {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  readonly nodes: readonly [NodeProcess, NodeProcess];
  readonly proxies: readonly [Proxy, Proxy];
  /** The way past the pooler, where there is one. */
  readonly past: Proxy | undefined;
  readonly redis: Redis | undefined;
  readonly #url: string;
  readonly #lease: number;
  readonly #client: Client;
  readonly #workload: Workload;
  readonly #samples: Sample[] = [];
  readonly #closePooler: () => Promise<void>;

  static async build(cluster: Cluster, options: RigOptions): Promise<Rig> {
    const url = await cluster.database();
    const pooler = (await options.pooler?.(url)) ?? { url, close: async () => undefined };
    const hint = options.hint ?? usualHint();
    const ways: Ways = {
      url,
      pooler,
      proxies: await Promise.all([Proxy.before(pooler.url), Proxy.before(pooler.url, options.databaseHost)]),
      past: options.past ? await Proxy.before(url) : undefined,
      redis: hint === 'redis' ? await startRedis() : undefined,
    };
    return new Rig(cluster, { ...options, hint }, ways);
  }

  private constructor(cluster: Cluster, options: RigOptions & { readonly hint: HintKind }, ways: Ways) {
    const { url, pooler, proxies, past, redis } = ways;
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
    const node = (name: string, way: Proxy, around: NodeSurroundings) => {
      const config = {
        name,
        nodeId: options.nodeId ?? name,
        database: way.through(pooler.url),
        connections: options.connections ?? CONNECTIONS,
        changes: past?.through(url),
        hint,
        redis: redis?.way.through(redis.server.url),
        options: settings,
      };
      return new NodeProcess(config, this.recorder, around);
    };
    this.nodes = [node('one', proxies[0], {}), node('two', proxies[1], { ...surroundings, planted })];
    this.#workload = new Workload({
      client: this.#client,
      nodes: this.nodes,
      clients: CLIENTS,
      pause: PAUSE,
    });
  }

  /** Lets the clients work, does the fault to it, and tells all that was seen. */
  async run(fault: (rig: Rig) => Promise<unknown>): Promise<History> {
    await Promise.all(this.nodes.map((node) => node.start()));
    this.#workload.start();
    await this.#warmUp();
    await fault(this);
    await sleep(AFTER);
    await this.#workload.stop();
    await this.#convalesce();
    await this.#useAll();
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.sample({ mayTrail: 0 });
    return this.#history();
  }

  /** Ends everything that the run has started. */
  async close(): Promise<void> {
    await this.#workload.stop();
    this.#client.close();
    for (const node of this.nodes) await node.kill();
    for (const proxy of [...this.proxies, this.past, this.redis?.way]) await proxy?.close();
    await this.redis?.server.close();
    await this.#closePooler();
  }

  /** Runs a statement on a connection that no fault of the network reaches. */
  async sql<R extends object>(statement: string): Promise<R[]> {
    const client = await this.cluster.connect(this.#url);
    return client
      .query<R>(statement)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** Has one user sign in many times at once, on both nodes. */
  async signInTogether(user: string, times: number): Promise<void> {
    const errands = Array.from({ length: times }, (_, i) =>
      this.#client.run({ act: 'sign in', user }, this.nodes[i % 2]!),
    );
    await Promise.all(errands);
  }

  /** Ends a node without a warning, and starts it again. */
  async crash(node: NodeProcess): Promise<void> {
    const back = this.recorder.away(node.name);
    await node.kill();
    await this.sample({ mayTrail: TRAILS, node: node.name });
    await node.start();
    back();
  }

  /** Asks a node to end, and starts it again. */
  async restart(node: NodeProcess): Promise<void> {
    const back = this.recorder.away(node.name);
    await node.stop();
    await this.sample({ mayTrail: 0, node: node.name });
    await node.start();
    back();
  }

  /** Notes what the database knows of the last use of sessions, on all nodes or one. */
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

  /** Every session is used once more, just before the nodes are asked to end. */
  async #useAll(): Promise<void> {
    const uses = this.#workload.live.map((held, i) =>
      this.#client.run({ act: 'request', user: held.user, with: held }, this.nodes[i % 2]!),
    );
    await Promise.all(uses);
  }

  /**
   * Nobody has to repair or restart a node; it is well again by itself. Then what lives is accepted everywhere, and what has
   * ended is refused.
   */
  async #convalesce(): Promise<void> {
    const until = this.recorder.now() + RECOVERY_TIMEOUT;
    const sessions: readonly Held[] = [...this.#workload.live, ...this.#workload.freshGhosts];
    const peeks = sessions.map((held): Errand => ({ act: 'peek', user: held.user, with: held }));
    for (const node of this.nodes) {
      const errands: readonly Errand[] = [{ act: 'sign in', user: 'last' }, ...peeks];
      const well = await Promise.all(errands.map((errand) => this.#askUntilWell(errand, node, until)));
      if (well.includes(false)) this.recorder.troubles.push(`node ${node.name} was not well again`);
    }
  }

  async #askUntilWell(errand: Errand, node: NodeProcess, until: number): Promise<boolean> {
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
      return { operations, absences, troubles, rows, audit, samples: this.#samples, lease: this.#lease };
    } finally {
      await client.end();
    }
  }
}

/** What stands between the nodes and what they need. */
interface Ways {
  readonly url: string;
  readonly pooler: { readonly url: string; close(): Promise<void> };
  readonly proxies: readonly [Proxy, Proxy];
  readonly past: Proxy | undefined;
  readonly redis: Redis | undefined;
}

/** The nodes of all rows that do not say so hear of news as the environment wants it, by PostgreSQL's notices if it says nothing. */
function usualHint(): HintKind {
  const wanted = process.env['HINT'] ?? 'listen';
  const kind = HINTS.find((each) => each === wanted);
  if (kind === undefined) throw new Error(`HINT must be one of ${HINTS.join(', ')}, and not ${wanted}.`);
  return kind;
}

async function startRedis(): Promise<Redis> {
  const server = await RedisServer.start();
  return { server, way: await Proxy.before(server.url) };
}
