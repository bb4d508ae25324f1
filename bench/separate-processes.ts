import { signIn, type Browsers } from './browsers';
import { Child } from './child';
import { Client } from './client';
import type { Cost, Database } from './database';
import { say } from './report';
import { median, percentile, shuffled, summary, type Summary } from './statistics';
import type { Usage } from './variant-server';
import type { Variant } from './variants/variant';

export interface Slices {
  readonly sessions: number;
  /** How many slices each of `close` gets. */
  readonly slices: number;
  /** How many each of `far` gets, where a few percent do not matter. */
  readonly fewSlices: number;
  readonly sliceSeconds: number;
  /** Before the first slice. */
  readonly warmUpSeconds: number;
  /** How long the work in the database is counted for. */
  readonly databaseSeconds: number;
}

export interface Served {
  readonly name: string;
  /** Requests a second as a part of what the first variant reached just before and just after. */
  readonly ratio: Summary;
  /** CPU time of the server for a request, compared in the same way. */
  readonly cpuRatio: Summary;
  readonly requestsPerSecond: number;
  /** CPU time of the server for a request, in microseconds. */
  readonly cpu: number;
  /** In milliseconds, with all connections busy. */
  readonly p50: number;
  readonly p99: number;
  /** Of the process, in bytes. */
  readonly memory: number;
}

export interface DatabaseWork {
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  readonly cost: Cost;
}

/**
 * A process for every variant, and the client in this one. Each slice of a variant lies between two slices of the first
 * variant; what the machine does meanwhile happens to both.
 */
export async function runInSeparateProcesses(
  database: Database,
  close: readonly Variant[],
  far: readonly Variant[],
  plan: Slices,
): Promise<{ served: Served[]; work: DatabaseWork[] }> {
  const contenders: Contender[] = [];
  try {
    for (const variant of [...close, ...far]) {
      say(`${variant.name}: starting, signing in, warming up`);
      const contender = await Contender.start(variant, database, plan);
      contenders.push(contender);
      await contender.load(plan.warmUpSeconds);
    }
    const [reference, ...others] = contenders;
    for (let slice = 0; slice < plan.slices; slice++) {
      const turn = shuffled(others.slice(0, slice < plan.fewSlices ? undefined : close.length - 1));
      say(`slice ${slice + 1} of ${plan.slices}, of ${turn.length} variants`);
      let before = await reference!.slice(plan.sliceSeconds);
      for (const contender of turn) {
        const own = await contender.slice(plan.sliceSeconds);
        const after = await reference!.slice(plan.sliceSeconds);
        contender.ratios.push((2 * own.rate) / (before.rate + after.rate));
        contender.cpuRatios.push((2 * own.cpu) / (before.cpu + after.cpu));
        before = after;
      }
    }
    reference!.ratios.push(1);
    reference!.cpuRatios.push(1);
    const served = await Promise.all(contenders.map((contender) => contender.served()));
    const work: DatabaseWork[] = [];
    for (const contender of contenders) {
      if (contender.variant.needs === 'database')
        work.push(...(await contender.databaseWork(database, plan)));
    }
    return { served, work };
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

interface Slice {
  /** Requests a second. */
  readonly rate: number;
  /** CPU time of the server for a request, in microseconds. */
  readonly cpu: number;
}

/** Before each slice: a process that was idle has given back memory, and the caches of the CPU are somebody else's. */
const LEAD_IN_SECONDS = 0.3;

/** A variant in its process, with its client, and what its slices have shown. */
class Contender {
  readonly ratios: number[] = [];
  readonly cpuRatios: number[] = [];
  readonly #rates: number[] = [];
  readonly #cpu: number[] = [];
  readonly #latencies: number[] = [];

  private constructor(
    readonly variant: Variant,
    readonly databaseUrl: string,
    readonly child: Child,
    readonly client: Client,
    readonly browsers: Browsers,
  ) {}

  static async start(variant: Variant, database: Database, { sessions }: Slices): Promise<Contender> {
    const databaseUrl = await database.create();
    const [child, port] = await Child.start<number>('variant-server.ts', [variant.name, databaseUrl]);
    const client = await Client.connect(port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    return new Contender(variant, databaseUrl, child, client, browsers);
  }

  /** Requests of people in no order, so that not everybody's last-accessed time is due at the same moment. */
  async load(seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const latencies = await this.client.run(() =>
      performance.now() < end ? this.browsers.random() : undefined,
    );
    return latencies.length;
  }

  /** Requests round robin for a while. */
  async slice(seconds: number): Promise<Slice> {
    await this.load(LEAD_IN_SECONDS);
    const before = await this.child.ask<Usage>('usage');
    const began = performance.now();
    const end = began + seconds * 1000;
    const latencies = await this.client.run(() =>
      performance.now() < end ? this.browsers.roundRobin() : undefined,
    );
    const rate = latencies.length / ((performance.now() - began) / 1000);
    const after = await this.child.ask<Usage>('usage');

    for (const latency of latencies) this.#latencies.push(latency);
    this.#rates.push(rate);
    const cpu = (after.cpu - before.cpu) / latencies.length;
    this.#cpu.push(cpu);
    return { rate, cpu };
  }

  async served(): Promise<Served> {
    const { memory } = await this.child.ask<Usage>('usage');
    return {
      name: this.variant.name,
      ratio: summary(this.ratios),
      cpuRatio: summary(this.cpuRatios),
      requestsPerSecond: median(this.#rates),
      cpu: median(this.#cpu),
      p50: percentile(this.#latencies, 50),
      p99: percentile(this.#latencies, 99),
      memory,
    };
  }

  async databaseWork(database: Database, { databaseSeconds }: Slices): Promise<DatabaseWork[]> {
    say(`${this.variant.name}: counting its work in the database`);
    let requests = 0;
    const cost = await database.costOf(this.databaseUrl, async () => {
      requests = await this.load(databaseSeconds);
    });
    return cost === undefined ? [] : [{ name: this.variant.name, requests, seconds: databaseSeconds, cost }];
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.child.stop();
  }
}
