import { importsOf, isRelative, target } from './imports';
import { lib, moduleOf, sample, type Source } from './sources';

/** The files that import themselves through other files. Imports of types are ignored, because nothing is loaded for them. */
function cyclicFiles(sources: readonly Source[]): string[] {
  const graph = new Map(
    sources.map((source) => [
      moduleOf(source.path),
      importsOf(source)
        .filter((each) => isRelative(each) && !each.typeOnly)
        .map((each) => target(source, each)),
    ]),
  );
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (graph.get(from) ?? []).some((next) => {
      if (next === goal) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, goal, seen);
    });
  return [...graph.keys()].filter((path) => reaches(path, path));
}

describe('import cycles', () => {
  it('do not exist in lib/', () => {
    expect(cyclicFiles(lib)).toEqual([]);
  });

  it('are reported with the files that are part of them, without files that only lead to one', () => {
    const sources = [
      ...sample('lib/session/a.ts', "import { b } from './b';"),
      ...sample('lib/session/b.ts', "export * from './c';"),
      ...sample('lib/session/c.ts', "import { a } from './a'; import type { D } from './d';"),
      ...sample('lib/session/d.ts', "import { a } from './a';"),
    ];
    expect(cyclicFiles(sources)).toEqual(['lib/session/a', 'lib/session/b', 'lib/session/c']);
  });
});
