import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import * as client from 'prom-client';

import { memory } from '../../lib';
import { openTelemetryMetrics, prometheusMetrics } from '../../lib/metrics';
import { managerOn } from '../support/manager';

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
});
afterEach(() => provider.shutdown());

/** The exported values by name and attributes. A histogram has its number of values. */
async function exported(): Promise<Record<string, number>> {
  exporter.reset();
  await provider.forceFlush();
  const metrics = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((it) => it.metrics));
  return Object.fromEntries(
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [
        [descriptor.name, ...Object.values(attributes)].join(' '),
        typeof value === 'number' ? value : (value as { count: number }).count,
      ]),
    ),
  );
}

describe('openTelemetryMetrics', () => {
  it('exports the counters and gauges of a manager', async () => {
    const metrics = openTelemetryMetrics(provider.getMeter('test'));
    const manager = managerOn({ store: memory(), report: metrics.report });
    metrics.observe(manager);
    const { session, secret } = await manager.open({ userId: 'alice' });
    await manager.verify({ sessionId: session.sessionId, secret });
    metrics.report({ type: 'looked-up', milliseconds: 5 });
    await manager.runCleanup();
    expect(await exported()).toMatchObject({
      'identity_sessions_guard_total accepted': 1,
      'identity_sessions_guard_total session-ended': 0,
      'identity_sessions_signins_total opened': 1,
      identity_sessions_guard_miss_seconds: 1,
      identity_sessions_cleanup_last_success_timestamp_seconds: manager.health().cleanup!.lastSuccess! / 1000,
    });
  });

  it('uses the names of prometheusMetrics', async () => {
    const registry = new client.Registry();
    prometheusMetrics(client, { registry });
    const names = new Set(registry.getMetricsAsArray().map(({ name }) => name));
    const metrics = openTelemetryMetrics(provider.getMeter('test'));
    metrics.observe(managerOn({ store: memory() }));
    const shown = Object.keys(await exported()).map((name) => name.split(' ')[0]!);
    expect(shown.filter((name) => !names.has(name))).toEqual([]);
    expect(shown.length).toBeGreaterThan(30);
  });

  it('names its metrics with the given prefix', async () => {
    openTelemetryMetrics(provider.getMeter('test'), { prefix: 'staff_' });
    const names = Object.keys(await exported());
    expect(names).toContain('staff_guard_total accepted');
    expect(names.filter((name) => !name.startsWith('staff_'))).toEqual([]);
  });

  it('refuses another object than a meter and says what to write', () => {
    expect(() => openTelemetryMetrics({} as never)).toThrow(
      /metrics\.getMeter\('express-identity-sessions'\)/,
    );
  });

  it('refuses an invalid prefix', () => {
    expect(() => openTelemetryMetrics(provider.getMeter('test'), { prefix: '-' })).toThrow(/`prefix` is "-"/);
  });
});
