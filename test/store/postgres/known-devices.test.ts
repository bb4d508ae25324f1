import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import type { KnownDevices } from '../../../lib/store/known-devices';
import { postgresKnownDevices } from '../../../lib/store/postgres/known-devices';
import { postgres } from '../../../lib/store/postgres/postgres';
import { createDatabase, type TestDatabase } from '../../support/database';
import { admission, aSession } from '../../support/sessions';
import { testKnownDevices } from '../known-devices';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => database.empty());
afterAll(() => database.destroy());

function runner(): StatementRunner {
  return new StatementRunner(appConnections(database.knex), { budget: 30_000 });
}

function make(): KnownDevices {
  return postgresKnownDevices(runner(), new TableSchema(undefined, runner()));
}

async function sessionId(): Promise<string> {
  const session = aSession(Date.now());
  await postgres(runner()).insert(session, admission(Date.now()));
  return session.sessionId;
}

describe('postgresKnownDevices', () => {
  testKnownDevices(() => ({ devices: make(), sessionId }));

  const sighting = async () => ({
    owner: { userId: 'alice' },
    device: 'a'.repeat(64),
    sessionId: await sessionId(),
    at: Date.now(),
  });
  const rows = () => database.knex('identity_session_devices');

  it('remembers no device of a session that was erased', async () => {
    const erased = await sighting();
    await database.knex('identity_sessions').delete();
    expect(await make().note(erased)).toBe('known');
    expect(await rows()).toEqual([]);
  });

  it('leaves no device behind if the session is erased at the same time', async () => {
    const seen = await sighting();
    const erasing = await database.knex.transaction();
    await erasing('identity_sessions').delete();
    const noting = make().note(seen);
    // The sign-in waits for the row, so that it sees the erasure.
    const waits = async () => {
      const { rows: found } = await database.knex.raw<{ rows: unknown[] }>(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return found.length > 0;
    };
    for (let look = 0; look < 500 && !(await waits()); look++) await new Promise((go) => setTimeout(go, 10));
    await erasing.commit();
    expect(await noting).toBe('known');
    expect(await rows()).toEqual([]);
  });

  it('lets a sign-in on another node wait until it can see the first device', async () => {
    await database.knex.raw(`
      create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
      create trigger dawdle before insert on identity_session_devices for each row execute function dawdle()`);
    try {
      const seen = await sighting();
      const devices = [seen.device, 'b'.repeat(64), 'c'.repeat(64)];
      const novelties = await Promise.all(devices.map((device) => make().note({ ...seen, device })));
      expect(novelties.sort()).toEqual(['first', 'new', 'new']);
    } finally {
      await database.knex.raw('drop trigger dawdle on identity_session_devices; drop function dawdle()');
    }
  });

  it('writes at most once a day for a known device', async () => {
    const seen = await sighting();
    const devices = make();
    await devices.note(seen);
    const version = async () =>
      (await rows().select(database.knex.raw('xmin::text as version')))[0] as unknown;
    const before = await version();
    await devices.note({ ...seen, at: seen.at });
    expect(await version()).toEqual(before);
    await devices.note({ ...seen, at: seen.at + 24 * 3_600_000 });
    expect(await version()).not.toEqual(before);
  });
});
