import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PROJECT } from './sources';

/** Links to files that are not there, from a page at the path. Links into the page and to other sites are left alone. */
function dead(path: string, markdown: string): string[] {
  const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
  return links.filter((link) => !existsSync(join(PROJECT, dirname(path), link)));
}

const pages = ['', 'docs'].flatMap((folder) =>
  readdirSync(join(PROJECT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

describe('the links', () => {
  it.each(pages)('of %s point to files that exist', (path) => {
    expect(dead(path, readFileSync(join(PROJECT, path), 'utf8'))).toEqual([]);
  });

  it('that are dead are found, wherever the page stands', () => {
    const markdown =
      'A [file](lib/index.ts#here), [none](lib/gone.ts), [part](#here) and [site](https://a.example/b).';
    expect(dead('README.md', markdown)).toEqual(['lib/gone.ts']);
    expect(dead('docs/page.md', markdown)).toEqual(['lib/index.ts', 'lib/gone.ts']);
  });
});
