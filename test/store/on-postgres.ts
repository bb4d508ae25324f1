import { ChangeFollower } from '../../lib/changes/changes';
import { postgresChanges } from '../../lib/changes/postgres';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { appConnections } from '../../lib/database/knex';
import { StatementRunner } from '../../lib/database/statement-runner';
import { postgres } from '../../lib/store/postgres/postgres';
import type { AdministeredStore } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { testSessionStore, type StoreUnderTest } from './contract';

interface Parts {
  readonly clock: FakeClock;
  /** Follows the change log of the database. */
  readonly follower: ChangeFollower;
}

/** Runs the contract tests on a store that `wrap` builds around the Postgres store. */
export function testStoreOnPostgres(
  name: string,
  wrap: (table: AdministeredStore, parts: Parts) => Omit<StoreUnderTest, 'clock'>,
): void {
  describe(name, () => {
    let database: TestDatabase;
    let follower: ChangeFollower;

    beforeAll(async () => {
      database = await createDatabase();
    });
    beforeEach(async () => {
      await database.empty();
    });
    afterEach(() => follower.close());
    afterAll(() => database.destroy());

    testSessionStore(() => {
      const clock = new FakeClock();
      const changes = postgresChanges(new DedicatedConnection(database.knex), { budget: 30_000 });
      follower = new ChangeFollower(changes, { clock, lease: 2000, onFailure: fail });
      const table = postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 }));
      return { ...wrap(table, { clock, follower }), clock };
    });
  });
}

function fail(error: unknown): void {
  throw error;
}
