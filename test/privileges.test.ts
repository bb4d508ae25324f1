import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IdentitySessionManager } from '../lib';
import { accountLimitOf } from '../lib/manager/account-limit';
import { notMeOf } from '../lib/manager/not-me';
import { createDatabase, type TestDatabase } from './support/database';
import { until } from './support/gate';
import { managerOn } from './support/manager';

/** Returns the grants for the role `app` in the section "Privileges". */
function documentedGrants(): string {
  const page = readFileSync(join(__dirname, '../docs/database.md'), 'utf8');
  return /\n## Privileges\n.*?```sql\n(.*?)```/s.exec(page)![1]!;
}

describe('the privileges in docs/database.md', () => {
  const role = `app_${randomBytes(6).toString('hex')}`;
  let database: TestDatabase;
  let manager: IdentitySessionManager;
  let failures: unknown[];
  let told: string[];

  beforeAll(async () => {
    database = await createDatabase();
    await database.knex.raw(`create role ${role} login password '${role}'`);
    await database.knex.raw('revoke all on schema public from public');
    await database.knex.raw('revoke execute on all functions in schema public from public');
    await database.knex.raw(documentedGrants().replace(/\bapp\b/g, role));
  });
  afterAll(async () => {
    await database.knex.raw(`drop owned by ${role}; drop role ${role}`);
    await database.destroy();
  });

  beforeEach(() => {
    const url = new URL(database.url);
    [url.username, url.password] = [role, role];
    failures = [];
    told = [];
    manager = managerOn({
      knex: database.connect({ connection: url.href }),
      onNewDevice: ({ session }) => void told.push(session.sessionId),
      report: (event) => event.type === 'failed' && failures.push(event.error),
    });
  });
  afterEach(() => manager.close());

  it('are enough for the role of an app', async () => {
    const { administration } = manager;
    const { session, secret } = await manager.open({ userId: 'alice', staySignedIn: true });
    const credentials = { sessionId: session.sessionId, secret };
    await manager.open({ userId: 'alice' });
    await manager.verify(credentials);
    await manager.update(session.sessionId, { data: { draft: 'text' } });
    await manager.list(session);
    await manager.onCredentialChange(session, { keep: session.sessionId });
    const limit = accountLimitOf(manager);
    const attempt = await limit.attemptOn('alice', '192.0.2.1');
    expect(await limit.begin(attempt)).toBe(0);
    limit.settle(attempt, 'succeeded');
    await manager.open({ userId: 'carol', deviceToken: 'a'.repeat(43) });
    const unknown = await manager.open({ userId: 'carol', deviceToken: 'b'.repeat(43) });
    expect(told).toEqual([unknown.session.sessionId]);
    const link = await manager.notMeLink(unknown.session, { url: 'https://app.example.com/not-me' });
    await notMeOf(manager).use(link.split('/').at(-1)!, () => undefined);
    await manager.revoke({ owner: { userId: 'carol' } });
    await manager.forgetDevices(unknown.session);
    await administration.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await manager.open({ userId: 'bob' });
    await manager.open({ userId: 'bob' });
    expect(await administration.count()).toBe(2);
    expect((await administration.search()).sessions).toHaveLength(2);
    await manager.revive(credentials);
    await manager.signOut(credentials);
    await until(() => manager.health().changes?.trusted === true);
    await administration.revokeEverything();
    await manager.runCleanup();
    expect(await manager.close()).toEqual({ touchesLost: 0 });
    expect(failures).toEqual([]);
  });

  it('do not let the role of an app create tables', async () => {
    const { rows } = await database.knex.raw<{ rows: unknown[] }>(
      `select has_schema_privilege('${role}', 'public', 'create') as can`,
    );
    expect(rows).toEqual([{ can: false }]);
  });
});
