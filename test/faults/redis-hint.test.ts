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

/** A clock whose long timers wait for `tick()`. The change log is read only because of a hint or a tick. */
class ManualClock implements Clock {
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

  /** Runs the waiting tasks. */
  tick(): void {
    for (const task of this.#waiting) {
      this.#waiting.delete(task);
      task();
    }
  }
}

/** The app's Redis client and a function that closes it. */
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

// Without redis-server these tests are skipped, except if CI=true.
const describeRedis = RedisServer.isInstalled || process.env['CI'] === 'true' ? describe : describe.skip;

let server: RedisServer;
let database: TestDatabase;
let clock: ManualClock;
let closing: (() => unknown)[];
let events: SessionEvent[];
let one: IdentitySessionManager;
let other: IdentitySessionManager;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  clock = new ManualClock();
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

/** A node without PostgreSQL notifications: it uses a native pool, so the package opens no dedicated connection. */
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

/** Opens a session that both nodes have cached. */
async function cachedSession(): Promise<Credentials> {
  const { session, secret } = await one.open({ userId: 'alice' });
  const credentials = { sessionId: session.sessionId, secret };
  await until(() => [one, other].every((manager) => !readsDatabase(manager, credentials)));
  return credentials;
}

function readsDatabase(manager: IdentitySessionManager, credentials: Credentials): boolean {
  const answer = manager.verify(credentials);
  if (answer instanceof Promise) answer.catch(ignore);
  return answer instanceof Promise;
}

const hasHint = (manager: IdentitySessionManager) =>
  manager.health().changes?.hints.some(({ name, up }) => name === 'redis' && up) === true;

const revoke = (credentials: Credentials) =>
  one.revoke({ owner: { userId: 'alice' }, only: [credentials.sessionId] });

async function expectEnded(credentials: Credentials): Promise<void> {
  await until(() => readsDatabase(other, credentials));
  await expect(async () => other.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
}

describeRedis.each<[string, (url: string) => Promise<AppClient>, 'cluster'?]>([
  ['ioredis', ioredis],
  ['ioredis with a prefix, connecting late and without a queue', lateIoRedis],
  ['ioredis on a cluster', ioRedisCluster, 'cluster'],
  ['node-redis', single],
  ['node-redis on a cluster', nodeRedisCluster, 'cluster'],
])('redisHint with %s', (_, connect, kind) => {
  it('makes other nodes refuse a revoked session at once', async () => {
    await start(connect, kind);
    // A new subscription wakes the node once. The first session makes sure that this has happened.
    await cachedSession();
    const credentials = await cachedSession();
    await revoke(credentials);
    await expectEnded(credentials);
    expect(events).toEqual([]);
  });
});

describeRedis.each([
  ['ioredis', ioredis],
  ['node-redis', single],
])('redisHint with %s', (_, connect) => {
  beforeEach(() => start(connect));

  it('delays no call while Redis hangs, and nodes refuse revoked sessions after the next read', async () => {
    const credentials = await cachedSession();
    server.pause();
    await revoke(credentials);
    expect(readsDatabase(other, credentials)).toBe(false);
    clock.tick();
    await expectEnded(credentials);

    const next = await cachedSession();
    server.resume();
    await revoke(next);
    await expectEnded(next);
  });

  it('reports the failure once if Redis is killed, fails no call, and works again when Redis is back', async () => {
    const credentials = await cachedSession();
    await server.kill();
    await until(() => events.length === 2);
    await revoke(credentials);
    clock.tick();
    await expectEnded(credentials);
    expect(events).toEqual(Array(2).fill({ type: 'failed', task: 'hint', error: expect.any(Error) }));

    await server.up();
    await until(() => [one, other].every(hasHint));
    expect(events.at(-1)).toEqual({ type: 'recovered', task: 'hint' });
    const next = await cachedSession();
    await revoke(next);
    await expectEnded(next);
  });

  it('only reads the change log more often if Redis sends false notifications', async () => {
    const credentials = await cachedSession();
    const [before, began] = [clock.reads, performance.now()];
    const publisher = await connect(server.url);
    for (let sent = 0; sent < 1000; sent++) {
      await publisher.client.publish(
        'identity_session_changes',
        JSON.stringify({ ended: credentials.sessionId }),
      );
    }
    await publisher.close();
    expect(readsDatabase(other, credentials)).toBe(false);
    const most = (performance.now() - began) / READ_AT_MOST_EVERY + 1;
    expect(clock.reads - before).toBeGreaterThan(2);
    expect(clock.reads - before).toBeLessThanOrEqual(2 * most);
  });
});

describeRedis('redisHint on a node that starts while Redis is down', () => {
  it.each([
    ['ioredis', ioredis, 'single'],
    ['node-redis on a cluster', nodeRedisCluster, 'cluster'],
  ] as const)('works as soon as Redis is up, with %s', async (_, connect, kind) => {
    server = await RedisServer.start(kind);
    closing.push(() => server.close());
    const clients = await Promise.all([connect(server.url), connect(server.url)]);
    await server.kill();
    [one, other] = [await node(async () => clients[0]), await node(async () => clients[1])];
    await cachedSession();
    await until(() => events.length >= 2);
    await server.up();
    await until(() => [one, other].every(hasHint));
    const credentials = await cachedSession();
    await revoke(credentials);
    await expectEnded(credentials);
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
