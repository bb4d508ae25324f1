export { prometheusMetrics } from './prometheus';
export type { PromClient, PromConfiguration, PrometheusOptions, PromRegistry } from './prometheus';
export { openTelemetryMetrics } from './open-telemetry';
export type {
  HistogramOptions,
  InstrumentOptions,
  ObservableInstrument,
  ObservableResult,
  TelemetryMeter,
} from './open-telemetry';
export { livez, readyz, type HealthHandler } from './health-handlers';
export type { MetricsOptions } from './options';
export type { SessionMetrics } from './session-metrics';
