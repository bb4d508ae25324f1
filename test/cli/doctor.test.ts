import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Finding } from '../../lib/cli/doctor';
import { cli } from '../support/cli';
import { PROJECT } from '../source/sources';
import { createDatabase, emptyDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.destroy());

/** The grants in docs/database.md. */
function documentedGrants(): string {
  const page = readFileSync(join(PROJECT, 'docs/database.md'), 'utf8');
  return /\n## Privileges\n.*?```sql\n(.*?)```/s.exec(page)![1]!;
}

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name).sort();

async function examine(url = database.url): Promise<{ code: number; of: (check: string) => Finding }> {
  const { code, out, err } = await cli(['doctor', '--json'], { DATABASE_URL: url });
  expect(err).toBe('');
  const findings = JSON.parse(out) as Finding[];
  return { code, of: (check) => findings.find((finding) => finding.check === check)! };
}

describe('doctor', () => {
  it('finds nothing in a new installation, and exits with 0', async () => {
    const { code, out } = await cli(['doctor'], { DATABASE_URL: database.url });
    expect([code, out.match(/✗/)]).toEqual([0, null]);
    for (const check of ['server', 'privileges', 'drift', 'replication', 'notifications', 'clock', 'trust']) {
      expect(out).toContain(`✓ ${check}: `);
    }
  });

  it('says what to run if the tables are missing, and exits with 1', async () => {
    const empty = await emptyDatabase();
    try {
      const { code, of } = await examine(empty.url);
      expect(code).toBe(1);
      expect(of('migrations')).toMatchObject({ status: 'problem', fix: expect.stringContaining('migrate') });
    } finally {
      await empty.destroy();
    }
  });

  it('prints statements that remove the drift, and then finds nothing', async () => {
    await database.knex.raw(
      'drop trigger identity_session_ended on identity_sessions; drop index identity_sessions_owner',
    );
    const { code, out } = await cli(['doctor'], { DATABASE_URL: database.url });
    expect(code).toBe(1);
    const fixes = out.split('\n').filter((line) => line.startsWith('    CREATE'));
    expect(fixes).toHaveLength(2);
    for (const fix of fixes) await database.knex.raw(fix);
    expect((await examine()).code).toBe(0);
  });

  it('prints the grants that a role lacks, and cannot compare the tables with such a role', async () => {
    const role = `reader_${randomBytes(6).toString('hex')}`;
    const { knex } = database;
    await knex.raw(`create role ${role} login password '${role}'`);
    await knex.raw(`grant select on all tables in schema public to ${role}`);
    try {
      const url = new URL(database.url);
      [url.username, url.password] = [role, role];
      const { code, of } = await examine(url.href);
      expect(code).toBe(1);
      expect(of('drift').status).toBe('skipped');
      const { fix } = of('privileges');
      expect(fix).toContain(`grant insert on public.identity_sessions to ${role};`);
      expect(fix).not.toContain('grant select');
      expect(namesIn(fix!, /grant insert on public\.(\w+)/g)).toEqual(
        namesIn(documentedGrants(), /^ {2}(\w+)/gm),
      );
      await knex.raw(fix!);
      expect((await examine(url.href)).of('privileges').status).toBe('ok');
    } finally {
      await knex.raw(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('finds a published table without a replica identity', async () => {
    await database.knex.raw('create publication everything for table identity_sessions');
    await database.knex.raw('alter table identity_sessions replica identity nothing');
    const { fix } = (await examine()).of('replication');
    expect(fix).toBe('alter table public.identity_sessions replica identity default;');
    await database.knex.raw(fix!);
    expect((await examine()).of('replication').status).toBe('ok');
  });

  it('finds a cleanup that has not finished for a day', async () => {
    await cli(['cleanup'], { DATABASE_URL: database.url });
    expect((await examine()).of('cleanup').status).toBe('ok');
    await database.knex.raw("update identity_session_cleanup set finished_at = now() - interval '30 hours'");
    expect((await examine()).of('cleanup')).toMatchObject({
      status: 'problem',
      detail: 'the last one finished 30 hours ago',
    });
  });

  it('changes nothing in the database', async () => {
    const count = 'select (select count(*) from pg_class) + (select count(*) from pg_namespace) as objects';
    const before = (await database.knex.raw<{ rows: unknown[] }>(count)).rows;
    await examine();
    expect((await database.knex.raw<{ rows: unknown[] }>(count)).rows).toEqual(before);
  });
});
