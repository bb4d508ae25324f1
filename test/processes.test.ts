import { createDatabase, type TestDatabase } from './support/database';
import { outputOf } from './support/program';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

/** An app whose pool closes its idle connections soon. */
const APP = `
  const knex = require('knex')({
    client: 'pg',
    connection: process.env.APP_DATABASE,
    pool: { min: 0, max: 4, idleTimeoutMillis: 100, reapIntervalMillis: 50 },
    log: { warn() {}, error() {} },
  });
  const { createIdentitySessionManager } = require('./lib');
  const manager = createIdentitySessionManager({ knex, location: false });
  const server = require('node:http').createServer().listen(0);
  const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const opened = () => knex.client.pool.numUsed() + knex.client.pool.numFree();
  async function emptyPool() {
    while (opened() > 0) await sleep(20);
  }
  process.on('exit', (code) => console.log('exit', code));
  process.on('SIGTERM', async () => {
    server.close();
    console.log('closing with', opened(), 'pooled connections');
    await manager.close();
    console.log('closed');
    await knex.destroy();
    console.log('destroyed');
  });
`;

const SHUT_DOWN = 'closing with 0 pooled connections\nclosed\ndestroyed\nexit 0\n';

/** A port on which no server listens. */
const NO_SERVER = 'postgres://127.0.0.1:9/postgres';

function run(main: string, env = { APP_DATABASE: database.url }): Promise<string> {
  return outputOf(`${APP} (async () => { ${main} })();`, env);
}

describe('a process that waits for the package', () => {
  it('stays alive until close() resolves, if the pool is empty', async () => {
    const output = await run(`
      await manager.open({ userId: 'alice' });
      await emptyPool();
      process.kill(process.pid, 'SIGTERM');`);
    expect(output).toBe(SHUT_DOWN);
  });

  it('stays alive until close() resolves, if the pool was never used because the sign-in failed', async () => {
    const main = `
      await manager.open({ userId: 'alice' }).catch(({ code }) => console.log(code));
      process.kill(process.pid, 'SIGTERM');`;
    expect(await run(main, { APP_DATABASE: NO_SERVER })).toBe(`store-unavailable\n${SHUT_DOWN}`);
  });

  it('stays alive until requests are refused, while the circuit breaker is open', async () => {
    const main = `
      server.close();
      for (let call = 0; call < 6; call++) {
        await manager.list({ userId: 'alice' }).catch(({ code }) => console.log(code));
      }
      await manager.close();`;
    const refusals = 'store-unavailable\n'.repeat(6);
    expect(await run(main, { APP_DATABASE: NO_SERVER })).toBe(`${refusals}exit 0\n`);
  });

  it('stays alive during the pauses of runCleanup(), if the pool is empty', async () => {
    const main = `
      server.close();
      // A store without a database, so that nothing else keeps the process alive.
      const { memory } = require('./lib');
      const store = memory();
      let left = 3;
      store.sweep = async () => (left-- > 0 ? 1 : 0);
      const other = createIdentitySessionManager({ store });
      console.log((await other.runCleanup()).deleted);
      await other.close();
      await knex.destroy();`;
    expect(await run(main)).toBe('3\nexit 0\n');
  });
});

describe('a process that does not wait for the package', () => {
  it('exits by itself without close() when its pool is destroyed', async () => {
    const output = await run(`
      await manager.open({ userId: 'alice' });
      server.close();
      await knex.destroy();`);
    expect(output).toBe('exit 0\n');
  });
});
