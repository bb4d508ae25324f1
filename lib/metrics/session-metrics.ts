import type { Report } from '../events';
import type { Health } from '../health';
import { checkManager } from '../http/request';
import type { IdentitySessionManager } from '../manager/manager';
import { EventCounters, type CounterReading } from './counters';

/** The metrics of one manager. */
export interface SessionMetrics {
  /** Counts an event. Pass it to the manager as the option `report`, or call it from your own `report`. */
  readonly report: Report;
  /**
   * Shows the state of the manager in the gauges. Until then the gauges have no values. Further managers need metrics of
   * their own.
   * @throws TypeError if `manager` is not a manager, or if another manager is already observed
   */
  observe(manager: IdentitySessionManager): void;
}

/** The values that an adapter shows. It reads them when the metrics are collected. */
export interface Measured {
  counters(): readonly CounterReading[];
  /** Returns an empty state before a manager is observed. */
  health(): Health;
}

/** The histogram of the time that requests wait for sessions that are not cached. */
export const MISS_SECONDS = {
  name: 'guard_miss_seconds',
  help: 'Time that requests waited for sessions that were not cached.',
  /** The upper limits, in seconds. The last one is the default of `requestBudget`. */
  buckets: [0.005, 0.025, 0.1, 0.5, 3],
};

/** Counts events and observes one manager, for an adapter. */
export function sessionMetrics(onLookup: (seconds: number) => void): SessionMetrics & Measured {
  const counters = new EventCounters(onLookup);
  let observed: IdentitySessionManager | undefined;
  return {
    report: (event) => counters.count(event),
    observe(manager) {
      checkManager('metrics.observe', manager);
      if (observed !== undefined && observed !== manager) {
        throw new TypeError(
          '`metrics.observe` was called with a second manager: create metrics of its own for it, with another `prefix`',
        );
      }
      observed = manager;
    },
    counters: () => counters.read(),
    health: () => observed?.health() ?? {},
  };
}
