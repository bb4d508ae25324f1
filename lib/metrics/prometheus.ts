import { unchecked } from '../options/checks';
import { readOptions, type OptionTable } from '../options/reader';
import type { CounterReading } from './counters';
import { GAUGES, type Gauge } from './gauges';
import { METRICS_OPTIONS, type MetricsOptions } from './options';
import { MISS_SECONDS, sessionMetrics, type Measured, type SessionMetrics } from './session-metrics';

/** The members of the npm package prom-client that `prometheusMetrics` uses. */
export interface PromClient {
  readonly Counter: new (configuration: PromConfiguration) => {
    reset(): void;
    inc(labels: Readonly<Record<string, string>>, value: number): void;
  };
  readonly Gauge: new (configuration: PromConfiguration) => {
    reset(): void;
    remove(): void;
    set(labels: Readonly<Record<string, string>>, value: number): void;
  };
  readonly Histogram: new (configuration: PromConfiguration & { buckets: number[] }) => {
    observe(value: number): void;
  };
  readonly register: PromRegistry;
}

/** A registry of prom-client. */
export interface PromRegistry {
  getSingleMetric(name: string): unknown;
}

/** The configuration of a metric of prom-client. */
export interface PromConfiguration {
  name: string;
  help: string;
  labelNames: string[];
  registers: never[];
  aggregator?: 'sum' | 'min' | 'max';
  collect?: () => void;
}

/** The options of `prometheusMetrics`. */
export interface PrometheusOptions extends MetricsOptions {
  /** The registry of prom-client that gets the metrics. Default: `register`, the registry that prom-client exports. */
  readonly registry?: PromRegistry | undefined;
}

const PROMETHEUS_OPTIONS = {
  ...METRICS_OPTIONS,
  registry: { check: unchecked<PromRegistry>() },
} satisfies OptionTable<PrometheusOptions>;

/**
 * Registers the metrics of a manager with prom-client 15. The app serves them on a route of its own.
 *
 * ```ts
 * import * as client from 'prom-client';
 *
 * const metrics = prometheusMetrics(client);
 * const manager = createIdentitySessionManager({ knex, report: metrics.report });
 * metrics.observe(manager);
 * ```
 * @param client The app's prom-client, because the metrics belong into its registry.
 * @throws TypeError if `client` is not prom-client, if an option is invalid, or if the registry has metrics with this prefix
 */
export function prometheusMetrics(client: PromClient, options: PrometheusOptions = {}): SessionMetrics {
  checkClient(client);
  const heading = 'prometheusMetrics cannot be built';
  const { prefix, registry = client.register } = readOptions(options, PROMETHEUS_OPTIONS, { heading });
  const register = new Registration(client, prefix, registry);
  const misses = register.misses();
  const metrics = sessionMetrics((seconds) => misses.observe(seconds));
  for (const counter of metrics.counters()) register.counter(counter, metrics);
  for (const gauge of GAUGES) register.gauge(gauge, metrics);
  return metrics;
}

function checkClient(client: PromClient | undefined): void {
  if (typeof client?.Counter === 'function') return;
  throw new TypeError(
    "prometheusMetrics needs the app's prom-client: write `import * as client from 'prom-client'` and `prometheusMetrics(client)`",
  );
}

/** Creates metrics in one registry. Their values are set when they are collected. */
class Registration {
  readonly #client: PromClient;
  readonly #prefix: string;
  readonly #registers: never[];

  constructor(client: PromClient, prefix: string, registry: PromRegistry) {
    this.#client = client;
    this.#prefix = prefix;
    // Only the app knows the registry's type.
    this.#registers = [registry as never];
    if (registry.getSingleMetric(prefix + MISS_SECONDS.name) === undefined) return;
    throw new TypeError(
      `The registry already has metrics with the prefix "${prefix}": call prometheusMetrics once for each manager, with another \`prefix\` or \`registry\``,
    );
  }

  misses() {
    return new this.#client.Histogram({
      ...this.#configuration(MISS_SECONDS),
      buckets: [...MISS_SECONDS.buckets],
    });
  }

  counter(reading: CounterReading, metrics: Measured): void {
    const counter = new this.#client.Counter({
      ...this.#configuration(reading),
      collect: () => {
        counter.reset();
        const { label, counts } = metrics.counters().find(({ name }) => name === reading.name)!;
        for (const [value, count] of counts) counter.inc(labels(label, value), count);
      },
    });
  }

  gauge(gauge: Gauge, metrics: Measured): void {
    const shown = new this.#client.Gauge({
      ...this.#configuration(gauge),
      aggregator: gauge.aggregator,
      collect: () => {
        shown.reset();
        // A gauge without a label is 0 after a reset, but an unknown value must not be 0.
        if (gauge.label === undefined) shown.remove();
        for (const [value, number] of gauge.read(metrics.health())) {
          shown.set(labels(gauge.label, value), number);
        }
      },
    });
  }

  #configuration({ name, help, label }: { name: string; help: string; label?: string }): PromConfiguration {
    return {
      name: this.#prefix + name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: this.#registers,
    };
  }
}

function labels(label: string | undefined, value: string): Readonly<Record<string, string>> {
  return label === undefined ? {} : { [label]: value };
}
