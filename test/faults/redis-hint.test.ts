import IoRedis from 'ioredis';
import knex, { type Knex } from 'knex';
import { Pool } from 'pg';
import { createClient, createCluster } from 'redis';

import {
  createIdentitySessionManager,
  type Credentials,
  type IdentitySessionManager,
  type SessionEvent,
} from '../../lib';
import { redisHint, type RedisClient } from '../../lib/changes/redis';
import { READ_AT_MOST_EVERY, READ_EVERY } from '../../lib/changes/changes';
import { systemClock, type Clock } from '../../lib/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { RedisServer } from './redis-server';

/** A clock whose long timers wait for the test: nothing is read unless a hint has it read, or the test. */
class Hurried implements Clock {
  readonly #real = systemClock();
  readonly #waiting = new Set<() => void>();
  reads = 0;

  now = () => this.#real.now();
  monotonic = () => this.#real.monotonic();

  after(delay: number, task: () => void): () => void {
    if (delay < READ_EVERY) return this.#real.after(delay, task);
    this.#waiting.add(task);
    return () => this.#waiting.delete(task);
  }

  follow(): void {
    this.reads++;
  }

  /** Calls what waits. */
  tick(): void {
    for (const task of this.#waiting) {
      this.#waiting.delete(task);
      task();
    }
  }
}

/** A client as an app would make it, and how the app closes it. */
interface AppClient {
  readonly client: RedisClient;
  close(): unknown;
}

const ignore = () => undefined;

const single = async (url: string): Promise<AppClient> => {
  const client = createClient({ url });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
};
const ioredis = async (url: string, options = {}): Promise<AppClient> => {
  const client = new IoRedis(url, options);
  client.on('error', ignore);
  return { client, close: () => client.disconnect() };
};

// A machine with nothing but Node has none to offer, but where CI=true it must be there.
const describeRedis = RedisServer.isInstalled || process.env['CI'] === 'true' ? describe : describe.skip;

let server: RedisServer;
let database: TestDatabase;
let clock: Hurried;
let closing: (() => unknown)[];
let events: SessionEvent[];
let one: IdentitySessionManager;
let other: IdentitySessionManager;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  clock = new Hurried();
  closing = [];
  events = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});
afterAll(() => database.destroy());

async function start(connect: (url: string) => Promise<AppClient>, kind?: 'cluster'): Promise<void> {
  server = await RedisServer.start(kind);
  closing.push(() => server.close());
  [one, other] = [await node(connect), await node(connect)];
}

/** A node that hears no notices of PostgreSQL: its pool is not Knex's, so it has no connection of its own. */
async function node(connect: (url: string) => Promise<AppClient>): Promise<IdentitySessionManager> {
  const { client, close } = await connect(server.url);
  const native = new Pool({ connectionString: database.url });
  const app = knex({ client: 'pg', connectionPool: native } as Knex.Config);
  const manager = createIdentitySessionManager({
    knex: app,
    clock,
    lease: 60_000,
    hint: redisHint(client),
    location: false,
    requestBudget: 30_000,
    report: (event) => {
      if (event.type === 'failed' || event.type === 'recovered') events.push(event);
    },
  });
  closing.push(async () => {
    await manager.close();
    await close();
    await app.destroy();
    await native.end();
  });
  return manager;
}

/** A session of which both nodes have a copy. */
async function warmSession(): Promise<Credentials> {
  const { session, secret } = await one.open({ userId: 'alice' });
  const credentials = { sessionId: session.sessionId, secret };
  await until(() => [one, other].every((manager) => !asks(manager, credentials)));
  return credentials;
}

function asks(manager: IdentitySessionManager, credentials: Credentials): boolean {
  const answer = manager.verify(credentials);
  if (answer instanceof Promise) answer.catch(ignore);
  return answer instanceof Promise;
}

const helped = (manager: IdentitySessionManager) =>
  manager.health().changes?.hints.some(({ name, up }) => name === 'redis' && up) === true;

const revoke = (credentials: Credentials) =>
  one.revoke({ owner: { userId: 'alice' }, only: [credentials.sessionId] });

async function expectOut(credentials: Credentials): Promise<void> {
  await until(() => asks(other, credentials));
  await expect(async () => other.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
}

describeRedis.each<[string, (url: string) => Promise<AppClient>, 'cluster'?]>([
  ['ioredis', ioredis],
  ['ioredis with a prefix, connecting late and without a queue', lateIoRedis],
  ['ioredis on a cluster', ioRedisCluster, 'cluster'],
  ['node-redis', single],
  ['node-redis on a cluster', nodeRedisCluster, 'cluster'],
])('a session that another node ends, by way of %s', (_, connect, kind) => {
  it('is out at once', async () => {
    await start(connect, kind);
    // Whoever has just subscribed is woken, so what is not heard yet cannot be mistaken for it.
    await warmSession();
    const credentials = await warmSession();
    await revoke(credentials);
    await expectOut(credentials);
    expect(events).toEqual([]);
  });
});

describeRedis.each([
  ['ioredis', ioredis],
  ['node-redis', single],
])('by way of %s', (_, connect) => {
  beforeEach(() => start(connect));

  it('a Redis that hangs keeps nobody waiting, and sessions are out by the next read', async () => {
    const credentials = await warmSession();
    server.pause();
    await revoke(credentials);
    expect(asks(other, credentials)).toBe(false);
    clock.tick();
    await expectOut(credentials);

    const next = await warmSession();
    server.resume();
    await revoke(next);
    await expectOut(next);
  });

  it('a Redis that dies is told of once, fails nothing, and helps again when it is back', async () => {
    const credentials = await warmSession();
    await server.kill();
    await until(() => events.length === 2);
    await revoke(credentials);
    clock.tick();
    await expectOut(credentials);
    expect(events).toEqual(Array(2).fill({ type: 'failed', task: 'hint', error: expect.any(Error) }));

    await server.up();
    await until(() => [one, other].every(helped));
    expect(events.at(-1)).toEqual({ type: 'recovered', task: 'hint' });
    const next = await warmSession();
    await revoke(next);
    await expectOut(next);
  });

  it('a Redis full of lies has the log read more often, and nothing else', async () => {
    const credentials = await warmSession();
    const [before, began] = [clock.reads, performance.now()];
    const liar = await connect(server.url);
    for (let lie = 0; lie < 1000; lie++) {
      await liar.client.publish('identity_session_changes', JSON.stringify({ ended: credentials.sessionId }));
    }
    await liar.close();
    expect(asks(other, credentials)).toBe(false);
    const most = (performance.now() - began) / READ_AT_MOST_EVERY + 1;
    expect(clock.reads - before).toBeGreaterThan(2);
    expect(clock.reads - before).toBeLessThanOrEqual(2 * most);
  });
});

describeRedis('a Redis that is not there when a node starts', () => {
  it.each([
    ['ioredis', ioredis, 'single'],
    ['node-redis on a cluster', nodeRedisCluster, 'cluster'],
  ] as const)('helps from when it comes, by way of %s', async (_, connect, kind) => {
    server = await RedisServer.start(kind);
    closing.push(() => server.close());
    const clients = await Promise.all([connect(server.url), connect(server.url)]);
    await server.kill();
    [one, other] = [await node(async () => clients[0]), await node(async () => clients[1])];
    await warmSession();
    await until(() => events.length >= 2);
    await server.up();
    await until(() => [one, other].every(helped));
    const credentials = await warmSession();
    await revoke(credentials);
    await expectOut(credentials);
  });
});

async function lateIoRedis(url: string): Promise<AppClient> {
  const made = await ioredis(url, { keyPrefix: 'app:', lazyConnect: true, enableOfflineQueue: false });
  await (made.client as IoRedis).connect();
  return made;
}

async function ioRedisCluster(url: string): Promise<AppClient> {
  const client = new IoRedis.Cluster([url]);
  client.on('error', ignore);
  return { client, close: () => client.disconnect() };
}

async function nodeRedisCluster(url: string): Promise<AppClient> {
  const client = createCluster({ rootNodes: [{ url }] });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
}
