import * as client from 'prom-client';
import request from 'supertest';

import { prometheusMetrics, readyz } from '../../lib/metrics';
import type { Hint } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';
import { Proxy } from '../support/proxy';

/** Knex logs broken connections, which this test causes. */
const QUIET = { warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let proxy: Proxy;
let registry: client.Registry;

beforeEach(async () => {
  database = await createDatabase();
  proxy = await Proxy.before(database.url);
  registry = new client.Registry();
});
afterEach(async () => {
  await proxy.close();
  await database.destroy();
});

/** A manager behind the proxy. `lease: 0` makes every request read the database. */
function monitored(hint?: Hint) {
  const metrics = prometheusMetrics(client, { registry });
  const knex = database.connect({ connection: proxy.through(database.url), log: QUIET });
  const manager = managerOn({ knex, hint, lease: 0, requestBudget: 2_000, report: metrics.report });
  metrics.observe(manager);
  return manager;
}

async function series(): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function valueOf(name: string): Promise<number> {
  const line = (await series()).find((each) => each.startsWith(`identity_sessions_${name} `));
  return Number(line?.split(' ').at(-1));
}

describe('the metrics of an app on a database', () => {
  it('show lookups, and then the refused requests and sign-ins of an outage, until the app is ready again', async () => {
    const manager = monitored();
    const app = appOn(manager).get('/readyz', readyz(manager));
    const browser = new Browser(app);
    await browser.post('/sign-in', { userId: 'alice' });
    await browser.get('/private');
    await request(app).get('/readyz').expect(200);
    expect(await valueOf('guard_miss_seconds_count')).toBe(1);
    expect(await valueOf('guard_miss_seconds_sum')).toBeGreaterThan(0);
    expect(await valueOf('database_available')).toBe(1);

    const { port } = proxy;
    await proxy.down();
    for (let attempt = 0; attempt < 5; attempt += 1) expect((await browser.get('/private')).status).toBe(503);
    expect((await browser.post('/sign-in', { userId: 'bob' })).status).toBe(503);
    expect(await valueOf('guard_total{outcome="store-unavailable"}')).toBe(5);
    expect(await valueOf('guard_miss_seconds_count')).toBe(6);
    expect(await valueOf('signins_total{outcome="store-unavailable"}')).toBe(1);
    expect(await valueOf('database_available')).toBe(0);
    await request(app).get('/readyz').expect(503);
    expect(await valueOf('failures_total{task="readiness"}')).toBe(1);

    await proxy.up(port);
    // No other request is sent, as behind a load balancer that follows `readyz`.
    await until(async () => (await request(app).get('/readyz')).status === 200);
    expect(await valueOf('database_available')).toBe(1);
    await manager.close();
  });

  it('have at most 68 series, also with a source of notifications of the app', async () => {
    const manager = monitored({ name: 'own', listen: () => () => undefined });
    const { session, secret } = await manager.open({ userId: 'alice' });
    await manager.verify({ sessionId: session.sessionId, secret });
    await manager.runCleanup();
    const shown = await series();
    expect(shown.filter((line) => line.includes('hint_up'))).toHaveLength(2);
    // `cleanup_failing_since_timestamp_seconds` is absent, because cleanup has not failed.
    expect(shown.length).toBeLessThanOrEqual(68);
    await manager.close();
  });
});
