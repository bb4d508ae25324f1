'use strict';

const { join } = require('node:path');
const { migrate } = require('express-identity-sessions');
const createKnex = require('knex');

const knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL });

const ways = {
  /** As the README says. */
  function: () => migrate(knex),
  /** As a host may, which runs the migrations of all its packages out of their folders, beside its own. */
  folder: () =>
    knex.migrate.latest({
      directory: [join(__dirname, 'migrations'), 'node_modules/express-identity-sessions/dist/migrations'],
    }),
};

ways[process.argv[2]]().finally(() => knex.destroy());
