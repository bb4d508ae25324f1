import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import ts from 'typescript';

import packageJson from '../../package.json';
import { lib, PROJECT } from './sources';
import { parsed } from './syntax';

/** Exports of an entry without a doc comment where they are declared. */
function undocumented(entry: string): string[] {
  const program = ts.createProgram([entry], { ...COMPILER, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
  return exports.filter((each) => !isDocumented(each, checker)).map(({ name }) => name);
}

const COMPILER: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
};

function isDocumented(exported: ts.Symbol, checker: ts.TypeChecker): boolean {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
  const origin = isAlias ? checker.getAliasedSymbol(exported) : exported;
  return origin.getDocumentationComment(checker).length > 0;
}

/** The source file of each entry point that `package.json` declares, by the name that apps import. */
const ENTRY_POINTS = Object.entries(packageJson.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [[posix.join(packageJson.name, name), sourceOf(target.default)] as const],
);

function sourceOf(built: string): string {
  return posix.normalize(built).replace(/^dist\/(.+)\.js$/, '$1.ts');
}

describe('entry points of the package', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exports-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(ENTRY_POINTS)('%s documents every export where it is declared', (_, path) => {
    expect(undocumented(join(PROJECT, path))).toEqual([]);
  });

  it('reports exports that have no doc comment', () => {
    writeFileSync(
      join(folder, 'all.ts'),
      "export { a, type B, C as D } from './some';\n/** Me. */\nexport const e = 1;",
    );
    writeFileSync(
      join(folder, 'some.ts'),
      '/** This. */\nexport function a() {}\n// No doc.\nexport type B = 1;\nexport class C { /** One. */ d = 1; }',
    );
    expect(undocumented(join(folder, 'all.ts')).sort()).toEqual(['B', 'D']);
  });

  it.each(ENTRY_POINTS.filter(([, path]) => path.endsWith('/index.ts')))(
    '%s contains nothing but exports of other files',
    (_, path) => {
      const index = lib.find((each) => each.path === path)!;
      const others = parsed(index).statements.filter((statement) => !ts.isExportDeclaration(statement));
      expect(others.map((statement) => statement.getText())).toEqual([]);
    },
  );
});
