import * as client from 'prom-client';

import { memory, SessionError, type SessionEvent } from '../../lib';
import { prometheusMetrics } from '../../lib/metrics';
import { managerOn } from '../support/manager';

/** Texts that a client or an app could put into an event. */
const HOSTILE = ['__proto__', 'toString', '"}\n# x', 'accepted'];

let registry: client.Registry;

beforeEach(() => {
  registry = new client.Registry();
});

/** The series of the registry with their values, without comments. */
async function series(): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end))];
    }),
  );
}

function observed(options: { readonly prefix?: string } = {}) {
  const metrics = prometheusMetrics(client, { registry, ...options });
  const manager = managerOn({ store: memory(), report: metrics.report });
  metrics.observe(manager);
  return { metrics, manager };
}

async function refused(call: () => unknown): Promise<void> {
  await expect((async () => call())()).rejects.toBeInstanceOf(SessionError);
}

describe('prometheusMetrics', () => {
  it('counts requests, sign-ins and ends by their outcome', async () => {
    const { manager } = observed();
    const { session, secret } = await manager.open({ userId: 'alice' });
    const credentials = { sessionId: session.sessionId, secret };
    await manager.verify(credentials);
    await manager.verify(credentials);
    await refused(() => manager.verify({ ...credentials, secret: 'A'.repeat(43) }));
    await manager.revoke({ owner: { userId: 'alice' } });
    await refused(() => manager.verify(credentials));
    expect(await series()).toMatchObject({
      'identity_sessions_guard_total{outcome="accepted"}': 2,
      'identity_sessions_guard_total{outcome="credentials-invalid"}': 1,
      'identity_sessions_guard_total{outcome="session-ended"}': 1,
      'identity_sessions_guard_total{outcome="store-unavailable"}': 0,
      'identity_sessions_signins_total{outcome="opened"}': 1,
      'identity_sessions_ended_total{reason="revoked"}': 1,
      'identity_sessions_ended_total{reason="displaced"}': 0,
    });
  });

  it('counts a refused sign-in apart from refused requests', async () => {
    const metrics = prometheusMetrics(client, { registry });
    const manager = managerOn({
      store: memory(),
      report: metrics.report,
      maxSessionsPerUser: 1,
      onLimit: 'refuse',
    });
    await manager.open({ userId: 'alice' });
    await refused(() => manager.open({ userId: 'alice' }));
    expect(await series()).toMatchObject({
      'identity_sessions_signins_total{outcome="session-limit-reached"}': 1,
      'identity_sessions_guard_total{outcome="other"}': 0,
    });
  });

  it('shows a known state as a number, and leaves out an unknown one', async () => {
    const { manager } = observed();
    const before = await series();
    expect(before).not.toHaveProperty('identity_sessions_cleanup_last_success_timestamp_seconds');
    // A store in memory has no change log.
    expect(before).not.toHaveProperty('identity_sessions_trusted');
    await manager.runCleanup();
    const { lastSuccess } = manager.health().cleanup!;
    expect(await series()).toMatchObject({
      identity_sessions_cleanup_last_success_timestamp_seconds: lastSuccess! / 1000,
      identity_sessions_cleanup_deleted_total: 0,
    });
  });

  it('shows the same values again when nothing has happened in between', async () => {
    const { manager } = observed();
    await manager.open({ userId: 'alice' });
    expect(await series()).toEqual(await series());
  });

  it('has at most 60 series after 100,000 hostile events and requests', async () => {
    const { metrics, manager } = observed();
    const kinds = ['touched', 'added', 'refused', 'ended', 'failed', 'cleaned', '__proto__', 'constructor'];
    for (let index = 0; index < 98_000; index += 1) {
      const text = HOSTILE[index % HOSTILE.length]! + String(index % 5_000 || '');
      metrics.report({
        type: kinds[index % kinds.length],
        code: text,
        reason: text,
        task: text,
        owner: index % 3 === 0 ? { userId: text, tenantId: text } : undefined,
        session: { sessionId: text, userId: text, tenantId: text, clientId: text, authId: text },
        ipAddress: text,
        by: text,
        deleted: 1,
      } as unknown as SessionEvent);
    }
    for (let index = 0; index < 1_000; index += 1) {
      const hostile = `"}\n# ${index}`;
      await refused(() => manager.verify({ sessionId: hostile, secret: hostile }, { ipAddress: hostile }));
      await manager.open({ userId: hostile, tenantId: hostile, clientId: hostile, ipAddress: hostile });
    }
    const shown = await series();
    expect(Object.keys(shown).length).toBeLessThanOrEqual(60);
    const known = /^identity_sessions_[a-z_]+(\{[a-z]+="([a-z-]+|\+Inf|[\d.]+)"\})?$/;
    expect(Object.keys(shown).filter((name) => !known.test(name))).toEqual([]);
  });

  it('names its metrics with the given prefix', async () => {
    observed({ prefix: 'staff_' });
    const names = Object.keys(await series());
    expect(names).toContain('staff_guard_total{outcome="accepted"}');
    expect(names.filter((name) => !name.startsWith('staff_'))).toEqual([]);
  });

  it('refuses a second set of metrics in a registry, and leaves the first one working', async () => {
    const { metrics } = observed();
    expect(() => prometheusMetrics(client, { registry })).toThrow(/another `prefix` or `registry`/);
    metrics.report({ type: 'everything-ended', by: null });
    expect(await series()).toMatchObject({ identity_sessions_everything_ended_total: 1 });
  });

  it('uses the registry that prom-client exports by default', () => {
    prometheusMetrics(client);
    expect(client.register.getSingleMetric('identity_sessions_guard_total')).toBeDefined();
    client.register.clear();
  });

  it.each([undefined, {}, 'prom-client'])('refuses %p as client and says what to write', (given) => {
    expect(() => prometheusMetrics(given as never)).toThrow(/import \* as client from 'prom-client'/);
  });

  it.each(['', 'Sessions_', 'a b', 'a"b', 'x'.repeat(65), '1_'])('refuses the prefix "%s"', (prefix) => {
    expect(() => prometheusMetrics(client, { registry, prefix })).toThrow(
      /`prefix` is .*: it must be at most/,
    );
    expect(registry.getMetricsAsArray()).toEqual([]);
  });
});
