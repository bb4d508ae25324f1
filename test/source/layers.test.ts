import { importsOf, isRelative, target } from './imports';
import { layerOf } from './layers';
import { lib, moduleOf, sample, type Source } from './sources';

function withoutLayer(sources: readonly Source[]): string[] {
  return sources.filter(({ path }) => layerOf(moduleOf(path)) < 0).map(({ path }) => path);
}

/** Imports of a higher layer, or of another folder in the same layer. Type imports count too. */
function upwardImports(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(isRelative)
      .map((each) => target(source, each))
      .filter((imported) => !isAllowed(moduleOf(source.path), imported))
      .map((imported) => `${source.path} imports ${imported}`),
  );
}

function isAllowed(importer: string, imported: string): boolean {
  if (imported.startsWith('migrations/')) return MIGRATING.includes(importer);
  const [from, to] = [layerOf(importer), layerOf(imported)];
  if (to < 0 || to > from) return false;
  return to < from || folderOf(importer) === folderOf(imported);
}

/** The files that may import migrations. */
const MIGRATING = ['lib/migrations/migration', 'lib/migrations/partition-sessions'];

/** The folder below `lib/`, without its subfolders. Each protocol is a folder of its own. */
function folderOf(path: string): string {
  const depth = path.startsWith('lib/protocols/') ? 3 : 2;
  return path.split('/').slice(0, -1).slice(0, depth).join('/');
}

describe('layers', () => {
  it('every file in lib/ belongs to a layer', () => {
    expect(withoutLayer(lib)).toEqual([]);
  });

  it('every file imports only from lower layers and from its own folder', () => {
    expect(upwardImports(lib)).toEqual([]);
  });

  it.each([
    ['lib/session/session.ts', '../store/store'],
    ['lib/session/session.ts', '../events'],
    ['lib/errors.ts', './manager/manager'],
    ['lib/store/store.ts', './memory'],
    ['lib/store/postgres/postgres.ts', '../../changes/postgres'],
    ['lib/database/statement-runner.ts', '../store/memory'],
    ['lib/http/rest.ts', '../protocols/abp/dialect'],
    ['lib/manager/manager.ts', '../http/dialect'],
    ['lib/manager/manager.ts', '../create'],
    ['lib/protocols/abp/router.ts', '../open-xchange/dialect'],
    ['lib/protocols/abp/router.ts', '../../index'],
    ['lib/create.ts', '../migrations/001_identity_sessions'],
    ['lib/create.ts', '../package.json'],
    ['lib/create.ts', '.'],
  ])('%s may not import %s, not even a type', (path, specifier) => {
    expect(upwardImports(sample(path, `import type { A } from '${specifier}';`))).toHaveLength(1);
  });

  it.each([
    ['lib/errors.ts', './session/end-reason'],
    ['lib/session/session.ts', '../errors'],
    ['lib/store/postgres/postgres.ts', './statements'],
    ['lib/store/postgres/postgres.ts', '../store'],
    ['lib/http/rest.ts', './cookies'],
    ['lib/protocols/open-xchange/cookie-hash.ts', '../../http/cookies'],
    ['lib/migrations/migration.ts', '../../migrations/001_identity_sessions'],
  ])('%s may import %s', (path, specifier) => {
    expect(upwardImports(sample(path, `import { a } from '${specifier}';`))).toEqual([]);
  });

  it('reports a file in a folder that the list does not contain', () => {
    expect(withoutLayer(sample('lib/misc/odds.ts', ''))).toEqual(['lib/misc/odds.ts']);
  });
});
