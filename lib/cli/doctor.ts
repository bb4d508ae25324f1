import type { Knex } from 'knex';

import { systemClock } from '../clock';
import { pendingMigrations } from '../migrations/migrate';
import { OLDEST_POSTGRESQL } from '../migrations/migration';
import type { IdentitySessionManager } from '../manager/manager';
import { schemaDrift } from './schema-drift';
import { EXIT, type Terminal } from './terminal';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** `warning` does not affect any promise of the package. `skipped` means that the check could not run. */
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly detail: string;
  /** Advice, or statements to run. */
  readonly fix?: string;
}

/** The installation that the checks examine. */
export interface Patient {
  readonly knex: Knex;
  readonly manager: IdentitySessionManager;
  /** The schema of the tables. Undefined if the tables do not exist. */
  readonly schema: string | undefined;
}

type Check = (patient: Patient & { readonly schema: string }) => Promise<Omit<Finding, 'check'>[]>;

/** The checks that need the tables, in the order in which they run. */
const CHECKS: Readonly<Record<string, Check>> = {
  migrations,
  privileges,
  drift,
  replication,
  notifications,
  clock,
  trust,
  cleanup,
};

/** `doctor`: checks the database and prints what to correct. Changes nothing. */
export async function doctor(
  patient: Patient,
  { json }: { readonly json?: boolean },
  { print }: Terminal,
): Promise<number> {
  const findings = [...(await server(patient)).map((finding) => ({ check: 'server', ...finding }))];
  const { schema } = patient;
  if (schema === undefined) findings.push({ check: 'migrations', ...NO_TABLES });
  else {
    for (const [check, examine] of Object.entries(CHECKS)) {
      const found = await examine({ ...patient, schema }).catch(failed);
      findings.push(...found.map((finding) => ({ check, ...finding })));
    }
  }
  if (json) print(JSON.stringify(findings, null, 2));
  else for (const finding of findings) print(lineOf(finding));
  return findings.some(({ status }) => status === 'problem') ? EXIT.problem : EXIT.ok;
}

const MARKS = { ok: '✓', warning: '!', problem: '✗', skipped: '-' } as const;

function lineOf({ check, status, detail, fix }: Finding): string {
  const line = `${MARKS[status]} ${check}: ${detail}`;
  return fix === undefined ? line : `${line}\n    ${fix.replaceAll('\n', '\n    ')}`;
}

const NO_TABLES = {
  status: 'problem',
  detail: 'the tables do not exist',
  fix: 'Run `npx express-identity-sessions migrate`, or check the schema.',
} as const;

function ok(detail: string): Omit<Finding, 'check'>[] {
  return [{ status: 'ok', detail }];
}

/** A check that throws has found a problem: for example, the role may not read a table. */
function failed(error: unknown): Omit<Finding, 'check'>[] {
  return [{ status: 'problem', detail: (error as Error).message }];
}

async function server({ knex }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { number, version, recovering } = await one<{ number: number; version: string; recovering: boolean }>(
    knex,
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      pg_is_in_recovery() as recovering`,
  );
  if (recovering) {
    return [{ status: 'problem', detail: 'this server is a replica', fix: 'Connect to the primary.' }];
  }
  if (number >= OLDEST_POSTGRESQL * 10_000) return ok(`PostgreSQL ${version}`);
  const detail = `PostgreSQL ${version} is too old`;
  return [
    { status: 'problem', detail, fix: `Upgrade the server to PostgreSQL ${OLDEST_POSTGRESQL} or later.` },
  ];
}

async function migrations({ knex, schema }: { readonly knex: Knex; readonly schema: string }) {
  const pending = await pendingMigrations(knex, { schema });
  if (pending.length === 0) return ok('all have run');
  const detail = `the history of \`migrate\` does not contain ${pending.join(', ')}`;
  const fix =
    'Run `npx express-identity-sessions migrate`. If your app runs them by another tool, ignore this.';
  return [{ status: 'warning', detail, fix } as const];
}

async function privileges({ knex, schema }: { readonly knex: Knex; readonly schema: string }) {
  const { rows } = await knex.raw<{ rows: { grant: string }[] }>(
    `select format('grant %s on %I.%I to %I;', privilege, nspname, relname, current_user) as grant
    from pg_class c join pg_namespace n on n.oid = relnamespace,
      unnest(array['select', 'insert', 'update', 'delete']) as privilege
    where nspname = ? and relkind in ('r', 'p') and relname = any(?) and not has_table_privilege(c.oid, privilege)
    union all
    select format('grant execute on function %s to %I;', p.oid::regprocedure, current_user)
    from pg_proc p join pg_namespace n on n.oid = pronamespace
    where nspname = ? and proname in ('identity_session_displace', 'identity_session_check_credentials')
      and not has_function_privilege(p.oid, 'execute')`,
    [schema, TABLES, schema],
  );
  if (rows.length === 0) return ok('this role may do everything that the app does');
  const fix = rows.map((row) => row.grant).join('\n');
  return [{ status: 'problem', detail: 'this role lacks privileges that the app needs', fix } as const];
}

/** The tables that the app uses. */
const TABLES = [
  'identity_sessions',
  'identity_session_epochs',
  'identity_session_policy',
  'identity_session_keys',
  'identity_session_attempts',
  'identity_session_trail',
  'identity_session_failures',
  'identity_session_credential_changes',
  'identity_session_devices',
  'identity_session_tokens',
  'identity_session_changes',
  'identity_session_cleanup',
];

async function drift({ knex, schema }: { readonly knex: Knex; readonly schema: string }) {
  try {
    const found = await schemaDrift(knex, schema);
    if (found.length === 0)
      return ok('tables, indexes, triggers and functions are those of a new installation');
    return found.map(({ what, fix }) => ({ status: 'problem', detail: what, fix }) as const);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    const detail = 'this role may not create a schema, which the comparison needs and rolls back';
    return [{ status: 'skipped', detail, fix: 'Run this command with the role that migrates.' } as const];
  }
}

/** A published table without a replica identity refuses updates and deletes. */
async function replication({ knex, schema }: { readonly knex: Knex; readonly schema: string }) {
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `select format('%I.%I', schemaname, tablename) as name
    from pg_publication_tables p join pg_class c on relname = tablename
      join pg_namespace n on n.oid = relnamespace and nspname = schemaname
    where schemaname = ? and tablename = any(?) and relreplident = 'n'`,
    [schema, TABLES],
  );
  if (rows.length === 0) return ok('every published table has a replica identity');
  const fix = rows.map(({ name }) => `alter table ${name} replica identity default;`).join('\n');
  return [{ status: 'problem', detail: 'published tables have no replica identity', fix } as const];
}

/** The time that a notification may take, in milliseconds. */
const NOTIFIED_WITHIN = 3000;

async function notifications({ manager }: Patient) {
  const end = manager.settings.clock.monotonic() + NOTIFIED_WITHIN;
  await manager.administration.find('0'.repeat(32));
  while (manager.settings.clock.monotonic() < end) {
    if (manager.health().changes?.hints.some(({ up }) => up)) return ok('they can be received');
    await pause(manager, 50);
  }
  const detail = 'they cannot be received, so other nodes notice an ended session after up to 500 ms';
  const fix = 'If a pooler is between the app and the server, set `changesConnection` to connect around it.';
  return [{ status: 'warning', detail, fix } as const];
}

/** A difference that administrators should know, in milliseconds. */
const LARGE_DIFFERENCE = 1000;

async function clock({ knex }: Patient) {
  const machine = systemClock();
  const before = machine.now();
  const { now } = await one<{ now: number }>(
    knex,
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  const difference = Math.round(now - (before + machine.now()) / 2);
  const detail = `the server is ${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} this machine`;
  if (Math.abs(difference) < LARGE_DIFFERENCE) return ok(detail);
  const fix =
    'Nodes follow the time of the server, so no decision is wrong. Synchronize the clocks all the same.';
  return [{ status: 'warning', detail, fix } as const];
}

async function trust({ manager }: Patient) {
  const { lease, clock: time } = manager.settings;
  const end = time.monotonic() + Math.max(lease, NOTIFIED_WITHIN);
  while (time.monotonic() < end) {
    await manager.administration.find('0'.repeat(32));
    if (manager.health().changes?.trusted) return ok('this machine can trust cached sessions');
    await pause(manager, 50);
  }
  const detail = 'this machine cannot read the change log in time, so every request would read the database';
  return [{ status: 'problem', detail, fix: 'Check the latency of the connection.' } as const];
}

async function cleanup({ knex, schema }: { readonly knex: Knex; readonly schema: string }) {
  const { hours } = await one<{ hours: number | null }>(
    knex,
    `select extract(epoch from clock_timestamp() - finished_at)::float8 / 3600 as hours
    from (select true as always) a left join ??.identity_session_cleanup on finished_at > '-infinity'`,
    [schema],
  );
  if (hours === null) return [{ status: 'warning', detail: 'no cleanup has finished yet' } as const];
  const detail = `the last one finished ${hours < 1 ? 'within the last hour' : `${Math.round(hours)} hours ago`}`;
  if (hours < 24) return ok(detail);
  return [{ status: 'problem', detail, fix: 'Look for `failed` events with the task `cleanup`.' } as const];
}

function pause({ settings: { clock: time } }: IdentitySessionManager, length: number): Promise<void> {
  return new Promise((resolve) => void time.after(length, resolve));
}

async function one<T>(knex: Knex, sql: string, values: readonly string[] = []): Promise<T> {
  const { rows } = await knex.raw<{ rows: T[] }>(sql, [...values]);
  return rows[0]!;
}
