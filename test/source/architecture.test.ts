import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type ts from 'typescript';

import packageJson from '../../package.json';
import { LAYERS } from './layers';
import { PROJECT } from './sources';
import { nodesOf, parsed } from './syntax';
import { tableUnder } from './tables';

const architecture = textOf('docs/architecture.md');

function textOf(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** Returns the layers in the block of the section "Layers", lowest first. */
function printedLayers(markdown: string): string[][] {
  const [, block] = /\n## Layers\n.*?```text\n(.*?)\n```/s.exec(markdown)!;
  return block!.split('\n').map((line) => line.trim().split(/ +/));
}

/** Returns the rows of all tables that start with a function and its file. */
function steps(markdown: string): { name: string; file: string }[] {
  const rows = markdown.matchAll(/^\| `(\w+)` \| `([\w./-]+)` \|/gm);
  return Array.from(rows, ([, name, file]) => ({ name: name!, file: file! }));
}

function missingSteps(markdown: string): string[] {
  return steps(markdown)
    .filter(({ name, file }) => !isFile(file) || !declares(file, name))
    .map(({ name, file }) => `${name} in ${file}`);
}

/** Returns true if the file declares a function, method or property of this name, or creates an SQL function. */
function declares(path: string, name: string): boolean {
  const text = textOf(path);
  if (new RegExp(`create function \\S+\\.${name}\\(`).test(text)) return true;
  return [...nodesOf(parsed({ path, text }))].some(
    (node) => (node as { name?: ts.Node }).name?.getText() === name,
  );
}

/** Returns the paths in code font that do not exist. Ignores paths with placeholders. */
function missingPaths(markdown: string): string[] {
  const paths = markdown.matchAll(/`((?:lib|test|bench|examples|migrations|docs)\/[\w./-]+)`/g);
  return Array.from(paths, ([, path]) => path!).filter((path) => !existsSync(join(PROJECT, path)));
}

function isFile(path: string): boolean {
  return existsSync(join(PROJECT, path)) && statSync(join(PROJECT, path)).isFile();
}

const pages = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(PROJECT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

describe('docs/architecture.md', () => {
  it('prints the layers that test/source/layers.ts lists', () => {
    expect(printedLayers(architecture)).toEqual(LAYERS);
  });

  it('names only functions and files that exist in its walkthroughs', () => {
    expect(steps(architecture).length).toBeGreaterThan(30);
    expect(missingSteps(architecture)).toEqual([]);
  });

  it('lists the entry points that package.json exports', () => {
    const listed = tableUnder('| import from | content |', architecture).map(([specifier]) => specifier);
    const exported = Object.keys(packageJson.exports).filter((path) => !/\.js(on)?$/.test(path));
    expect(listed.sort()).toEqual(exported.map((path) => posix.join(packageJson.name, path)).sort());
  });

  it('is checked for functions that no longer exist', () => {
    const rows =
      '| `gone` | `lib/create.ts` | |\n| `gone` | `lib/gone.ts` | |\n| `memory` | `lib/store/memory.ts` | |';
    expect(missingSteps(rows)).toEqual(['gone in lib/create.ts', 'gone in lib/gone.ts']);
  });
});

describe('pages', () => {
  it.each(pages)('in %s, all paths in code font exist', (path) => {
    expect(missingPaths(textOf(path))).toEqual([]);
  });

  it('are checked for paths that no longer exist', () => {
    const markdown = '`lib/gone.ts`, `lib/create.ts`, `lib/http`, `lib/<name>.ts`';
    expect(missingPaths(markdown)).toEqual(['lib/gone.ts']);
  });
});
