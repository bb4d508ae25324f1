import jestConfig from '../jest.config';
import { isSlow, slowTests } from './jest-projects';

describe('the Jest project "quick"', () => {
  it('has no global set-up, so that it does not start PostgreSQL', () => {
    const { projects } = jestConfig as { projects: { displayName: string; globalSetup?: string }[] };
    expect(projects.map(({ displayName, globalSetup }) => [displayName, globalSetup !== undefined])).toEqual([
      ['quick', false],
      ['database', true],
      ['partitions', true],
    ]);
  });
});

describe('isSlow', () => {
  const FILES: Readonly<Record<string, string>> = {
    'test/support/app.ts': "import { createDatabase, type TestDatabase } from './database';",
    'test/support/database.ts': "import {\n  onServer,\n} from './server';",
    'test/support/clock.ts': "import type { Clock } from '../../lib/clock';",
  };

  const judged = (test: string) =>
    isSlow('test/store/sample.test.ts', (path) =>
      path === 'test/store/sample.test.ts' ? test : (FILES[path] ?? ''),
    );

  it.each([
    "import { onServer } from '../support/server';",
    "import { createDatabase } from '../support/database';",
    "import { appOn } from '../support/app';\nimport { FakeClock } from '../support/clock';",
    "import { startEmbeddedPostgres } from '../../examples/demo/postgres';",
    "import { spawn } from 'node:child_process';",
    "export * from '../support/app';",
  ])('is true for a test that can start PostgreSQL or another program: %s', (text) => {
    expect(judged(text)).toBe(true);
  });

  it.each([
    "import { readFileSync } from 'node:fs';",
    "import { FakeClock } from '../support/clock';",
    "import { missing } from './missing';",
  ])('is false for a test that cannot: %s', (text) => {
    expect(judged(text)).toBe(false);
  });
});

describe('slowTests', () => {
  it('returns the tests with a database and no others', () => {
    const tests = slowTests();
    expect(tests).toEqual(expect.arrayContaining(['test/demo.test.ts', 'test/store/cached.test.ts']));
    expect(tests).not.toContain('test/session/lifetimes.test.ts');
    expect(tests).not.toContain('test/jest-projects.test.ts');
  });
});
