import { appConnections } from '../../lib/database/knex';
import { StatementRunner } from '../../lib/database/statement-runner';
import { CleanupLease } from '../../lib/database/cleanup-lease';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { HOUR } from '../support/sessions';

let database: TestDatabase;
let clock: FakeClock;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.knex.raw('truncate identity_session_cleanup');
  clock = new FakeClock();
});
afterAll(() => database.destroy());

const node = () =>
  new CleanupLease(new StatementRunner(appConnections(database.knex), { budget: 30_000 }), { clock });

const acquire = async (by: CleanupLease, rest: number) => (await by.acquire(rest)).lease;

/** Moves the stored times into the past, as if this much time had passed on the server. */
async function pass(milliseconds: number): Promise<void> {
  const earlier = (column: string) => `${column} = ${column} - ${milliseconds} * interval '1 millisecond'`;
  const columns = ['leased_until', 'finished_at'];
  await database.knex.raw(`update identity_session_cleanup set ${columns.map(earlier).join()}`);
}

describe('CleanupLease', () => {
  it('is acquired by exactly one of ten nodes that try at the same time, the first time and later', async () => {
    for (let time = 0; time < 5; time++) {
      const leases = await Promise.all(Array.from({ length: 10 }, () => acquire(node(), HOUR)));
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
      await node().finish(leases.find((lease) => lease !== undefined)!);
      await pass(HOUR);
    }
  });

  it('cannot be acquired again until the given time has passed since the last complete cleanup', async () => {
    const [one, other] = [node(), node()];
    await one.finish((await acquire(one, HOUR))!);
    await pass(HOUR - 60_000);
    expect(await acquire(other, HOUR)).toBeUndefined();
    expect(await acquire(other, 0)).toBeDefined();
    await pass(2 * HOUR);
    expect(await acquire(other, HOUR)).toBeDefined();
  });

  it('can be acquired by another node immediately after it was released', async () => {
    const [one, other] = [node(), node()];
    await one.release((await acquire(one, HOUR))!);
    expect(await acquire(other, HOUR)).toBeDefined();
  });

  it('expires after a minute, and renew() then returns false on the node that held it', async () => {
    const [one, other] = [node(), node()];
    const lease = (await acquire(one, HOUR))!;
    await pass(50_000);
    expect(await one.renew(lease)).toBe(true);
    await pass(50_000);
    expect(await acquire(other, HOUR)).toBeUndefined();
    await pass(10_000);
    const next = (await acquire(other, HOUR))!;
    expect(await one.renew(lease)).toBe(false);

    await one.finish(lease);
    await one.release(lease);
    expect(await other.renew(next)).toBe(true);
    expect(await acquire(node(), 0)).toBeUndefined();
  });

  it('knows the time of the last complete cleanup, also if it is not acquired', async () => {
    const [one, other] = [node(), node()];
    const { lease, finishedAt } = await one.acquire(HOUR);
    expect(finishedAt).toBeNull();
    expect(await other.acquire(HOUR)).toEqual({ lease: undefined, finishedAt: null });
    await one.finish(lease!);
    const later = await other.acquire(HOUR);
    expect(later.lease).toBeUndefined();
    expect(Math.abs(later.finishedAt! - clock.followed!)).toBeLessThan(60_000);
  });

  it('passes the time of the database to the clock when it is acquired', async () => {
    await node().acquire(HOUR);
    expect(clock.followed).toBeGreaterThan(Date.now() - 60_000);
    expect(clock.followed).toBeLessThan(Date.now() + 60_000);
  });
});
