import { signIn, type Browsers } from './browsers';
import { Client } from './client';
import type { Database } from './database';
import { progress } from './report';
import { serve } from './server';
import { ratios, shuffled, summary, type Summary } from './statistics';
import { noCleanup, type Variant } from './variants/variant';

export interface Blocks {
  readonly sessions: number;
  readonly cycles: number;
  /** The number of requests in a block. */
  readonly requests: number;
}

/** The times of a variant, with one value for each cycle. */
export interface VariantTimes {
  readonly name: string;
  /** The time per request with all connections busy, in microseconds. */
  readonly times: readonly number[];
  /** The CPU time per request of server and client together, in microseconds. */
  readonly cpu: readonly number[];
}

/**
 * Measures all variants and their clients in one process. In each cycle, every variant serves one short block of requests,
 * in random order. Only blocks of the same cycle are compared, because the speed of the machine changes every second.
 */
export async function runInOneProcess(
  database: Database,
  variants: readonly Variant[],
  { sessions, cycles, requests }: Blocks,
): Promise<VariantTimes[]> {
  const locals: LocalVariant[] = [];
  try {
    for (const variant of variants) {
      progress(`${variant.name}: signing in`);
      locals.push(await LocalVariant.open(variant, database, sessions));
    }
    return await inCycles(locals, { cycles, requests });
  } finally {
    for (const local of locals) await local.close();
  }
}

/** Measures variants that are signed in. */
export async function inCycles(
  locals: readonly LocalVariant[],
  { cycles, requests }: Omit<Blocks, 'sessions'>,
): Promise<VariantTimes[]> {
  progress('warming up');
  for (const local of locals) await local.send(local.browsers.requests.length);
  progress(`${cycles} cycles of ${requests} requests to each`);
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const local of shuffled(locals)) await local.block(requests);
  }
  return locals.map(({ name, times, cpu }) => ({ name, times, cpu }));
}

/** Returns the throughput of one variant relative to another, compared cycle by cycle. */
export function throughput(one: VariantTimes, other: VariantTimes): Summary {
  return summary(ratios(other.times, one.times));
}

/** Returns the CPU time per request in addition to that of another variant in the same cycle. */
export function extraCpu(one: VariantTimes, other: VariantTimes): Summary {
  return summary(one.cpu.map((cpu, cycle) => cpu - other.cpu[cycle]!));
}

/** A variant with its server and its client in this process. */
export class LocalVariant {
  readonly times: number[] = [];
  readonly cpu: number[] = [];

  private constructor(
    readonly name: string,
    readonly port: number,
    readonly client: Client,
    readonly browsers: Browsers,
    readonly close: () => Promise<void>,
  ) {}

  static async open(variant: Variant, database: Database, sessions: number): Promise<LocalVariant> {
    const databaseUrl = await database.create();
    const { port, stop } = await serve(variant, { databaseUrl });
    const client = await Client.connect(port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    return new LocalVariant(variant.name, port, client, browsers, async () => {
      client.close();
      await stop();
      await database.drop(databaseUrl);
    });
  }

  /** Returns the same server and client with separate times, for blocks with another setting. */
  again(name: string): LocalVariant {
    return new LocalVariant(name, this.port, this.client, this.browsers, noCleanup);
  }

  async send(requests: number): Promise<void> {
    let left = requests;
    await this.client.run(() => (left-- > 0 ? this.browsers.roundRobin() : undefined));
  }

  async block(requests: number): Promise<void> {
    const usage = process.cpuUsage();
    const began = performance.now();
    await this.send(requests);
    this.times.push(((performance.now() - began) * 1000) / requests);
    const { user, system } = process.cpuUsage(usage);
    this.cpu.push((user + system) / requests);
  }
}
