import { appConnections } from '../../lib/database/knex';
import { StatementRunner } from '../../lib/database/statement-runner';
import { sessionsOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import { postgres } from '../../lib/store/postgres/postgres';
import type { End, AdministeredStore } from '../../lib/store/store';
import { createDatabase, type TestDatabase } from '../support/database';
import { admission, aSession } from '../support/sessions';
import { idColumns, idOf } from '../support/rows';

const now = Date.UTC(2026, 0, 15, 12);
const END: End = { at: now, reason: 'revoked', by: null };

let database: TestDatabase;
let nodes: readonly [AdministeredStore, AdministeredStore];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  nodes = [node(), node()];
});
afterAll(() => database.destroy());

function node(): AdministeredStore {
  const runner = new StatementRunner(appConnections(database.connect({ pool: { min: 0, max: 5 } })), {
    budget: 30_000,
  });
  return postgres(runner);
}

async function inserted(): Promise<StoredSession> {
  const session = aSession(now);
  await nodes[0].insert(session, admission(now));
  return session;
}

/** Runs the work a thousand times, 25 at once. */
async function aThousandTimes(work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < 1000; round += 25) {
    await Promise.all(Array.from({ length: 25 }, (_, i) => work(round + i)));
  }
}

describe('touches by two nodes', () => {
  const row = (id: string) => database.knex('identity_sessions').where({ session_id: id }).first<object>();

  /** Sends two touches, then the act, then two more touches, without waiting in between. */
  async function touchedAround(id: string, act: () => PromiseLike<unknown>): Promise<void> {
    const touch = async (i: number) =>
      nodes[i % 2]!.touch([{ id, at: now + i, ipAddresses: [`192.0.2.${i}`] }]);
    const before = [1, 2].map(touch);
    const acting = act();
    await Promise.all([...before, acting, ...[3, 4].map(touch)]);
  }

  it('do not change a session after it has ended, in a thousand races', async () => {
    await aThousandTimes(async () => {
      const session = await inserted();
      let asEnded: object | undefined;
      await touchedAround(session.sessionId, async () => {
        await nodes[1].end(sessionsOf(session, [session.sessionId]), END);
        asEnded = await row(session.sessionId);
      });
      expect(asEnded).toMatchObject({ end_reason: 'revoked' });
      expect(await row(session.sessionId)).toEqual(asEnded);
    });
  }, 60_000);

  it('never restore a deleted session', async () => {
    for (let round = 0; round < 100; round++) {
      const { sessionId } = await inserted();
      await touchedAround(sessionId, () =>
        database.knex('identity_sessions').where({ session_id: sessionId }).delete(),
      );
      expect(await row(sessionId)).toBeUndefined();
    }
  });

  it('never deadlock: a thousand statements touch the same sessions in different orders', async () => {
    // With this many rows the planner looks the sessions up one by one, in the order of the statement.
    await database.knex.raw(`
      insert into identity_sessions (${idColumns}, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
      select ${idOf(`'user ' || i`)}, '', 'user ' || i, 'Web', false, '2026-01-15', '2026-01-15' from generate_series(1, 5000) as i;
      analyze identity_sessions`);
    const { rows } = await database.knex.raw<{ rows: { session_id: string }[] }>(
      'select session_id from identity_sessions limit 20',
    );
    const ids = rows.map(({ session_id }) => session_id.replaceAll('-', ''));
    const shuffled = () => [...ids].sort(() => Math.random() - 0.5);
    await aThousandTimes(async (round) => {
      const touches = shuffled().map((id) => ({ id, at: now + round, ipAddresses: [] }));
      await nodes[round % 2]!.touch(touches);
    });
    expect(await row(rows[0]!.session_id)).toMatchObject({ last_accessed: expect.any(Date) });
  }, 60_000);
});
