import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import packageJson from '../../package.json';
import { PROJECT } from './sources';

/** Files that users read: those of the tarball, which npm adds to, and the documentation in the repository. */
const FOR_USERS = [...packageJson.files, 'package.json', 'README.md', 'LICENSE', 'docs'];

/** Returns true if users of the package read the file. `path` is relative to the project, with `/`. */
function isForUsers(path: string): boolean {
  return FOR_USERS.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/**
 * Returns the links of a page that its readers cannot follow: files that do not exist, and sources if the page is for
 * users of the package. Ignores links to other sites and to headings of the same page.
 */
function brokenLinks(path: string, markdown: string): string[] {
  const links = [...markdown.matchAll(/(?:\]\(|\bsrc=\")(?!https?:|#)([^)#\s\"]+)/g)].map(
    ([, link]) => link!,
  );
  return links.filter((link) => {
    const file = posix.join(posix.dirname(path), link);
    return !existsSync(join(PROJECT, file)) || (isForUsers(path) && !isForUsers(file));
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
    ['README.md', '[not for users](lib/index.ts#here)', ['lib/index.ts']],
    [
      'docs/rest.md',
      '[missing](docs/rest.md) [not for users](../lib/index.ts)',
      ['docs/rest.md', '../lib/index.ts'],
    ],
    ['CONTRIBUTING.md', '[missing](lib/gone.ts) [present](lib/index.ts)', ['lib/gone.ts']],
    ['README.md', '[heading](#here) [site](https://a.example/b)', []],
  ])('in %s are checked: %s', (path, markdown, broken) => {
    expect(brokenLinks(path, markdown)).toEqual(broken);
  });
});
