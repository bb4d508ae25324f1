import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

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

describe('what the package exports', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exports-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is documented where it is declared', () => {
    expect(undocumented(join(PROJECT, 'lib/index.ts'))).toEqual([]);
  });

  it('is found without a word where there is none', () => {
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

  it('is all that its table of contents holds', () => {
    const index = lib.find(({ path }) => path === 'lib/index.ts')!;
    const others = parsed(index).statements.filter((statement) => !ts.isExportDeclaration(statement));
    expect(others.map((statement) => statement.getText())).toEqual([]);
  });
});
