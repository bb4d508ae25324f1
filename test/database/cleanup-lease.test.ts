import { appConnections } from '../../lib/database/knex';
import { Pool } from '../../lib/database/statement-runner';
import { Turn } from '../../lib/database/cleanup-lease';
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

const node = () => new Turn(new Pool(appConnections(database.knex), { budget: 30_000 }), { clock });

/** As if so much time had passed on the server. */
async function pass(milliseconds: number): Promise<void> {
  const earlier = (column: string) => `${column} = ${column} - ${milliseconds} * interval '1 millisecond'`;
  const columns = ['taken_until', 'finished_at'];
  await database.knex.raw(`update identity_session_cleanup set ${columns.map(earlier).join()}`);
}

describe('a turn', () => {
  it('is taken by one of many who come together, the first of all times and later', async () => {
    for (let time = 0; time < 5; time++) {
      const taken = await Promise.all(Array.from({ length: 10 }, () => node().take(HOUR)));
      expect(taken.filter((turn) => turn !== undefined)).toHaveLength(1);
      await node().finish(taken.find((turn) => turn !== undefined)!);
      await pass(HOUR);
    }
  });

  it('comes again when the work has rested for long enough', async () => {
    const [one, other] = [node(), node()];
    await one.finish((await one.take(HOUR))!);
    await pass(HOUR - 60_000);
    expect(await other.take(HOUR)).toBeUndefined();
    expect(await other.take(0)).toBeDefined();
    await pass(2 * HOUR);
    expect(await other.take(HOUR)).toBeDefined();
  });

  it('is free at once for the next when it was given back', async () => {
    const [one, other] = [node(), node()];
    await one.giveBack((await one.take(HOUR))!);
    expect(await other.take(HOUR)).toBeDefined();
  });

  it('of one who died is free after a minute, and whoever was only slow is told so', async () => {
    const [one, other] = [node(), node()];
    const taken = (await one.take(HOUR))!;
    await pass(50_000);
    expect(await one.keep(taken)).toBe(true);
    await pass(50_000);
    expect(await other.take(HOUR)).toBeUndefined();
    await pass(10_000);
    const next = (await other.take(HOUR))!;
    expect(await one.keep(taken)).toBe(false);

    await one.finish(taken);
    await one.giveBack(taken);
    expect(await other.keep(next)).toBe(true);
    expect(await node().take(0)).toBeUndefined();
  });

  it('brings the time of the database', async () => {
    await node().take(HOUR);
    expect(clock.followed).toBeGreaterThan(Date.now() - 60_000);
    expect(clock.followed).toBeLessThan(Date.now() + 60_000);
  });
});
