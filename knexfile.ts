import type { Knex } from 'knex';

import { migrationConfig } from './lib/store/postgres/migrate';

/** For `npx knex migrate:latest` and its relatives: `DATABASE_URL` names the database, `DATABASE_SCHEMA` a schema. */
const schema = process.env['DATABASE_SCHEMA'] || undefined;

const config: Knex.Config = {
  client: 'pg',
  connection: process.env['DATABASE_URL'] ?? 'postgres://localhost/postgres',
  migrations: migrationConfig(schema === undefined ? {} : { schema }),
};

export default config;
