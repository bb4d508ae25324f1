import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import type { SingleUseTokens } from '../../../lib/store/single-use-tokens';
import { postgresSingleUseTokens } from '../../../lib/store/postgres/single-use-tokens';
import { createDatabase, databaseIn, type TestDatabase } from '../../support/database';
import { testSingleUseTokens } from '../single-use-tokens';

describe.each([
  ['UTF8', createDatabase],
  ['LATIN1', () => databaseIn('LATIN1')],
])('postgresSingleUseTokens in a database with the encoding %s', (_, create) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await create();
  });
  beforeEach(async () => {
    await database.knex('identity_session_tokens').delete();
  });
  afterAll(() => database.destroy());

  function make(): SingleUseTokens {
    const runner = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
    return postgresSingleUseTokens(runner, new TableSchema(undefined, runner));
  }

  testSingleUseTokens(make);
});
