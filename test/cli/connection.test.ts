import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT } from '../source/sources';
import { createDatabase, type TestDatabase } from '../support/database';

describe('a knexfile', () => {
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    database = await createDatabase();
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await database.destroy();
  });

  /** Runs `list` as a program, because Jest loads no ES modules. */
  function list(name: string, content: string, ...args: string[]) {
    const path = join(folder, name);
    writeFileSync(path, content);
    const program = ['-r', 'sucrase/register/ts', 'lib/cli/main.ts', '--knexfile', path, ...args, 'list'];
    const env = { ...process.env, NODE_ENV: '', DATABASE_URL: '' };
    return promisify(execFile)(process.execPath, program, { cwd: PROJECT, env });
  }

  it.each([
    ['with one configuration', 'one.cjs', (url: string) => `module.exports = { connection: '${url}' };`, []],
    [
      'with a configuration for each environment',
      'each.cjs',
      (url: string) => `module.exports = { production: { connection: '${url}' } };`,
      ['--env', 'production'],
    ],
    [
      'that is an ES module',
      'module.mjs',
      (url: string) => `export default { development: { connection: '${url}' } };`,
      [],
    ],
    [
      'that is a function',
      'function.cjs',
      (url: string) => `module.exports = async () => ({ connection: '${url}' });`,
      [],
    ],
  ])('%s names the database', async (_, name, content, args) => {
    expect((await list(name, content(database.url), ...args)).stdout).toBe('No live session.\n');
  });

  it('without a connection is refused, without its passwords', async () => {
    const content = "module.exports = { production: { connection: 'postgres://u:geheim@h/d' } };";
    await expect(list('none.cjs', content, '--env', 'test')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: .*none\.cjs has no `connection`, also not under "test": (?!.*geheim)/,
      ),
    });
  });
});
