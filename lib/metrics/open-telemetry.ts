import { readOptions } from '../options/reader';
import type { CounterReading } from './counters';
import { GAUGES } from './gauges';
import { METRICS_OPTIONS, type MetricsOptions } from './options';
import { MISS_SECONDS, sessionMetrics, type SessionMetrics } from './session-metrics';

/** The members of a meter of `@opentelemetry/api` that `openTelemetryMetrics` uses. */
export interface TelemetryMeter {
  createHistogram(name: string, options: HistogramOptions): { record(value: number): void };
  createObservableCounter(name: string, options: InstrumentOptions): ObservableInstrument;
  createObservableGauge(name: string, options: InstrumentOptions): ObservableInstrument;
}

/** The options of an instrument of OpenTelemetry. */
export interface InstrumentOptions {
  description: string;
  unit?: string;
}

/** The options of a histogram of OpenTelemetry. */
export interface HistogramOptions extends InstrumentOptions {
  advice: { explicitBucketBoundaries: number[] };
}

/** An instrument of OpenTelemetry whose values are read when metrics are collected. */
export interface ObservableInstrument {
  addCallback(read: (result: ObservableResult) => void): void;
}

/** Receives the values of an observable instrument. */
export interface ObservableResult {
  observe(value: number, attributes?: Record<string, string>): void;
}

/**
 * Registers the metrics of a manager with OpenTelemetry. The app exports them with its own SDK. The names are those of
 * Prometheus, so that the dashboard and the alert rules work with both.
 *
 * ```ts
 * import { metrics as telemetry } from '@opentelemetry/api';
 *
 * const metrics = openTelemetryMetrics(telemetry.getMeter('express-identity-sessions'));
 * const manager = createIdentitySessionManager({ knex, report: metrics.report });
 * metrics.observe(manager);
 * ```
 *
 * Set the app's meter provider before, because instruments of an earlier meter record nothing.
 * @param meter A meter of `@opentelemetry/api` 1.7 or later. Call the function once for each meter and `prefix`.
 * @throws TypeError if `meter` is not a meter, or if an option is invalid
 */
export function openTelemetryMetrics(meter: TelemetryMeter, options: MetricsOptions = {}): SessionMetrics {
  checkMeter(meter);
  const heading = 'openTelemetryMetrics cannot be built';
  const { prefix } = readOptions(options, METRICS_OPTIONS, { heading });
  const { name, help, buckets } = MISS_SECONDS;
  const misses = meter.createHistogram(prefix + name, {
    description: help,
    unit: 's',
    advice: { explicitBucketBoundaries: [...buckets] },
  });
  const metrics = sessionMetrics((seconds) => misses.record(seconds));

  for (const each of metrics.counters()) {
    const current = () => metrics.counters().find(({ name }) => name === each.name)!.counts;
    meter.createObservableCounter(prefix + each.name, { description: each.help }).addCallback((result) => {
      observe(result, each.label, current());
    });
  }
  for (const { name, help, unit, label, read } of GAUGES) {
    const described = { description: help, ...(unit && { unit }) };
    meter.createObservableGauge(prefix + name, described).addCallback((result) => {
      observe(result, label, read(metrics.health()));
    });
  }
  return metrics;
}

function observe(
  result: ObservableResult,
  label: string | undefined,
  values: CounterReading['counts'],
): void {
  for (const [value, number] of values) result.observe(number, label === undefined ? {} : { [label]: value });
}

function checkMeter(meter: TelemetryMeter | undefined): void {
  if (typeof meter?.createObservableGauge === 'function') return;
  throw new TypeError(
    "openTelemetryMetrics needs a meter: write `import { metrics } from '@opentelemetry/api'` and `openTelemetryMetrics(metrics.getMeter('express-identity-sessions'))`",
  );
}
