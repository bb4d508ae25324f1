import type { IdentitySessionManager } from '../../lib';
import { cli } from '../support/cli';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

describe('status', () => {
  let database: TestDatabase;
  let manager: IdentitySessionManager;

  beforeEach(async () => {
    database = await createDatabase();
    manager = managerOn({ knex: database.knex });
  });
  afterEach(async () => {
    await manager.close();
    await database.destroy();
  });

  it('prints the numbers of sessions, and when cleanup last finished', async () => {
    const run = (...args: string[]) => cli(args, { DATABASE_URL: database.url });
    await manager.open({ userId: 'alice' });
    await manager.open({ userId: 'alice', tenantId: 'acme' });
    const { session } = await manager.open({ userId: 'bob' });
    await manager.revoke({ owner: session });

    const { out } = await run('status');
    expect(out).toMatch(/^sessions that have not ended: 2\nusers with such a session: 2\n/);
    expect(out).toContain('last complete cleanup (UTC): never');
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ live: 2, users: 2, ended: 1 });
    await run('end', '--everything', '--tenant', 'acme');
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ live: 1, users: 1, ended: 2 });
    await run('end', '--everything');
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ live: 0, users: 0, ended: 3 });
    await run('cleanup');
    expect((await run('status')).out).toMatch(/last complete cleanup \(UTC\): \d{4}-/);
  });
});
