import { readdirSync } from 'node:fs';

import { migrationConfig, migrationDirectory } from '../../lib/migrations';
describe('migrationConfig()', () => {
  it.each([
    [{ schema: 'a.b' }, 'it must be the name of a schema'],
    [{ tableName: '' }, 'it must be the name of a table'],
    [{ directory: './migrations' }, 'there is no option `directory`'],
  ])('rejects the options %j', (options, problem) => {
    expect(() => migrationConfig(options as never)).toThrow(problem);
  });
});

describe('migrationDirectory', () => {
  it('contains the migrations', async () => {
    const { migrationSource } = migrationConfig();
    const listed = await migrationSource!.getMigrations([]);
    const files = listed.map((each) => `${migrationSource!.getMigrationName(each)}.ts`);
    expect(readdirSync(migrationDirectory).sort()).toEqual(files);
  });
});
