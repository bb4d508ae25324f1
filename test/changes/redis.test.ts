import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import IoRedis from 'ioredis';
import { createClient, createCluster } from 'redis';

import type { HintListener } from '../../lib/changes/hint';
import { redisHint, type RedisClient } from '../../lib/changes/redis';
import type * as Clocks from '../../lib/clock';
import { GLOBALS } from '../support/clock';
import { turns, until } from '../support/gate';

jest.mock('../../lib/clock', () => {
  const clock = jest.requireActual<typeof Clocks>('../../lib/clock');
  return { ...clock, systemClock: () => clock.clockOf(GLOBALS) };
});

/** A server that passes messages on to its subscribers. */
class FakeRedis {
  readonly subscribers = new Map<FakeClient, string>();
  readonly clients: FakeClient[] = [];
  down = false;

  publish(channel: string): void {
    for (const [client, subscribed] of this.subscribers) if (subscribed === channel) client.receive();
  }
}

/** The behaviour that both libraries have in common. */
abstract class FakeClient extends EventEmitter {
  constructor(protected readonly server: FakeRedis) {
    super();
    server.clients.push(this);
  }

  async publish(channel: string, _message: string): Promise<void> {
    if (this.server.down) throw new Error('no connection');
    this.server.publish(channel);
  }

  abstract duplicate(): FakeClient;
  abstract receive(): void;

  /** Loses the connection and connects again. */
  abstract reconnect(): Promise<void>;

  get isListening(): boolean {
    return this.server.subscribers.has(this);
  }
}

class FakeIoRedis extends FakeClient {
  status = 'connecting';
  psubscribe(): void {}

  duplicate(): FakeIoRedis {
    const made = new FakeIoRedis(this.server);
    setImmediate(() => made.emit('ready'));
    return made;
  }

  async subscribe(channel: string): Promise<void> {
    if (this.server.down) throw new Error('no connection');
    this.server.subscribers.set(this, channel);
  }

  receive(): void {
    this.emit('message', 'channel', '');
  }

  async reconnect(): Promise<void> {
    this.server.subscribers.delete(this);
    this.emit('error', new Error('ECONNREFUSED'));
    this.emit('close');
    this.emit('ready');
    await turns();
  }

  disconnect(): void {
    this.server.subscribers.delete(this);
    this.emit('close');
    this.emit('end');
  }
}

class FakeNodeRedis extends FakeClient {
  #listener: () => void = () => undefined;
  pSubscribe(): void {}

  duplicate(): FakeNodeRedis {
    return new FakeNodeRedis(this.server);
  }

  async connect(): Promise<void> {
    if (this.server.down) throw new Error('no connection');
    this.emit('ready');
  }

  async subscribe(channel: string, listener: () => void): Promise<void> {
    this.#listener = listener;
    this.server.subscribers.set(this, channel);
  }

  receive(): void {
    this.#listener();
  }

  async reconnect(): Promise<void> {
    this.emit('error', new Error('ECONNREFUSED'));
    this.emit('ready');
    await turns();
  }

  destroy(): void {
    if (!this.server.subscribers.delete(this)) throw new Error('The client is closed');
    this.emit('end');
  }
}

let server: FakeRedis;
let events: string[];
const listener: HintListener = {
  notify: () => events.push('notify'),
  up: () => events.push('up'),
  down: (error) => events.push(`down: ${(error as Error).message}`),
};

beforeEach(() => {
  server = new FakeRedis();
  events = [];
});
afterEach(() => jest.useRealTimers());

describe.each([
  ['ioredis', FakeIoRedis],
  ['node-redis', FakeNodeRedis],
])('redisHint() with a client of %s', (_, Client) => {
  let client: FakeClient;

  beforeEach(() => {
    client = new Client(server);
  });

  async function listening(options = {}): Promise<() => void> {
    const stop = redisHint(client, options).listen(listener);
    await turns();
    return stop;
  }

  const subscriber = () => server.clients.at(-1)!;

  it('notifies once after subscribing and then for every message of another node', async () => {
    await listening();
    expect(events).toEqual(['up', 'notify']);
    await redisHint(new Client(server)).send!();
    expect(events).toEqual(['up', 'notify', 'notify']);
  });

  it('receives only the messages of its own channel', async () => {
    await listening({ channel: 'one' });
    await redisHint(client, { channel: 'other' }).send!();
    expect(events).toEqual(['up', 'notify']);
    await redisHint(client, { channel: 'one' }).send!();
    expect(events).toEqual(['up', 'notify', 'notify']);
  });

  it('does not subscribe or add error listeners to the client of the app', async () => {
    await listening();
    expect(client.isListening).toBe(false);
    expect(client.listenerCount('error')).toBe(0);
  });

  it('calls down() when the connection is lost, and up() and notify() after the reconnect', async () => {
    await listening();
    events.length = 0;
    await subscriber().reconnect();
    expect(events[0]).toBe('down: ECONNREFUSED');
    expect(events.slice(-2)).toEqual(['up', 'notify']);
    server.publish('identity_session_changes');
    expect(events.at(-1)).toBe('notify');
  });

  it('disconnects the duplicate and removes all listeners from the client when it is stopped', async () => {
    const stop = await listening();
    stop();
    stop();
    await turns();
    expect(subscriber().isListening).toBe(false);
    expect(client.eventNames()).toEqual([]);
  });

  it('stops when the app closes its client, so that the process can exit', async () => {
    await listening();
    client.emit('end');
    expect(subscriber().isListening).toBe(false);
    expect(client.eventNames()).toEqual([]);
  });

  it('creates another duplicate after the library has stopped trying to connect', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    await listening();
    const first = subscriber();
    first.emit('end');
    expect(events.at(-1)).toBe('down: The Redis client stopped trying to connect');
    jest.advanceTimersByTime(5000);
    await turns();
    expect(subscriber()).not.toBe(first);
    expect(events.slice(-2)).toEqual(['up', 'notify']);
  });

  it('creates no other duplicate after it was stopped', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const stop = await listening();
    subscriber().emit('end');
    stop();
    jest.advanceTimersByTime(60_000);
    await turns();
    expect(server.clients).toHaveLength(2);
  });

  it('calls down() and rejects send() when the server is unavailable', async () => {
    server.down = true;
    const stop = await listening();
    expect(events).toEqual(['down: no connection']);
    await expect(redisHint(client).send!()).rejects.toThrow('no connection');
    stop();
  });

  it('calls down() when the client cannot be duplicated', async () => {
    client.duplicate = () => {
      throw new Error('no duplicates');
    };
    const stop = await listening();
    expect(events).toEqual(['down: no duplicates']);
    stop();
  });
});

describe('redisHint() with a client of ioredis that has lazyConnect', () => {
  it('connects the duplicate', async () => {
    const client = new FakeIoRedis(server);
    let connected = 0;
    client.duplicate = () =>
      Object.assign(new FakeIoRedis(server), { status: 'wait', connect: async () => connected++ });
    redisHint(client).listen(listener);
    await turns();
    expect(connected).toBe(1);
  });
});

describe('redisHint() with ioredis itself', () => {
  it('causes no unhandled rejection when it is stopped during a repeated subscription', async () => {
    const sockets: Socket[] = [];
    const commands: string[] = [];
    const redis = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        for (const command of data
          .toString()
          .split(/^\*\d+\r\n/m)
          .slice(1)) {
          commands.push(command);
          socket.write(answerOf(command, commands));
        }
      });
    }).listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const { port } = redis.address() as AddressInfo;
    const client = new IoRedis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 1 });
    const stop = redisHint(client).listen(listener);
    await until(() => events.includes('up'));
    sockets.at(-1)!.destroy();
    await until(() => commands.filter(isSubscribing).length > 1);
    stop();
    await until(() => events.includes('down: Connection is closed.'));
    // An unhandled rejection would fail this test.
    await turns();
    client.disconnect();
    for (const socket of sockets) socket.destroy();
    redis.close();
    await once(redis, 'close');
  });

  const isSubscribing = (command: string) => command.includes('\r\nsubscribe\r\n');

  /** Answers as Redis does, except that the second subscription gets no answer. */
  function answerOf(command: string, commands: readonly string[]): string {
    if (command.includes('info')) return bulk('loading:0');
    if (!isSubscribing(command)) return '+OK\r\n';
    const subscribed = `*3\r\n${bulk('subscribe')}${bulk('identity_session_changes')}:1\r\n`;
    return commands.filter(isSubscribing).length > 1 ? '' : subscribed;
  }

  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
});

describe('redisHint()', () => {
  it.each<[string, RedisClient]>([
    ['ioredis', new IoRedis({ lazyConnect: true })],
    ['ioredis for a cluster', new IoRedis.Cluster([], { lazyConnect: true })],
    ['node-redis', createClient()],
    ['node-redis for a cluster', createCluster({ rootNodes: [] })],
  ])('accepts a client of %s', (_, client) => {
    expect(redisHint(client)).toMatchObject({ listen: expect.any(Function), send: expect.any(Function) });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'redis://cache'],
    ['an object', {}],
    ['something that publishes', new EventEmitter()],
  ])('throws a TypeError for %s', (_, wrong) => {
    expect(() => redisHint(wrong as never)).toThrow(TypeError);
    expect(() => redisHint(wrong as never)).toThrow('redisHint(new Redis(url))');
  });
});
