import type { IdentitySessionManager } from '../lib';
import { cli } from './support/cli';
import { createDatabase, type TestDatabase } from './support/database';
import { managerOn } from './support/manager';
import { open, refusal } from './support/nodes';
import { onServer } from './support/server';

describe('a database that was restored from a backup', () => {
  let database: TestDatabase;
  let name: string;

  beforeEach(async () => {
    database = await createDatabase();
    name = new URL(database.url).pathname.slice(1);
  });
  afterEach(async () => {
    await onServer(`drop database if exists ${name}_backup with (force)`);
    await database.destroy();
  });

  /** Runs a task of one node, and closes all its connections, because a database in use can be neither copied nor replaced. */
  async function onNode(task: (manager: IdentitySessionManager) => Promise<unknown>): Promise<void> {
    const knex = database.connect();
    const manager = managerOn({ knex });
    await task(manager);
    await manager.close();
    await knex.destroy();
  }

  it('accepts a session that ended after the backup, until `end --everything` ends all sessions', async () => {
    let credentials!: Awaited<ReturnType<typeof open>>['credentials'];
    await onNode(async (manager) => ({ credentials } = await open(manager)));
    await onServer(`create database ${name}_backup template ${name}`);
    await onNode(async (manager) => {
      await manager.administration.revoke(credentials.sessionId);
      await expect(manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
    });

    await onServer(`drop database ${name} with (force)`);
    await onServer(`create database ${name} template ${name}_backup`);
    await onNode(async (manager) => {
      expect(await manager.verify(credentials)).toMatchObject({ sessionId: credentials.sessionId });
    });

    expect((await cli(['end', '--everything'], { DATABASE_URL: database.url })).code).toBe(0);
    await onNode(async (manager) => {
      await expect(manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
      const { credentials: later } = await open(manager);
      expect(await manager.verify(later)).toMatchObject({ userId: 'alice' });
    });
  });
});
