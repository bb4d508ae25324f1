import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import IoRedis from 'ioredis';
import { createClient, createCluster } from 'redis';

import type { HintListener } from '../../lib/changes/hint';
import { redisHint, type RedisClient } from '../../lib/changes/redis';
import { turns, until } from '../support/gate';

/** A server that passes messages on to whoever has subscribed. */
class FakeRedis {
  readonly subscribers = new Map<FakeClient, string>();
  readonly clients: FakeClient[] = [];
  down = false;

  publish(channel: string): void {
    for (const [client, subscribed] of this.subscribers) if (subscribed === channel) client.receive();
  }
}

/** What both libraries have in common. */
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

  /** The connection is lost, and found again. */
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
let heard: string[];
const listener: HintListener = {
  wake: () => heard.push('wake'),
  up: () => heard.push('up'),
  down: (error) => heard.push(`down: ${(error as Error).message}`),
};

beforeEach(() => {
  server = new FakeRedis();
  heard = [];
});
afterEach(() => jest.useRealTimers());

describe.each([
  ['ioredis', FakeIoRedis],
  ['node-redis', FakeNodeRedis],
])('over a client of %s', (_, Client) => {
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

  it('a node hears what another sends, and reads once to begin with: something may have been sent before', async () => {
    await listening();
    expect(heard).toEqual(['up', 'wake']);
    await redisHint(new Client(server)).send!();
    expect(heard).toEqual(['up', 'wake', 'wake']);
  });

  it('apps that share a server have channels of their own', async () => {
    await listening({ channel: 'one' });
    await redisHint(client, { channel: 'other' }).send!();
    expect(heard).toEqual(['up', 'wake']);
    await redisHint(client, { channel: 'one' }).send!();
    expect(heard).toEqual(['up', 'wake', 'wake']);
  });

  it('the app goes on using its client, which is not subscribed to anything', async () => {
    await listening();
    expect(client.isListening).toBe(false);
    expect(client.listenerCount('error')).toBe(0);
  });

  it('a connection that was lost and found is told of, and something may have been sent meanwhile', async () => {
    await listening();
    heard.length = 0;
    await subscriber().reconnect();
    expect(heard[0]).toBe('down: ECONNREFUSED');
    expect(heard.slice(-2)).toEqual(['up', 'wake']);
    server.publish('identity_session_changes');
    expect(heard.at(-1)).toBe('wake');
  });

  it('stopping it closes the duplicate, and leaves nothing on the client', async () => {
    const stop = await listening();
    stop();
    stop();
    await turns();
    expect(subscriber().isListening).toBe(false);
    expect(client.eventNames()).toEqual([]);
  });

  it('it stops when the app closes its client, so that it keeps no process from ending', async () => {
    await listening();
    client.emit('end');
    expect(subscriber().isListening).toBe(false);
    expect(client.eventNames()).toEqual([]);
  });

  it('another duplicate is made when the library has given up the first', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    await listening();
    const first = subscriber();
    first.emit('end');
    expect(heard.at(-1)).toBe('down: The client of Redis gave up');
    jest.advanceTimersByTime(5000);
    await turns();
    expect(subscriber()).not.toBe(first);
    expect(heard.slice(-2)).toEqual(['up', 'wake']);
  });

  it('none is made any more when it was stopped meanwhile', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const stop = await listening();
    subscriber().emit('end');
    stop();
    jest.advanceTimersByTime(60_000);
    await turns();
    expect(server.clients).toHaveLength(2);
  });

  it('a server that is away makes sending fail, and listening tell so', async () => {
    server.down = true;
    const stop = await listening();
    expect(heard).toEqual(['down: no connection']);
    await expect(redisHint(client).send!()).rejects.toThrow('no connection');
    stop();
  });

  it('a client that cannot even be duplicated is down', async () => {
    client.duplicate = () => {
      throw new Error('no duplicates');
    };
    const stop = await listening();
    expect(heard).toEqual(['down: no duplicates']);
    stop();
  });
});

describe('a client of ioredis that connects at its first command', () => {
  it('is connected', async () => {
    const client = new FakeIoRedis(server);
    let connected = 0;
    client.duplicate = () =>
      Object.assign(new FakeIoRedis(server), { status: 'wait', connect: async () => connected++ });
    redisHint(client).listen(listener);
    await turns();
    expect(connected).toBe(1);
  });
});

describe('ioredis itself', () => {
  it('leaves no failure unheard, which would end the process, when it is closed while it subscribes again', async () => {
    const sockets: Socket[] = [];
    const asked: string[] = [];
    const redis = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        for (const command of data
          .toString()
          .split(/^\*\d+\r\n/m)
          .slice(1)) {
          asked.push(command);
          socket.write(answerOf(command, asked));
        }
      });
    }).listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const { port } = redis.address() as AddressInfo;
    const client = new IoRedis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 1 });
    const stop = redisHint(client).listen(listener);
    await until(() => heard.includes('up'));
    sockets.at(-1)!.destroy();
    await until(() => asked.filter(isSubscribing).length > 1);
    stop();
    await until(() => heard.includes('down: Connection is closed.'));
    // A failure that nobody hears fails the test that runs.
    await turns();
    client.disconnect();
    for (const socket of sockets) socket.destroy();
    redis.close();
    await once(redis, 'close');
  });

  const isSubscribing = (command: string) => command.includes('\r\nsubscribe\r\n');

  /** In the words of a server that is hung up when it is asked to subscribe somebody for the second time. */
  function answerOf(command: string, asked: readonly string[]): string {
    if (command.includes('info')) return bulk('loading:0');
    if (!isSubscribing(command)) return '+OK\r\n';
    const subscribed = `*3\r\n${bulk('subscribe')}${bulk('identity_session_changes')}:1\r\n`;
    return asked.filter(isSubscribing).length > 1 ? '' : subscribed;
  }

  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
});

describe('the hint', () => {
  it.each<[string, RedisClient]>([
    ['ioredis', new IoRedis({ lazyConnect: true })],
    ['ioredis for a cluster', new IoRedis.Cluster([], { lazyConnect: true })],
    ['node-redis', createClient()],
    ['node-redis for a cluster', createCluster({ rootNodes: [] })],
  ])('takes a client of %s as it is', (_, client) => {
    expect(redisHint(client)).toMatchObject({ listen: expect.any(Function), send: expect.any(Function) });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'redis://cache'],
    ['an object', {}],
    ['something that publishes', new EventEmitter()],
  ])('refuses %s', (_, wrong) => {
    expect(() => redisHint(wrong as never)).toThrow(TypeError);
    expect(() => redisHint(wrong as never)).toThrow('redisHint(new Redis(url))');
  });
});
