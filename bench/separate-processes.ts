import { VariantProcess } from './variant-process';
import type { Database } from './database';
import { progress } from './report';
import { median, percentile, shuffled, summary, type Summary } from './statistics';
import type { Variant } from './variants/variant';

export interface Slices {
  readonly sessions: number;
  /** The number of slices for each of the `close` variants. */
  readonly slices: number;
  /** The number of slices for each of the `far` variants, for which a few percent do not matter. */
  readonly fewSlices: number;
  readonly sliceSeconds: number;
  /** The time before the first slice. */
  readonly warmUpSeconds: number;
}

export interface ProcessFigures {
  readonly name: string;
  /** The throughput relative to that of the first variant immediately before and after. */
  readonly ratio: Summary;
  /** The CPU time of the server per request, compared in the same way. */
  readonly cpuRatio: Summary;
  readonly requestsPerSecond: number;
  /** The CPU time of the server per request, in microseconds. */
  readonly cpu: number;
  /** The latency with all connections busy, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** The resident memory of the process, in bytes. */
  readonly memory: number;
}

/** The warm-up before each slice. An idle process has released memory, and the CPU caches contain other data. */
const LEAD_IN_SECONDS = 0.3;

/**
 * Measures each variant in a process of its own, with the client in this process. Each slice of a variant lies between two
 * slices of the first variant, so that changes in the speed of the machine affect both.
 */
export async function runInSeparateProcesses(
  database: Database,
  close: readonly Variant[],
  far: readonly Variant[],
  { sessions, slices, fewSlices, sliceSeconds, warmUpSeconds }: Slices,
): Promise<ProcessFigures[]> {
  const runs: Run[] = [];
  try {
    for (const variant of [...close, ...far]) {
      progress(`${variant.name}: starting, signing in, warming up`);
      const variantProcess = await VariantProcess.start(variant, database, sessions);
      runs.push(new Run(variantProcess));
      await variantProcess.random(warmUpSeconds);
    }
    const [reference, ...others] = runs;
    reference!.compare(EQUAL, EQUAL, EQUAL);
    for (let slice = 0; slice < slices; slice++) {
      const order = shuffled(others.slice(0, slice < fewSlices ? undefined : close.length - 1));
      progress(`slice ${slice + 1} of ${slices}, with ${order.length} variants`);
      let before = await reference!.slice(sliceSeconds);
      for (const run of order) {
        const own = await run.slice(sliceSeconds);
        const after = await reference!.slice(sliceSeconds);
        run.compare(own, before, after);
        before = after;
      }
    }
    return await Promise.all(runs.map((run) => run.figures()));
  } finally {
    for (const { variantProcess } of runs) await variantProcess.stop();
  }
}

interface Slice {
  /** The requests per second. */
  readonly rate: number;
  /** The CPU time of the server per request, in microseconds. */
  readonly cpu: number;
}

const EQUAL: Slice = { rate: 1, cpu: 1 };

/** The slices of one variant. */
class Run {
  readonly #slices: Slice[] = [];
  readonly #ratios: Slice[] = [];
  readonly #latencies: number[] = [];

  constructor(readonly variantProcess: VariantProcess) {}

  async slice(seconds: number): Promise<Slice> {
    await this.variantProcess.random(LEAD_IN_SECONDS);
    const before = await this.variantProcess.usage();
    const began = performance.now();
    const latencies = await this.variantProcess.roundRobin(seconds);
    const rate = latencies.length / ((performance.now() - began) / 1000);
    const after = await this.variantProcess.usage();

    for (const latency of latencies) this.#latencies.push(latency);
    const slice = { rate, cpu: (after.cpu - before.cpu) / latencies.length };
    this.#slices.push(slice);
    return slice;
  }

  /** Records a slice relative to the two slices of the reference around it. */
  compare(own: Slice, before: Slice, after: Slice): void {
    this.#ratios.push({
      rate: (2 * own.rate) / (before.rate + after.rate),
      cpu: (2 * own.cpu) / (before.cpu + after.cpu),
    });
  }

  async figures(): Promise<ProcessFigures> {
    return {
      name: this.variantProcess.name,
      ratio: summary(this.#ratios.map(({ rate }) => rate)),
      cpuRatio: summary(this.#ratios.map(({ cpu }) => cpu)),
      requestsPerSecond: median(this.#slices.map(({ rate }) => rate)),
      cpu: median(this.#slices.map(({ cpu }) => cpu)),
      p50: percentile(this.#latencies, 50),
      p99: percentile(this.#latencies, 99),
      memory: (await this.variantProcess.usage()).memory,
    };
  }
}
