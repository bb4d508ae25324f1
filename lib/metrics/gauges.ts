import type { Health } from '../health';

/** A value of `manager.health()`, as adapters read it. */
export interface Gauge {
  /** The name without prefix. */
  readonly name: string;
  readonly help: string;
  /** The unit in the form of OpenTelemetry. Absent for numbers and for states, which are 0 or 1. */
  readonly unit?: 's';
  /** The value of a group of processes, for clusters whose workers are read together. */
  readonly aggregator: 'sum' | 'min' | 'max';
  /** The name of the label. Absent for a gauge with one series. */
  readonly label?: string;
  /** The values by label value. An unknown value is left out. A gauge without a label has at most one value. */
  readonly read: (health: Health) => Iterable<readonly [string, number]>;
}

/** The gauges of a manager. */
export const GAUGES: readonly Gauge[] = [
  {
    name: 'database_available',
    help: '0 while requests are refused without waiting for the database, otherwise 1.',
    aggregator: 'min',
    read: ({ database }) => state(database?.available),
  },
  {
    name: 'trusted',
    help: '1 if cached sessions may be used, 0 if every request reads the database.',
    aggregator: 'min',
    read: ({ changes }) => state(changes?.trusted),
  },
  {
    name: 'changes_paused',
    help: '1 while the node is idle and does not read the change log, otherwise 0.',
    aggregator: 'max',
    read: ({ changes }) => state(changes?.paused),
  },
  {
    name: 'changes_age_seconds',
    help: 'Time since the last successful read of the change log was sent.',
    unit: 's',
    aggregator: 'max',
    read: ({ changes }) => seconds(changes?.age),
  },
  {
    name: 'hint_up',
    help: '1 while notifications of this source are received, otherwise 0.',
    aggregator: 'min',
    label: 'hint',
    read: ({ changes }) => (changes?.hints ?? []).map(({ name, up }) => [name, Number(up)] as const),
  },
  {
    name: 'touches_pending',
    help: 'Uses of sessions that are not written yet.',
    aggregator: 'sum',
    read: ({ touches }) => one(touches?.pending),
  },
  {
    name: 'touches_oldest_seconds',
    help: 'Age of the oldest use that is not written yet.',
    unit: 's',
    aggregator: 'max',
    read: ({ touches }) => seconds(touches?.oldest),
  },
  {
    name: 'cache_size',
    help: 'Cached sessions.',
    aggregator: 'sum',
    read: ({ cache }) => one(cache?.size),
  },
  {
    name: 'cleanup_last_success_timestamp_seconds',
    help: 'When any node last completed a cleanup, as this node knows it.',
    unit: 's',
    aggregator: 'max',
    read: ({ cleanup }) => seconds(cleanup?.lastSuccess),
  },
  {
    name: 'cleanup_failing_since_timestamp_seconds',
    help: 'When cleanup first failed on this node since the last complete one. Absent if it did not.',
    unit: 's',
    aggregator: 'min',
    read: ({ cleanup }) => seconds(cleanup?.failingSince),
  },
];

function one(value: number | null | undefined): Iterable<readonly [string, number]> {
  return value === undefined || value === null ? [] : [['', value]];
}

function state(value: boolean | undefined): Iterable<readonly [string, number]> {
  return one(value === undefined ? undefined : Number(value));
}

function seconds(milliseconds: number | null | undefined): Iterable<readonly [string, number]> {
  return one(typeof milliseconds === 'number' ? milliseconds / 1000 : undefined);
}
