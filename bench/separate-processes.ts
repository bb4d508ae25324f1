import { Contender } from './contender';
import type { Database } from './database';
import { say } from './report';
import { median, percentile, shuffled, summary, type Summary } from './statistics';
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

/** Before each slice: a process that was idle has given back memory, and the caches of the CPU are somebody else's. */
const LEAD_IN_SECONDS = 0.3;

/**
 * A process for every variant, and the client in this one. Each slice of a variant lies between two slices of the first
 * variant; what the machine does meanwhile happens to both.
 */
export async function runInSeparateProcesses(
  database: Database,
  close: readonly Variant[],
  far: readonly Variant[],
  { sessions, slices, fewSlices, sliceSeconds, warmUpSeconds }: Slices,
): Promise<Served[]> {
  const runs: Run[] = [];
  try {
    for (const variant of [...close, ...far]) {
      say(`${variant.name}: starting, signing in, warming up`);
      const contender = await Contender.start(variant, database, sessions);
      runs.push(new Run(contender));
      await contender.random(warmUpSeconds);
    }
    const [reference, ...others] = runs;
    reference!.compare(ITSELF, ITSELF, ITSELF);
    for (let slice = 0; slice < slices; slice++) {
      const turn = shuffled(others.slice(0, slice < fewSlices ? undefined : close.length - 1));
      say(`slice ${slice + 1} of ${slices}, of ${turn.length} variants`);
      let before = await reference!.slice(sliceSeconds);
      for (const run of turn) {
        const own = await run.slice(sliceSeconds);
        const after = await reference!.slice(sliceSeconds);
        run.compare(own, before, after);
        before = after;
      }
    }
    return await Promise.all(runs.map((run) => run.served()));
  } finally {
    for (const { contender } of runs) await contender.stop();
  }
}

interface Slice {
  /** Requests a second. */
  readonly rate: number;
  /** CPU time of the server for a request, in microseconds. */
  readonly cpu: number;
}

const ITSELF: Slice = { rate: 1, cpu: 1 };

/** What the slices of a contender have shown. */
class Run {
  readonly #slices: Slice[] = [];
  readonly #ratios: Slice[] = [];
  readonly #latencies: number[] = [];

  constructor(readonly contender: Contender) {}

  async slice(seconds: number): Promise<Slice> {
    await this.contender.random(LEAD_IN_SECONDS);
    const before = await this.contender.usage();
    const began = performance.now();
    const latencies = await this.contender.roundRobin(seconds);
    const rate = latencies.length / ((performance.now() - began) / 1000);
    const after = await this.contender.usage();

    for (const latency of latencies) this.#latencies.push(latency);
    const slice = { rate, cpu: (after.cpu - before.cpu) / latencies.length };
    this.#slices.push(slice);
    return slice;
  }

  /** Notes what an own slice was of the two slices of the reference around it. */
  compare(own: Slice, before: Slice, after: Slice): void {
    this.#ratios.push({
      rate: (2 * own.rate) / (before.rate + after.rate),
      cpu: (2 * own.cpu) / (before.cpu + after.cpu),
    });
  }

  async served(): Promise<Served> {
    return {
      name: this.contender.name,
      ratio: summary(this.#ratios.map(({ rate }) => rate)),
      cpuRatio: summary(this.#ratios.map(({ cpu }) => cpu)),
      requestsPerSecond: median(this.#slices.map(({ rate }) => rate)),
      cpu: median(this.#slices.map(({ cpu }) => cpu)),
      p50: percentile(this.#latencies, 50),
      p99: percentile(this.#latencies, 99),
      memory: (await this.contender.usage()).memory,
    };
  }
}
