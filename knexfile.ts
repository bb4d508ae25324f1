import { migrationKnexfile } from './lib/migrations';

/** Configures `npx knex migrate:*`. `DATABASE_URL` names the database, and `DATABASE_SCHEMA` the schema, if any. */
const schema = process.env['DATABASE_SCHEMA'] || undefined;
const connection = process.env['DATABASE_URL'] ?? 'postgres://localhost/postgres';

export default migrationKnexfile({ client: 'pg', connection }, { schema });
