import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import packageJson from '../../package.json';
import { PROJECT } from './sources';

/** Files that npm always packs. */
const ALWAYS_PACKED = ['package.json', 'README.md', 'LICENSE'];

/** Returns true if the tarball contains the file. `path` is relative to the project, with `/`. */
function isPacked(path: string): boolean {
  const packed = [...ALWAYS_PACKED, ...packageJson.files];
  return packed.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/**
 * Returns the links of a page that its readers cannot follow: files that do not exist, and files outside the tarball if the
 * page itself is in the tarball. Ignores links to other sites and to headings of the same page.
 */
function brokenLinks(path: string, markdown: string): string[] {
  const links = [...markdown.matchAll(/(?:\]\(|\bsrc=\")(?!https?:|#)([^)#\s\"]+)/g)].map(
    ([, link]) => link!,
  );
  return links.filter((link) => {
    const file = posix.join(posix.dirname(path), link);
    return !existsSync(join(PROJECT, file)) || (isPacked(path) && !isPacked(file));
  });
}

const pages = ['', 'docs'].flatMap((folder) =>
  readdirSync(join(PROJECT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name)),
);

describe('links', () => {
  it.each(pages)('in %s lead to files that its readers have', (path) => {
    expect(brokenLinks(path, readFileSync(join(PROJECT, path), 'utf8'))).toEqual([]);
  });

  it.each([
    ['README.md', '[missing](docs/gone.md) [present](docs/rest.md)', ['docs/gone.md']],
    ['README.md', '![missing picture](docs/gone.png)', ['docs/gone.png']],
    ['README.md', '<img src="docs/gone.png" alt="">', ['docs/gone.png']],
    ['README.md', '[not in the tarball](lib/index.ts#here)', ['lib/index.ts']],
    [
      'docs/rest.md',
      '[missing](docs/rest.md) [not in the tarball](../lib/index.ts)',
      ['docs/rest.md', '../lib/index.ts'],
    ],
    ['CONTRIBUTING.md', '[missing](lib/gone.ts) [present](lib/index.ts)', ['lib/gone.ts']],
    ['README.md', '[heading](#here) [site](https://a.example/b)', []],
  ])('in %s are checked: %s', (path, markdown, broken) => {
    expect(brokenLinks(path, markdown)).toEqual(broken);
  });
});
