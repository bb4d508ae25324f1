import { importsOf, isRelative, target } from './imports';
import { lib, moduleOf, sample, type Source } from './sources';

/** Files that are loaded before they are loaded: what they import of each other is not there yet. Types may go in circles. */
function circles(sources: readonly Source[]): string[] {
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

describe('circles of imports', () => {
  it('there are none: no file imports itself by way of others', () => {
    expect(circles(lib)).toEqual([]);
  });

  it('are found, and what leads into one is none', () => {
    const sources = [
      ...sample('lib/session/a.ts', "import { b } from './b';"),
      ...sample('lib/session/b.ts', "export * from './c';"),
      ...sample('lib/session/c.ts', "import { a } from './a'; import type { D } from './d';"),
      ...sample('lib/session/d.ts', "import { a } from './a';"),
    ];
    expect(circles(sources)).toEqual(['lib/session/a', 'lib/session/b', 'lib/session/c']);
  });
});
