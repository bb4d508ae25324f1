import { signIn, type Browsers } from './browsers';
import { Client } from './client';
import type { Database } from './database';
import { say } from './report';
import { serve } from './server';
import { ratios, shuffled, summary, type Summary } from './statistics';
import { nothingToStop, type Variant } from './variants/variant';

export interface Blocks {
  readonly sessions: number;
  readonly cycles: number;
  /** How many requests make a block. */
  readonly requests: number;
}

/** What each cycle has shown of a variant. */
export interface Course {
  readonly name: string;
  /** How long a request took, in microseconds, with all connections busy. */
  readonly times: readonly number[];
  /** CPU time of a request, the server's and the client's together, in microseconds. */
  readonly cpu: readonly number[];
}

/**
 * The servers of all variants and their clients in one process. In each cycle every variant serves one short block of
 * requests, in random order, so that it can be compared with what the others did in the same cycle: on a machine whose
 * speed changes from second to second, only what happens side by side can be compared.
 */
export async function runInOneProcess(
  database: Database,
  variants: readonly Variant[],
  { sessions, cycles, requests }: Blocks,
): Promise<Course[]> {
  const lanes: Lane[] = [];
  try {
    for (const variant of variants) {
      say(`${variant.name}: signing in`);
      lanes.push(await Lane.open(variant, database, sessions));
    }
    say('warming up');
    for (const lane of lanes) await lane.send(lane.browsers.requests.length);
    say(`${cycles} cycles of ${requests} requests to each`);
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const lane of shuffled(lanes)) await lane.block(requests);
    }
    return lanes.map(({ name, times, cpu }) => ({ name, times, cpu }));
  } finally {
    for (const lane of lanes) await lane.close();
  }
}

/** Requests a second of the one as a part of the other's, cycle by cycle. */
export function throughput(one: Course, other: Course): Summary {
  return summary(ratios(other.times, one.times));
}

/** By how much the CPU time of a request is more than the other's in the same cycle. */
export function extraCpu(one: Course, other: Course): Summary {
  return summary(one.cpu.map((cpu, cycle) => cpu - other.cpu[cycle]!));
}

/** A variant with its server and its client. */
export class Lane {
  readonly times: number[] = [];
  readonly cpu: number[] = [];

  private constructor(
    readonly name: string,
    readonly client: Client,
    readonly browsers: Browsers,
    readonly close: () => Promise<void>,
  ) {}

  static async open(variant: Variant, database: Database, sessions: number): Promise<Lane> {
    const databaseUrl = await database.create();
    const server = await serve(variant, { databaseUrl });
    const client = await Client.connect(server.port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    return new Lane(variant.name, client, browsers, async () => {
      client.close();
      await server.stop();
      await database.drop(databaseUrl);
    });
  }

  /** The same server and client once more, for blocks with something switched there. */
  again(name: string): Lane {
    return new Lane(name, this.client, this.browsers, nothingToStop);
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
