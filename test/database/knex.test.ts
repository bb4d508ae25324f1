import type { EventEmitter } from 'node:events';
import knex, { type Knex } from 'knex';
import { version } from 'knex/package.json';
import { Pool } from 'pg';

import { appConnections, connectionMaker, plainKnex, type RawConnection } from '../../lib/database/knex';
import { peerDependencies } from '../../package.json';
import { acceptsPools, createDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe('appConnections()', () => {
  it.each([
    ['nothing', undefined],
    ['an object', {}],
    ['a Knex on another database', knex({ client: 'mysql2' })],
  ])('throws a TypeError for %s', (_, wrong) => {
    expect(() => appConnections(wrong as never)).toThrow(TypeError);
    expect(() => appConnections(wrong as never)).toThrow(/must be a Knex on PostgreSQL/);
  });

  it('throws for a transaction', async () => {
    const transaction = await database.knex.transaction();
    expect(() => appConnections(transaction)).toThrow(/is a transaction/);
    await transaction.rollback();
  });
});

describe('a Knex in which a member is missing', () => {
  /** Returns a Knex that looks like one of a version without a member of the client, or of Knex itself. */
  function without(name: string): Knex {
    const lacking = database.knex.withUserParams({});
    const owner: object = name in lacking ? lacking : lacking.client;
    Object.defineProperty(owner, name, { value: undefined });
    return lacking;
  }

  const uses = { appConnections, connectionMaker, plainKnex };
  it.each(['acquireConnection', 'releaseConnection', 'getPoolSettings', 'config', 'withUserParams'])(
    'is rejected with the name %s and both versions, for the manager and for migrations',
    (name) => {
      for (const use of Object.values(uses)) {
        expect(() => use(without(name))).toThrow(
          new TypeError(
            `\`knex\` has no \`${name}\`, which this package uses. It supports Knex ${peerDependencies.knex}, and the ` +
              `installed version is ${version}: install a supported version`,
          ),
        );
      }
    },
  );

  it('is rejected if its pool settings cannot open connections', () => {
    const other = database.knex.withUserParams({});
    Object.defineProperty(other.client, 'getPoolSettings', { value: () => ({ create: () => undefined }) });
    expect(() => connectionMaker(other)).toThrow('`knex` has no `destroy`');
  });
});

const pools: [name: string, poolOf: () => Pool | undefined][] = [["Knex's own pool", () => undefined]];
if (acceptsPools) pools.push(['a pg.Pool', () => new Pool({ connectionString: database.url, max: 1 })]);

describe.each(pools)('appConnections() on %s', (_, poolOf) => {
  it('releases a connection without leftover listeners, and a broken borrowed connection does not end the process', async () => {
    const native = poolOf();
    const app = native ? knex({ client: 'pg', connectionPool: native } as Knex.Config) : database.connect();
    const connections = appConnections(app);
    const lent = async () => (await connections.acquire()) as RawConnection & EventEmitter;
    const listeners: number[] = [];
    for (let time = 0; time < 2; time++) {
      const connection = await lent();
      connections.release(connection);
      listeners.push(connection.listenerCount('error'));
    }
    expect(listeners[1]).toBe(listeners[0]);

    const connection = await lent();
    expect(() => connection.emit('error', new Error('cut'))).not.toThrow();
    connections.release(connection);
    await app.destroy();
    await native?.end();
  });
});

describe('connectionMaker()', () => {
  const made = async (maker: ReturnType<typeof connectionMaker>) => {
    const connection = await maker!.create();
    const { rows } = await connection.query({ text: `select current_setting('application_name') as name` });
    await maker!.destroy(connection);
    return rows;
  };

  it("uses the connection settings of the app's Knex by default", async () => {
    const app = database.connect({ connection: `${database.url}?application_name=app` });
    expect(await made(connectionMaker(app))).toEqual([{ name: 'app' }]);
  });

  it.each([
    ['a string', (url: string) => url],
    ['an object', (url: string) => ({ connectionString: url })],
    ['a function', (url: string) => async () => ({ connectionString: url })],
  ])('uses other connection settings, given as %s', async (_, given) => {
    const app = database.connect({ connection: 'postgres://nobody@127.0.0.1:1/nothing' });
    const elsewhere = given(`${database.url}?application_name=elsewhere`);
    expect(await made(connectionMaker(app, elsewhere))).toEqual([{ name: 'elsewhere' }]);
  });

  (acceptsPools ? it : it.skip)(
    "returns undefined if the pool is not Knex's own and no connection settings are given",
    async () => {
      const native = new Pool({ connectionString: database.url });
      const app = knex({ client: 'pg', connectionPool: native } as Knex.Config);
      expect(connectionMaker(app)).toBeUndefined();
      expect(await made(connectionMaker(app, database.url))).toHaveLength(1);
      await app.destroy();
      await native.end();
    },
  );
});
