import { systemClock } from '../clock';
import type { Hint, HintListener } from './hint';

export type { Hint, HintListener };

/** The members of an ioredis or node-redis client that `redisHint` uses. Clients of single servers and of clusters work. */
export interface RedisClient {
  publish(channel: string, message: string): Promise<unknown>;
  duplicate(options?: object): object;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** Options of `redisHint`. */
export interface RedisHintOptions {
  /** The name of the channel that all nodes of the app share. Defaults to `identity_session_changes`. */
  readonly channel?: string | undefined;
}

/**
 * Returns a hint that uses publish/subscribe on Redis or Valkey. Use it if PostgreSQL's notifications do not reach the
 * nodes, or if they are too many for the database. It publishes with the app's client. It subscribes with a duplicate of
 * that client, and disconnects the duplicate when the app closes its client.
 * @throws TypeError if `client` is not a client of ioredis or node-redis
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

/** The duplicate that subscribes. The optional members exist in only one of the two libraries. */
interface Subscriber {
  on(event: string, listener: (detail: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener?: () => void): Promise<unknown>;
  disconnect?(): unknown;
  destroy?(): unknown;
  readonly status?: string;
}

type Subscribe = (subscriber: Subscriber, channel: string, listener: HintListener) => Promise<void>;

/** The two libraries differ in the spelling of `psubscribe` (ioredis) and `pSubscribe` (node-redis). */
function subscribeOf(client: RedisClient): Subscribe {
  const given: unknown = client;
  const has = (name: string) => typeof (given as Record<string, unknown> | null)?.[name] === 'function';
  if (['publish', 'duplicate', 'on', 'off'].every(has)) {
    if (has('psubscribe')) return subscribeByEvents;
    if (has('pSubscribe')) return subscribeByCallback;
  }
  throw new TypeError(
    '`redisHint` needs a client of ioredis or node-redis: write `redisHint(new Redis(url))`',
  );
}

/**
 * Subscribes with ioredis, again after every reconnect. The library itself repeats a subscription only if it had succeeded
 * before.
 */
async function subscribeByEvents(
  subscriber: Subscriber,
  channel: string,
  listener: HintListener,
): Promise<void> {
  subscriber.on('message', listener.notify);
  subscriber.on('close', () => listener.down(new Error('The connection to Redis was lost')));
  subscriber.on('ready', () => void subscriber.subscribe(channel).then(listener.up, listener.down));
  // With `lazyConnect`, a client connects on its first command, but no command is sent before 'ready'.
  if (subscriber.status === 'wait') await subscriber.connect().catch(listener.down);
}

/** Subscribes with node-redis. The library repeats the subscription after every reconnect. */
async function subscribeByCallback(
  subscriber: Subscriber,
  channel: string,
  listener: HintListener,
): Promise<void> {
  await subscriber.connect();
  await subscriber.subscribe(channel, listener.notify);
  listener.up();
  subscriber.on('ready', listener.up);
}

/** The pause before a new duplicate is created, after the library has stopped trying to connect, in milliseconds. */
const RETRY_EVERY = 5000;

/**
 * Disables ioredis's own repeated subscription. It would run in addition to ours, and if it failed, the unhandled rejection
 * would end the process.
 */
const SUBSCRIBER_OPTIONS = { autoResubscribe: false };

/** The events that a client emits when the app closes it: `end`, or `disconnect` on a cluster of node-redis. */
const CLOSE_EVENTS = ['end', 'disconnect'];

class Subscription {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #listener: HintListener;
  readonly #subscribe: Subscribe;
  /** Pauses use real timers, even when tests inject a fake clock elsewhere. */
  readonly #clock = systemClock();
  #subscriber: Subscriber | undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(client: RedisClient, channel: string, listener: HintListener, subscribe: Subscribe) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
    this.#subscribe = subscribe;
    for (const event of CLOSE_EVENTS) client.on(event, this.close);
    void this.#open();
  }

  readonly close = (): void => {
    for (const event of CLOSE_EVENTS) this.#client.off(event, this.close);
    this.#cancelRetry();
    this.#disconnect();
  };

  async #open(): Promise<void> {
    const { notify, down } = this.#listener;
    const up = () => {
      this.#listener.up();
      // Notifications may have been missed while the subscription was down.
      notify();
    };
    let subscriber: Subscriber | undefined;
    try {
      subscriber = this.#client.duplicate(SUBSCRIBER_OPTIONS) as Subscriber;
      this.#subscriber = subscriber;
      subscriber.on('error', down);
      subscriber.on('end', () =>
        this.#retry(subscriber, new Error('The Redis client stopped trying to connect')),
      );
      await this.#subscribe(subscriber, this.#channel, { notify, up, down });
    } catch (error) {
      this.#retry(subscriber, error);
    }
  }

  #retry(subscriber: Subscriber | undefined, error: unknown): void {
    if (subscriber !== this.#subscriber) return;
    this.#disconnect();
    this.#listener.down(error);
    this.#cancelRetry = this.#clock.after(RETRY_EVERY, () => void this.#open());
  }

  #disconnect(): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    void disconnect(subscriber);
  }
}

async function disconnect(subscriber: Subscriber | undefined): Promise<void> {
  try {
    await (subscriber?.destroy ? subscriber.destroy() : subscriber?.disconnect?.());
  } catch {
    // node-redis throws if the client is not connected.
  }
}
