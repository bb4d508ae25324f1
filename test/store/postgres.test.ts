import { appConnections } from '../../lib/database/knex';
import { Pool } from '../../lib/database/pool';
import { postgres } from '../../lib/store/postgres';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { itIsASessionStore } from './contract';

describe('postgres', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  beforeEach(async () => {
    await database.knex.raw('truncate identity_sessions');
  });
  afterAll(() => database.destroy());

  itIsASessionStore(() => {
    const clock = new FakeClock();
    const pool = new Pool(appConnections(database.knex), { budget: 3000 });
    return Promise.resolve({ store: postgres(pool), clock, settle: () => Promise.resolve() });
  });
});
