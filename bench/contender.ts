import { setTimeout as sleep } from 'node:timers/promises';

import { signIn, type Browsers } from './browsers';
import { Child } from './child';
import { Client } from './client';
import type { Database } from './database';
import type { Usage } from './variant-server';
import { nothingToStop, type Variant } from './variants/variant';

/** How long paced requests wait for each other, in milliseconds. */
const PACE = 10;

/** A variant in a process of its own, with people who are signed in there. Its client is in this process. */
export class Contender {
  private constructor(
    readonly name: string,
    readonly databaseUrl: string,
    readonly client: Client,
    readonly browsers: Browsers,
    readonly usage: () => Promise<Usage>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(variant: Variant, database: Database, sessions: number): Promise<Contender> {
    const databaseUrl = await database.create();
    return Contender.#start(variant, sessions, databaseUrl, () => database.drop(databaseUrl));
  }

  /** One more process on the database at the URL, which stays when this stops. */
  static join(variant: Variant, sessions: number, databaseUrl: string): Promise<Contender> {
    return Contender.#start(variant, sessions, databaseUrl, nothingToStop);
  }

  static async #start(
    variant: Variant,
    sessions: number,
    databaseUrl: string,
    drop: () => Promise<void>,
  ): Promise<Contender> {
    const [child, port] = await Child.start<number>('variant-server.ts', [variant.name, databaseUrl]);
    const client = await Client.connect(port);
    const browsers = await signIn(client, Math.min(sessions, variant.sessions ?? sessions));
    const stop = async () => {
      client.close();
      await child.stop();
      await drop();
    };
    return new Contender(variant.name, databaseUrl, client, browsers, () => child.ask<Usage>('usage'), stop);
  }

  /** Requests round robin for a while; how long each took, in milliseconds. */
  roundRobin(seconds: number): Promise<number[]> {
    return this.#load(seconds, this.browsers.roundRobin);
  }

  /** Requests of people in no order, so that not everybody's last-accessed time is due at the same moment. */
  random(seconds: number): Promise<number[]> {
    return this.#load(seconds, this.browsers.random);
  }

  /** So many requests of people in no order, at a rate of so many a second, or as near to it as the machine can. */
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
