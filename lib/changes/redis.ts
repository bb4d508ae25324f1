import { systemClock } from '../clock';
import type { Hint, HintListener } from './hint';

export type { Hint, HintListener };

/** A client of ioredis or node-redis, of one server or of a cluster: the part of it that is used. */
export interface RedisClient {
  publish(channel: string, message: string): Promise<unknown>;
  duplicate(options?: object): object;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** How a Redis is used. */
export interface RedisHintOptions {
  /** The channel that all nodes of the app share. `identity_session_changes` when absent. */
  readonly channel?: string | undefined;
}

/**
 * A hint by publish and subscribe on Redis or Valkey, for a database whose own notices do not reach the nodes or are too
 * many for it. It publishes over the app's client, and listens over a duplicate of it that goes when the client does.
 * @throws TypeError when it is no client of ioredis or node-redis
 */
export function redisHint(
  client: RedisClient,
  { channel = 'identity_session_changes' }: RedisHintOptions = {},
): Hint {
  const subscribe = subscribeOf(client);
  return {
    name: 'redis',
    send: async () => client.publish(channel, ''),
    listen: (listener) => new Subscription(client, channel, listener, subscribe).close,
  };
}

/** A duplicate of a client, with what both libraries call the same. */
interface Subscriber {
  on(event: string, listener: (detail: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener?: () => void): Promise<unknown>;
  disconnect?(): unknown;
  destroy?(): unknown;
  readonly status?: string;
}

type Subscribe = (subscriber: Subscriber, channel: string, heard: HintListener) => Promise<void>;

/** What the two libraries call `psubscribe` and `pSubscribe` tells them apart. */
function subscribeOf(client: RedisClient): Subscribe {
  const given: unknown = client;
  const has = (name: string) => typeof (given as Record<string, unknown> | null)?.[name] === 'function';
  if (['publish', 'duplicate', 'on', 'off'].every(has)) {
    if (has('psubscribe')) return subscribeByEvents;
    if (has('pSubscribe')) return subscribeByCallback;
  }
  throw new TypeError('`redisHint` needs a client of ioredis or node-redis: `redisHint(new Redis(url))`');
}

/** As ioredis has it. It is asked for at each connection: the library repeats only what has succeeded before. */
async function subscribeByEvents(
  subscriber: Subscriber,
  channel: string,
  heard: HintListener,
): Promise<void> {
  subscriber.on('message', heard.wake);
  subscriber.on('close', () => heard.down(new Error('The connection to Redis was lost')));
  subscriber.on('ready', () => void subscriber.subscribe(channel).then(heard.up, heard.down));
  // Clients that connect at their first command would have none.
  if (subscriber.status === 'wait') await subscriber.connect().catch(heard.down);
}

/** As node-redis has it, which subscribes again by itself after the first time. */
async function subscribeByCallback(
  subscriber: Subscriber,
  channel: string,
  heard: HintListener,
): Promise<void> {
  await subscriber.connect();
  await subscriber.subscribe(channel, heard.wake);
  heard.up();
  subscriber.on('ready', heard.up);
}

/** How long it waits, after a library has given up to connect, until it makes another duplicate, in milliseconds. */
const RETRY_EVERY = 5000;

/** ioredis would subscribe again by itself, beside us, and a failure of that would be nobody's and end the process. */
const OF_SUBSCRIBERS = { autoResubscribe: false };

/** How clients say that the app has closed them: those of one server, and of a cluster. */
const ENDS = ['end', 'disconnect'];

class Subscription {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #listener: HintListener;
  readonly #subscribe: Subscribe;
  /** Waits for Redis are real ones, whatever clock a test has sessions judged by. */
  readonly #clock = systemClock();
  #subscriber: Subscriber | undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(client: RedisClient, channel: string, listener: HintListener, subscribe: Subscribe) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
    this.#subscribe = subscribe;
    for (const event of ENDS) client.on(event, this.close);
    void this.#open();
  }

  readonly close = (): void => {
    for (const event of ENDS) this.#client.off(event, this.close);
    this.#cancelRetry();
    this.#leave();
  };

  async #open(): Promise<void> {
    const { wake, down } = this.#listener;
    const up = () => {
      this.#listener.up();
      // Something may have been sent before.
      wake();
    };
    let subscriber: Subscriber | undefined;
    try {
      subscriber = this.#client.duplicate(OF_SUBSCRIBERS) as Subscriber;
      this.#subscriber = subscriber;
      subscriber.on('error', down);
      subscriber.on('end', () => this.#retry(subscriber, new Error('The client of Redis gave up')));
      await this.#subscribe(subscriber, this.#channel, { wake, up, down });
    } catch (error) {
      this.#retry(subscriber, error);
    }
  }

  #retry(subscriber: Subscriber | undefined, error: unknown): void {
    if (subscriber !== this.#subscriber) return;
    this.#leave();
    this.#listener.down(error);
    this.#cancelRetry = this.#clock.after(RETRY_EVERY, () => void this.#open());
  }

  #leave(): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    void leave(subscriber);
  }
}

async function leave(subscriber: Subscriber | undefined): Promise<void> {
  try {
    await (subscriber?.destroy ? subscriber.destroy() : subscriber?.disconnect?.());
  } catch {
    // It was not connected.
  }
}
