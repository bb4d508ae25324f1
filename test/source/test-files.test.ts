import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { lib, PROJECT, sample, type Source } from './sources';
import { nodesOf, parsed } from './syntax';

/** Files in which nothing happens, and the one whose test has another name. */
const NEED_NO_TEST = [
  'lib/index.ts',
  'lib/health.ts',
  'lib/options/options.ts',
  'lib/session/end-reason.ts',
  'lib/session/described.ts',
  'lib/session/device/device.ts',
  'lib/session/place.ts',
  'lib/protocols/abp/index.ts',
  'lib/protocols/open-xchange/index.ts',
];
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = { 'lib/store/store.ts': 'test/store/contract.ts' };

function untested(sources: readonly Source[], exists: (path: string) => boolean): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => !NEED_NO_TEST.includes(path) && !exists(TESTED_ELSEWHERE[path] ?? testOf(path)));
}

function testOf(path: string): string {
  return path.replace(/^lib\//, 'test/').replace(/\.ts$/, '.test.ts');
}

function isAct(node: ts.Node): boolean {
  return ts.isClassLike(node) || (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined);
}

describe('tests', () => {
  const exists = (path: string) => existsSync(join(PROJECT, path));

  it('stand beside every file, at the same path', () => {
    expect(untested(lib, exists)).toEqual([]);
  });

  it('are missed where there are none', () => {
    const sources = [...sample('lib/store/sample.ts', ''), ...sample('lib/store/memory.ts', '')];
    expect(untested(sources, exists)).toEqual(['lib/store/sample.ts']);
  });

  it.each(NEED_NO_TEST)('are not needed for %s, where nothing happens', (path) => {
    const source = lib.find((each) => each.path === path);
    expect([...nodesOf(parsed(source!))].filter(isAct)).toEqual([]);
  });

  it('are needed where something happens', () => {
    const [source] = sample('lib/sample.ts', 'export const one = () => 1;');
    expect([...nodesOf(parsed(source!))].filter(isAct)).toHaveLength(1);
  });
});
