import { importsOf } from './imports';

describe('importsOf', () => {
  it.each([
    ["import { a } from './x';", { specifier: './x', typeOnly: false }],
    ["import './x';", { specifier: './x', typeOnly: false }],
    ["import * as x from './x';", { specifier: './x', typeOnly: false }],
    ["import x, { type A } from './x';", { specifier: './x', typeOnly: false }],
    ["import { type A, b } from './x';", { specifier: './x', typeOnly: false }],
    ["import type { A } from './x';", { specifier: './x', typeOnly: true }],
    ["import { type A } from './x';", { specifier: './x', typeOnly: true }],
    ["export * from './x';", { specifier: './x', typeOnly: false }],
    ["export { a } from './x';", { specifier: './x', typeOnly: false }],
    ["export type { A } from './x';", { specifier: './x', typeOnly: true }],
    ["import x = require('./x');", { specifier: './x', typeOnly: false }],
    ["const x = () => require('./x');", { specifier: './x', typeOnly: false }],
    ["const x = require.resolve('./x');", { specifier: './x', typeOnly: false }],
    ["const x = async () => (await import('./x')).a;", { specifier: './x', typeOnly: false }],
    ["let a: import('./x').A;", { specifier: './x', typeOnly: true }],
    ['const x = require(`./${name}`);', { specifier: '`./${name}`', typeOnly: false }],
  ])('finds the import in: %s', (text, expected) => {
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([expected]);
  });

  it('ignores comments and string literals', () => {
    const text = `// import './x';\nconst text = "import './x'; require('./x')";`;
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([]);
  });
});
