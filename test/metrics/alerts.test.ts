import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'prom-client';

import { managerOn } from '../support/manager';
import { createDatabase, type TestDatabase } from '../support/database';
import { describeWithPromtool, promtool } from '../support/promtool';
import { prometheusMetrics } from '../../lib/metrics';
import { tableUnder } from '../source/tables';

/*
 * Replays series of each kind of fault with promtool, and checks which alerts fire. The names of the series are compared with
 * those of a real manager, so that a renamed metric fails here.
 */

const MONITORING = join(__dirname, '../../docs/monitoring');
const RULES = readFileSync(join(MONITORING, 'alerts.yml'), 'utf8');
const ALERTS = Array.from(RULES.matchAll(/- alert: IdentitySessions(\w+)/g), ([, name]) => name!);

/** Values in promtool's notation, one every 30 seconds. A fault begins after 20 minutes, at the 41st value. */
type Series = Readonly<Record<string, string>>;

/** The series of a node that works normally: 100 requests a second, and 2 of them are lookups. */
const HEALTHY: Series = {
  database_available: '1x900',
  trusted: '1x900',
  changes_paused: '0x900',
  changes_age_seconds: '0.3x900',
  'hint_up{hint="listen"}': '1x900',
  touches_oldest_seconds: '60x900',
  'guard_total{outcome="accepted"}': '0+3000x900',
  'guard_total{outcome="credentials-invalid"}': '0+30x900',
  'guard_total{outcome="session-ended"}': '0+30x900',
  'guard_total{outcome="store-unavailable"}': '0x900',
  'signins_total{outcome="opened"}': '0+30x900',
  'signins_total{outcome="store-unavailable"}': '0x900',
  'guard_miss_seconds_bucket{le="0.005"}': '0+50x900',
  'guard_miss_seconds_bucket{le="0.1"}': '0+60x900',
  'guard_miss_seconds_bucket{le="0.5"}': '0+60x900',
  'guard_miss_seconds_bucket{le="3"}': '0+60x900',
  'guard_miss_seconds_bucket{le="+Inf"}': '0+60x900',
  guard_miss_seconds_count: '0+60x900',
  'failures_total{task="touches"}': '0x900',
  'failures_total{task="changes"}': '0x900',
  'failures_total{task="permission"}': '0x900',
  'failures_total{task="rows"}': '0x900',
  'failures_total{task="cleanup"}': '0x900',
  everything_ended_total: '0x900',
};

interface Fault {
  readonly changes: Series;
  /** Series that the node does not have, because it does not know their values. */
  readonly absent?: readonly string[];
  /** The time of the check. Default: 20 minutes after the fault began. */
  readonly at?: string;
  readonly alerts: readonly string[];
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'no fault': { changes: {}, alerts: [] },
  'an idle node': {
    changes: {
      trusted: '0x900',
      changes_paused: '1x900',
      changes_age_seconds: '0+30x900',
      'hint_up{hint="listen"}': '0x900',
      'guard_total{outcome="accepted"}': '50x900',
    },
    alerts: [],
  },
  'a node that was not used yet': {
    changes: { trusted: '0x900', 'hint_up{hint="listen"}': '0x900' },
    absent: ['changes_age_seconds'],
    alerts: [],
  },
  'a database that is down': {
    changes: {
      database_available: '1x40 0x800',
      trusted: '1x40 0x800',
      changes_age_seconds: '0.3x40 30+30x800',
      'hint_up{hint="listen"}': '1x40 0x800',
      'guard_total{outcome="accepted"}': '0+3000x40 120000x800',
      'guard_total{outcome="store-unavailable"}': '0x40 0+3000x800',
      'signins_total{outcome="store-unavailable"}': '0x40 0+30x800',
      'failures_total{task="touches"}': '0x40 0+30x800',
      'failures_total{task="changes"}': '0x40 0+60x800',
    },
    alerts: [
      'DatabaseUnavailable',
      'RequestsUnavailable',
      'ChangesStale',
      'NotificationsDown',
      'TouchesLate',
    ],
  },
  'a database that was down for 30 seconds': {
    changes: {
      database_available: '1x40 0 1x800',
      trusted: '1x40 0 1x800',
      'guard_total{outcome="store-unavailable"}': '0x40 300x800',
      'failures_total{task="changes"}': '0x40 60x800',
      'failures_total{task="touches"}': '0x40 30x800',
    },
    alerts: [],
  },
  'a database that fails every fiftieth request': {
    changes: { 'guard_total{outcome="store-unavailable"}': '0x40 0+60x800' },
    alerts: ['RequestsUnavailable'],
  },
  'a slow database': {
    changes: {
      'guard_miss_seconds_bucket{le="0.005"}': '0+50x40 2000x800',
      'guard_miss_seconds_bucket{le="0.1"}': '0+60x40 2400x800',
      'guard_miss_seconds_bucket{le="0.5"}': '0+60x40 2400+30x800',
    },
    at: '50m',
    alerts: ['LookupsSlow'],
  },
  'a change log that cannot be read': {
    changes: {
      trusted: '1x40 0x800',
      changes_age_seconds: '0.3x40 30+30x800',
      'failures_total{task="changes"}': '0x40 0+60x800',
    },
    alerts: ['ChangesStale'],
  },
  'a changesConnection that never worked': {
    changes: {
      trusted: '0x900',
      'hint_up{hint="listen"}': '0x900',
      'failures_total{task="changes"}': '0+60x900',
    },
    absent: ['changes_age_seconds'],
    alerts: ['ChangesStale'],
  },
  'a lost connection for notifications': {
    changes: { 'hint_up{hint="listen"}': '1x40 0x800' },
    alerts: ['NotificationsDown'],
  },
  'a read-only database': {
    changes: { 'failures_total{task="touches"}': '0x40 0+30x800' },
    alerts: ['TouchesLate'],
  },
  'a cleanup that fails': {
    changes: {
      'failures_total{task="cleanup"}': '0x40 1+0.008x800',
      cleanup_failing_since_timestamp_seconds: '_x40 1200x800',
    },
    at: '7h',
    alerts: ['CleanupFailing'],
  },
  'guessed credentials': {
    changes: { 'guard_total{outcome="credentials-invalid"}': '0+30x40 1200+600x800' },
    alerts: ['CredentialsInvalid'],
  },
  'all sessions ended by an administrator': {
    changes: { everything_ended_total: '0x40 1x800' },
    at: '22m',
    alerts: ['EverythingEnded'],
  },
  'a permission check of the app that throws': {
    changes: { 'failures_total{task="permission"}': '0x40 1x800' },
    at: '22m',
    alerts: ['BackgroundFailures'],
  },
  'rows that another program changed': {
    changes: { 'failures_total{task="rows"}': '0x40 0+5x800' },
    alerts: ['BackgroundFailures'],
  },
  'a node that restarts': {
    changes: {
      'guard_total{outcome="accepted"}': '0+3000x40 0+3000x800',
      'guard_total{outcome="credentials-invalid"}': '0+30x40 0+30x800',
    },
    alerts: [],
  },
};

/** A test file of promtool. JSON is valid YAML. */
function replay({ changes, absent = [], at = '40m', alerts }: Fault): string {
  const series = Object.entries({ ...HEALTHY, ...changes }).filter(([name]) => !absent.includes(name));
  return JSON.stringify({
    rule_files: ['alerts.yml'],
    evaluation_interval: '30s',
    tests: [
      {
        interval: '30s',
        input_series: series.map(([name, values]) => ({ series: onNode(name), values })),
        promql_expr_test: [
          {
            expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: at,
            exp_samples: alerts.map((name) => ({
              labels: `{alertname="IdentitySessions${name}"}`,
              value: 1,
            })),
          },
        ],
      },
    ],
  });
}

/** Adds the prefix and the labels that Prometheus sets. */
function onNode(name: string): string {
  const [metric, labels = ''] = name.split(/[{}]/);
  return `identity_sessions_${metric}{job="app",instance="node-1"${labels && `,${labels}`}}`;
}

describeWithPromtool('the alert rules', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'alerts-'));
    cpSync(join(MONITORING, 'alerts.yml'), join(folder, 'alerts.yml'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const check = (fault: Fault) => {
    writeFileSync(join(folder, 'replay.yml'), replay(fault));
    return promtool(folder, 'test', 'rules', 'replay.yml');
  };

  it('are valid', async () => {
    expect(await promtool(folder, 'check', 'rules', 'alerts.yml')).toContain('10 rules found');
  });

  it.each(Object.entries(FAULTS))('fire exactly the listed alerts for %s', async (_, fault) => {
    await check(fault);
  });

  it('do not pass if an alert that fires is not listed', async () => {
    const fault = FAULTS['a lost connection for notifications']!;
    await expect(check({ ...fault, alerts: [] })).rejects.toThrow(/NotificationsDown/);
  });
});

describeWithPromtool('the dashboard', () => {
  it('contains only valid queries', async () => {
    const { panels } = JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const rules = queries.map((query, index) => ({
      record: `query_${index}`,
      expr: query.replaceAll('$job', '.*').replaceAll('$__rate_interval', '1m'),
    }));
    const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    writeFileSync(join(folder, 'queries.yml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const output = await promtool(folder, 'check', 'rules', 'queries.yml');
    expect(output).toContain(`${queries.length} rules found`);
    rmSync(folder, { recursive: true });
  });
});

describe('the alerts', () => {
  it('are at most ten, and each fires for one of the replayed faults', () => {
    expect(ALERTS.length).toBeLessThanOrEqual(10);
    expect([...new Set(Object.values(FAULTS).flatMap(({ alerts }) => alerts))].sort()).toEqual(
      [...ALERTS].sort(),
    );
  });

  it('are listed in docs/monitoring.md with their severity, in the order of the file', () => {
    const rows = tableUnder(
      '| alert | severity | fires when |',
      readFileSync(join(MONITORING, '../monitoring.md'), 'utf8'),
    );
    const severities = Array.from(RULES.matchAll(/severity: (\w+)/g), ([, severity]) => severity!);
    expect(rows.map(([alert, severity]) => [alert, severity])).toEqual(
      ALERTS.map((name, index) => [`IdentitySessions${name}`, severities[index]]),
    );
  });

  it('have a severity, a summary and instructions', () => {
    const rules = RULES.split('- alert: ').slice(1);
    const complete = /severity: (critical|warning)\n.*summary: .+\n.*description: >-\n/s;
    expect(rules.filter((rule) => !complete.test(rule))).toEqual([]);
  });
});

describe('the shipped files', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.destroy());

  /** The names of all series of a manager with a database and of its histogram, without prefix and labels. */
  async function names(): Promise<Set<string>> {
    const registry = new client.Registry();
    const metrics = prometheusMetrics(client, { registry });
    const manager = managerOn({ knex: database.knex, report: metrics.report });
    metrics.observe(manager);
    await manager.open({ userId: 'alice' });
    const text = await registry.metrics();
    await manager.close();
    return new Set(Array.from(text.matchAll(/^(?:# TYPE )?identity_sessions_(\w+)/gm), ([, name]) => name!));
  }

  it('name only metrics that a manager has', async () => {
    const known = await names();
    const used = ['alerts.yml', 'dashboard.json'].flatMap((file) =>
      Array.from(
        readFileSync(join(MONITORING, file), 'utf8').matchAll(/\bidentity_sessions_(\w+)/g),
        ([, name]) => name!,
      ),
    );
    const replayed = Object.values(FAULTS).flatMap(({ changes }) => Object.keys({ ...HEALTHY, ...changes }));
    const all = [...used, ...replayed.map((name) => name.split('{')[0]!)];
    expect([...new Set(all)].filter((name) => !known.has(name))).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
  });
});
