import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { lib, PROJECT, sample, type Source } from './sources';
import { parsed } from './syntax';

/**
 * A file whose functions have more lines than this in total needs a test file of its own. Smaller ones may be tested where
 * they are used.
 */
const MOST_LINES_WITHOUT_TEST = 15;

const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  'lib/options/options.ts': 'test/options/settings.test.ts',
  'lib/store/store.ts': 'test/store/contract.ts',
};

function untested(sources: readonly Source[], exists: (path: string) => boolean): string[] {
  return sources
    .filter((source) => linesOfFunctions(source) > MOST_LINES_WITHOUT_TEST)
    .map(({ path }) => path)
    .filter((path) => !exists(TESTED_ELSEWHERE[path] ?? testOf(path)));
}

function testOf(path: string): string {
  return path.replace(/^lib\//, 'test/').replace(/\.ts$/, '.test.ts');
}

/** The number of lines of all functions and methods. A function inside another one counts once. */
function linesOfFunctions(source: Source): number {
  const file = parsed(source);
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  const linesIn = (node: ts.Node): number => {
    if (hasBody(node)) return lineAt(node.getEnd()) - lineAt(node.getStart()) + 1;
    let lines = 0;
    node.forEachChild((child) => void (lines += linesIn(child)));
    return lines;
  };
  return linesIn(file);
}

function hasBody(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

describe('the test files', () => {
  it('exist at the same path for every file in lib/ with more than a few lines of functions', () => {
    expect(untested(lib, (path) => existsSync(join(PROJECT, path)))).toEqual([]);
  });

  it('are reported as missing for a file with many lines of functions', () => {
    const long = `function f() {\n${'call();\n'.repeat(MOST_LINES_WITHOUT_TEST)}}`;
    const sources = [
      ...sample('lib/store/sample.ts', long),
      ...sample('lib/store/tested.ts', long),
      ...sample('lib/store/store.ts', long),
      ...sample('lib/store/short.ts', 'export const one = () => 1;'),
    ];
    const there = ['test/store/tested.test.ts', 'test/store/contract.ts'];
    expect(untested(sources, (path) => there.includes(path))).toEqual(['lib/store/sample.ts']);
  });

  it.each([
    ['', 0],
    ["import { a } from './a';\n\n/** Some text. */\nexport interface B {\n  c(): void;\n}\n", 0],
    ['export const one = () => 1;', 1],
    ['function two() {\n}', 2],
    ['class A {\n  b = 1;\n  c() {\n    return () => {\n    };\n  }\n}', 4],
    ['export function one(a: string): void;\nexport function one(a: unknown): void {\n}', 2],
  ])('are judged by the lines of functions: %j has %i', (text, lines) => {
    const [source] = sample('lib/sample.ts', text);
    expect(linesOfFunctions(source!)).toBe(lines);
  });
});
