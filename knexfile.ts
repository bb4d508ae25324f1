import type { Knex } from 'knex';

import { migrationConfig } from './lib/store/postgres/migrate';

/** Configures `npx knex migrate:*`. `DATABASE_URL` names the database, and `DATABASE_SCHEMA` the schema, if any. */
const schema = process.env['DATABASE_SCHEMA'] || undefined;

const config: Knex.Config = {
  client: 'pg',
  connection: process.env['DATABASE_URL'] ?? 'postgres://localhost/postgres',
  migrations: migrationConfig(schema === undefined ? {} : { schema }),
};

export default config;
