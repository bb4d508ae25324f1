import { setTimeout as sleep } from 'node:timers/promises';

import { signIn, type Browsers } from './browsers';
import { Child } from './child';
import { Client } from './client';
import type { Database } from './database';
import type { Usage } from './variant-server';
import { noCleanup, type Variant } from './variants/variant';

/** The interval between two groups of paced requests, in milliseconds. */
const PACE = 10;

/** A variant that runs in a child process, with its signed-in users. The client runs in this process. */
export class VariantProcess {
  private constructor(
    readonly name: string,
    readonly databaseUrl: string,
    readonly client: Client,
    readonly browsers: Browsers,
    readonly usage: () => Promise<Usage>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(variant: Variant, database: Database, sessions: number): Promise<VariantProcess> {
    const databaseUrl = await database.create();
    return VariantProcess.#start(variant, sessions, databaseUrl, () => database.drop(databaseUrl));
  }

  /** Starts another process on an existing database. `stop()` does not drop that database. */
  static join(variant: Variant, sessions: number, databaseUrl: string): Promise<VariantProcess> {
    return VariantProcess.#start(variant, sessions, databaseUrl, noCleanup);
  }

  static async #start(
    variant: Variant,
    sessions: number,
    databaseUrl: string,
    drop: () => Promise<void>,
  ): Promise<VariantProcess> {
    const [child, port] = await Child.start<number>('variant-server.ts', [variant.name, databaseUrl]);
    const client = await Client.connect(port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    const stop = async () => {
      client.close();
      await child.stop();
      await drop();
    };
    return new VariantProcess(
      variant.name,
      databaseUrl,
      client,
      browsers,
      () => child.ask<Usage>('usage'),
      stop,
    );
  }

  /** Sends requests of all users in turn. Returns the latencies in milliseconds. */
  roundRobin(seconds: number): Promise<number[]> {
    return this.#load(seconds, this.browsers.roundRobin);
  }

  /** Sends requests of random users, so that their touches do not become due all at once. Returns the latencies. */
  random(seconds: number): Promise<number[]> {
    return this.#load(seconds, this.browsers.random);
  }

  /** Sends requests of random users at the given rate, or at a lower one if the machine cannot keep up. */
  async paced(requests: number, requestsPerSecond: number): Promise<void> {
    const began = performance.now();
    const due = () => Math.min(requests, ((performance.now() - began) * requestsPerSecond) / 1000);
    for (let sent = 0; sent < requests; await sleep(PACE)) {
      await this.client.run(() => (sent < Math.floor(due()) ? (sent++, this.browsers.random()) : undefined));
    }
  }

  #load(seconds: number, next: () => Buffer): Promise<number[]> {
    const end = performance.now() + seconds * 1000;
    return this.client.run(() => (performance.now() < end ? next() : undefined));
  }
}
