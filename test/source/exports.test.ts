import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import ts from 'typescript';

import packageJson from '../../package.json';
import { lib, PROJECT } from './sources';
import { parsed } from './syntax';

/** The source file of each entry point that `package.json` declares, by the name that apps import. */
const ENTRY_POINTS = Object.entries(packageJson.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [[posix.join(packageJson.name, name), sourceOf(target.default)] as const],
);

/** More names than this at the root would make its API reference hard to read. Other names have their own entry points. */
const MOST_ROOT_NAMES = 154;

function sourceOf(built: string): string {
  return posix.normalize(built).replace(/^dist\/(.+)\.js$/, '$1.ts');
}

/** The exports of files, as declared: an alias stands for its target. */
class Exports {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #folder: string;

  constructor(folder: string, paths: readonly string[]) {
    this.#folder = folder;
    this.#program = ts.createProgram(
      paths.map((path) => join(folder, path)),
      {
        module: ts.ModuleKind.NodeNext,
        moduleDetection: ts.ModuleDetectionKind.Force,
        noLib: true,
        types: [],
      },
    );
    this.#checker = this.#program.getTypeChecker();
  }

  namesOf(path: string): string[] {
    return this.#exportsOf(path).map(({ name }) => name);
  }

  withoutDocComment(path: string): string[] {
    return this.#exportsOf(path)
      .filter((each) => this.#origin(each).getDocumentationComment(this.#checker).length === 0)
      .map(({ name }) => name);
  }

  /**
   * The types that the declarations of exports refer to and that none of the files exports. Types of other packages and
   * types that are private to their file do not count.
   */
  missing(paths: readonly string[]): string[] {
    const exported = new Set(
      paths.flatMap((path) => this.#exportsOf(path).map((each) => this.#origin(each))),
    );
    const references = [...exported].flatMap((each) => each.declarations!.flatMap((it) => this.#typesIn(it)));
    const missing = references.filter((type) => !exported.has(type) && this.#isExportedInFolder(type));
    return [...new Set(missing.map(({ name }) => name))];
  }

  #exportsOf(path: string): ts.Symbol[] {
    const file = this.#program.getSourceFile(join(this.#folder, path))!;
    return this.#checker.getExportsOfModule(this.#checker.getSymbolAtLocation(file)!);
  }

  #origin(symbol: ts.Symbol): ts.Symbol {
    return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol);
  }

  #isExportedInFolder({ declarations = [] }: ts.Symbol): boolean {
    return declarations.some((each) => {
      const { fileName } = each.getSourceFile();
      if (!fileName.startsWith(`${this.#folder}/`) || fileName.includes('/node_modules/')) return false;
      return (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Export) !== 0;
    });
  }

  /** The types that a declaration refers to where other files can see it. */
  #typesIn(node: ts.Node): ts.Symbol[] {
    if (isHidden(node)) return [];
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const symbol = name && this.#checker.getSymbolAtLocation(name);
    const own = symbol && (symbol.flags & ts.SymbolFlags.TypeParameter) === 0 ? [this.#origin(symbol)] : [];
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => void children.push(child));
    return [...own, ...children.flatMap((child) => this.#typesIn(child))];
  }
}

/** Code, private members, and constructors: the package exports classes as types only, or they are errors. */
function isHidden(node: ts.Node): boolean {
  if (ts.isBlock(node) || ts.isConstructorDeclaration(node)) return true;
  if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) return true;
  if (ts.isMethodDeclaration(node) && ts.isPrivateIdentifier(node.name)) return true;
  return ts.isVariableDeclaration(node.parent) && node === node.parent.initializer;
}

describe('entry points of the package', () => {
  const paths = ENTRY_POINTS.map(([, path]) => path);
  let exports: Exports;

  beforeAll(() => {
    exports = new Exports(PROJECT, paths);
  });

  it.each(ENTRY_POINTS)('%s documents every export where it is declared', (_, path) => {
    expect(exports.withoutDocComment(path)).toEqual([]);
  });

  it('have their declarations in typesVersions too, for TypeScript with moduleResolution node10', () => {
    const declared = Object.entries(packageJson.exports).flatMap(([name, target]) =>
      typeof target === 'string' || name === '.' ? [] : [[name.replace('./', ''), [target.types]]],
    );
    expect(packageJson.typesVersions['*']).toEqual(Object.fromEntries(declared));
  });

  it('together export every type that one of their exports refers to', () => {
    expect(exports.missing(paths)).toEqual([]);
  });

  it(`export at most ${MOST_ROOT_NAMES} names from the root`, () => {
    expect(exports.namesOf('lib/index.ts').length).toBeLessThanOrEqual(MOST_ROOT_NAMES);
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

describe('the check of exports', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exports-'));
    writeFileSync(
      join(folder, 'all.ts'),
      "export { a, type B, C as D } from './some';\n/** Me. */\nexport const e = 1;",
    );
    writeFileSync(
      join(folder, 'some.ts'),
      `/** This. */
       export function a(b: B): Hidden<B> { let inside: Inside; }
       // No doc comment.
       export type B = 1;
       export class C extends Base { /** One. */ d = 1; #e: Inside; }
       export class Base {}
       export type Hidden<T> = { t: T; p: Private };
       type Private = 1;
       export type Inside = 1;`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reports exports that have no doc comment', () => {
    expect(new Exports(folder, ['all.ts']).withoutDocComment('all.ts').sort()).toEqual(['B', 'D']);
  });

  it('reports types that an export refers to and that are not exported', () => {
    expect(new Exports(folder, ['all.ts']).missing(['all.ts']).sort()).toEqual(['Base', 'Hidden']);
  });
});
