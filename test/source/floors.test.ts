import { importsOf, isRelative, target } from './imports';
import { lib, moduleOf, sample, type Source } from './sources';

/** From the ground up; the first that fits is a file's floor. */
const FLOORS: readonly RegExp[] = [
  /^lib\/(session\/.+|errors|events|health|clock|in-time|jitter|named-arguments|option-reader|unawaited)$/,
  /^lib\/(store\/store|cache\/cache|changes\/(changes|hint)|location\/location|database\/.+)$/,
  /^lib\/(store|cache|changes|location)\/.+$/,
  /^lib\/dialects\/.+$/,
  /^lib\/(administration|admission|manager|cleanup|new-session|node-capacity|options|session-watch|settings|sign-in-rules|verification)$/,
  /^lib\/http\/.+$/,
  /^lib\/routers\/.+$/,
  /^lib\/(index|create|migrate|properties)$/,
];

function floorOf(module: string): number {
  return FLOORS.findIndex((floor) => floor.test(module));
}

function homeless(sources: readonly Source[]): string[] {
  return sources.filter(({ path }) => floorOf(moduleOf(path)) < 0).map(({ path }) => path);
}

/** Imports that go up, or across the floor into another folder. On the ground floor all are at home. */
function climbing(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(isRelative)
      .map((each) => target(source, each))
      .filter((imported) => !isBelow(moduleOf(source.path), imported))
      .map((imported) => `${source.path} imports ${imported}`),
  );
}

function isBelow(importer: string, imported: string): boolean {
  if (imported.startsWith('migrations/')) return importer === 'lib/migrate';
  const [from, to] = [floorOf(importer), floorOf(imported)];
  if (to < 0 || to > from) return false;
  return to < from || from === 0 || homeOf(importer) === homeOf(imported);
}

/** The folder below `lib`, whatever folders that has in turn. */
function homeOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

describe('floors', () => {
  it('every file has one', () => {
    expect(homeless(lib)).toEqual([]);
  });

  it('a file imports only from below and from its own folder', () => {
    expect(climbing(lib)).toEqual([]);
  });

  it.each([
    ['lib/session/session.ts', '../store/store'],
    ['lib/errors.ts', './manager'],
    ['lib/store/store.ts', './memory'],
    ['lib/store/postgres.ts', '../changes/postgres'],
    ['lib/database/pool.ts', '../store/store'],
    ['lib/dialects/rest.ts', '../manager'],
    ['lib/manager.ts', './create'],
    ['lib/http/autologin.ts', '../routers/rest'],
    ['lib/routers/rest.ts', '../index'],
    ['lib/create.ts', '../migrations/001_identity_sessions'],
    ['lib/create.ts', '../package.json'],
    ['lib/create.ts', '.'],
  ])('%s may not import %s, not even a type', (path, specifier) => {
    expect(climbing(sample(path, `import type { A } from '${specifier}';`))).toHaveLength(1);
  });

  it.each([
    ['lib/errors.ts', './session/session'],
    ['lib/session/session.ts', '../errors'],
    ['lib/store/postgres.ts', './statements'],
    ['lib/dialects/rest.ts', './cookies'],
    ['lib/dialects/open-xchange/cookie-hash.ts', '../cookies'],
    ['lib/migrate.ts', '../migrations/001_identity_sessions'],
  ])('%s may import %s', (path, specifier) => {
    expect(climbing(sample(path, `import { a } from '${specifier}';`))).toEqual([]);
  });

  it('a folder that nobody has thought of has none', () => {
    expect(homeless(sample('lib/misc/odds.ts', ''))).toEqual(['lib/misc/odds.ts']);
  });
});
