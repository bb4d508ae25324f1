import type { IdentitySessionManager } from '../../lib';
import { cli } from '../support/cli';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let manager: IdentitySessionManager;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  manager = managerOn({ knex: database.knex });
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

const run = (...args: string[]) => cli(args, { DATABASE_URL: database.url });
const opened = async (userId: string, tenantId: string | null = null) =>
  (await manager.open({ userId, tenantId, ipAddress: '192.0.2.1' })).session.sessionId;

describe('list', () => {
  it('prints live sessions as a table, newest first, and as JSON', async () => {
    const one = await opened('alice');
    const two = await opened('bob', 'acme');
    const [head, first, second] = (await run('list')).out.split('\n');
    expect(head).toMatch(/^id +user +device +address +signed in +last used$/);
    expect(first).toContain(two);
    expect(first).toContain('bob (acme)');
    expect(second).toContain(one);
    const listed = (await run('list', '--json', '--user', 'alice')).out;
    expect(JSON.parse(listed)).toMatchObject([{ sessionId: one }]);
    expect(listed).not.toMatch(/secret/i);
    expect((await run('list', '--limit', '1')).out.split('\n')).toHaveLength(2);
  });

  it('does not let names control the terminal', async () => {
    await opened('eve\u001b[2J\u202e');
    expect((await run('list')).out).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('end', () => {
  it('ends sessions by their ids, with the actor', async () => {
    const id = await opened('alice');
    expect(await run('end', id, '--by', 'ops')).toEqual({
      code: 0,
      out: 'Ended one session. All nodes refuse them within two seconds.',
      err: '',
    });
    expect(await manager.administration.get(id)).toMatchObject({
      endReason: 'administrator',
      endedBy: 'ops',
    });
  });

  it('ends all sessions of a user, but not those of the same id in a tenant', async () => {
    await opened('alice');
    await opened('alice');
    const other = await opened('alice', 'acme');
    expect((await run('end', '--user', 'alice')).out).toMatch(/^Ended 2 sessions\./);
    expect((await manager.administration.get(other)).endedAt).toBeNull();
    expect(await run('end', '--user', 'alice')).toMatchObject({
      code: 1,
      out: 'There is no live session of alice without a tenant. Pass --tenant if the user has one.',
    });
    expect(await run('end', '--user', 'alice', '--tenant', 'acme')).toMatchObject({ code: 0 });
  });

  it('exits with 1 and names the ids that are no live session', async () => {
    const id = await opened('alice');
    const unknown = '0'.repeat(32);
    expect(await run('end', id, unknown, 'junk')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`There is no live session ${unknown}.\nThere is no live session junk.`),
    });
    expect(JSON.parse((await run('end', id, '--json')).out)).toEqual({ ended: [], missing: [id] });
  });

  it('ends all sessions of a tenant, or all sessions, with the actor', async () => {
    const [alice, bob] = [await opened('alice'), await opened('bob', 'acme')];
    expect(await run('end', '--everything', '--tenant', 'acme', '--by', 'ops')).toEqual({
      code: 0,
      out: 'Ended all sessions of the tenant acme. All nodes refuse them within two seconds.',
      err: '',
    });
    expect((await manager.administration.get(alice)).endedAt).toBeNull();
    expect(await manager.administration.get(bob)).toMatchObject({
      endReason: 'administrator',
      endedBy: 'ops',
    });
    expect(JSON.parse((await run('end', '--everything', '--json')).out)).toEqual({
      everything: true,
      tenant: null,
    });
    expect((await manager.administration.get(alice)).endedAt).not.toBeNull();
    expect((await run('list')).out).toBe('No live session.');
  });

  it('exits with 2 and ends nothing if it is not clear what to end', async () => {
    const id = await opened('alice');
    const unclear = [[], [id, '--user', 'alice'], [id, '--everything'], ['--everything', '--user', 'alice']];
    for (const args of unclear) expect((await run('end', ...args)).code).toBe(2);
    expect((await manager.administration.get(id)).endedAt).toBeNull();
  });
});

describe('cleanup', () => {
  it('runs a cleanup and prints its result', async () => {
    expect((await run('cleanup')).out).toMatch(/^Deleted 0 sessions and \d+ entries of the change log/);
    expect(JSON.parse((await run('cleanup', '--json')).out)).toMatchObject({ deleted: 0, displaced: 0 });
  });
});
