import { signIn, type Browsers } from './browsers';
import { Client } from './client';
import type { Database } from './database';
import { say } from './report';
import { serve } from './server';
import { ratios, sum, summary, type Summary } from './statistics';
import type { Variant } from './variants/variant';

export interface Plan {
  readonly sessions: number;
  readonly cycles: number;
  /** How many requests make a block. */
  readonly block: number;
}

export interface Compared {
  readonly name: string;
  /** Requests a second as a part of what the first variant reached in the same cycle. */
  readonly ratio: Summary;
  /** CPU time of a request in microseconds, the server's and the client's together; a mean, for garbage is collected too. */
  readonly cpu: number;
  /** By how much it is more than the first variant's in the same cycle. */
  readonly extraCpu: Summary;
}

/**
 * The servers of all variants and their clients in one process. In each cycle every variant serves one short block of
 * requests, in random order, and is compared with what the first variant did in the same cycle: on a machine whose speed
 * changes from second to second, only what happens side by side can be compared.
 */
export async function compareInOneProcess(
  database: Database,
  variants: readonly Variant[],
  { sessions, cycles, block }: Plan,
): Promise<Compared[]> {
  const lanes: Lane[] = [];
  try {
    for (const variant of variants) {
      say(`${variant.name}: signing in`);
      lanes.push(await Lane.open(variant, await database.create(), sessions));
    }
    say('warming up');
    for (const lane of lanes) await lane.send(lane.browsers.requests.length);
    say(`${cycles} cycles of ${block} requests each`);
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const lane of shuffled(lanes)) await lane.measure(block);
    }
    return lanes.map((lane) => lane.comparedWith(lanes[0]!));
  } finally {
    for (const lane of lanes) await lane.close();
  }
}

/** A variant with its server, its client, and what was measured in each cycle. */
class Lane {
  readonly #times: number[] = [];
  readonly #cpu: number[] = [];

  private constructor(
    readonly name: string,
    readonly client: Client,
    readonly browsers: Browsers,
    readonly close: () => Promise<void>,
  ) {}

  static async open(variant: Variant, databaseUrl: string, sessions: number): Promise<Lane> {
    const server = await serve(variant, { databaseUrl });
    const client = await Client.connect(server.port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    return new Lane(variant.name, client, browsers, () => {
      client.close();
      return server.stop();
    });
  }

  async send(requests: number): Promise<void> {
    let left = requests;
    await this.client.run(() => (left-- > 0 ? this.browsers.roundRobin() : undefined));
  }

  async measure(requests: number): Promise<void> {
    const usage = process.cpuUsage();
    const began = performance.now();
    await this.send(requests);
    this.#times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(usage);
    this.#cpu.push((user + system) / requests);
  }

  comparedWith(reference: Lane): Compared {
    return {
      name: this.name,
      ratio: summary(ratios(reference.#times, this.#times)),
      cpu: sum(this.#cpu) / this.#cpu.length,
      extraCpu: summary(this.#cpu.map((cpu, cycle) => cpu - reference.#cpu[cycle]!)),
    };
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  const drawn = values.map((value) => ({ value, lot: Math.random() }));
  return drawn.sort((one, other) => one.lot - other.lot).map(({ value }) => value);
}
