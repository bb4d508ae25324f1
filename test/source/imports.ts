import { posix } from 'node:path';
import ts from 'typescript';

import type { Source } from './sources';
import { nodesOf, parsed } from './syntax';

export interface Import {
  readonly specifier: string;
  /** True if the compiled JavaScript does not contain the import. */
  readonly typeOnly: boolean;
}

const known = new WeakMap<Source, readonly Import[]>();

/** All imports of a file: static, dynamic, by `require`, re-exports, and imports of types. */
export function importsOf(source: Source): readonly Import[] {
  const imports = known.get(source) ?? nodesOf(parsed(source)).flatMap((node) => importOf(node) ?? []);
  known.set(source, imports);
  return imports;
}

export function isRelative({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

/** The path of the file that a relative import names, without its extension. */
export function target({ path }: Source, { specifier }: Import): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.(js|ts)$/, '');
}

/** The name of the imported package, without a subpath and without `node:`. */
export function packageOf({ specifier }: Import): string {
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  return name.replace(/^node:/, '');
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    return imported(node.moduleSpecifier, isTypeOnly(node.importClause));
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return imported(node.moduleSpecifier, node.isTypeOnly || onlyTypesIn(node.exportClause));
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return imported(node.moduleReference.expression, node.isTypeOnly);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return imported(node.argument.literal, true);
  }
  if (ts.isCallExpression(node) && isLoading(node.expression)) {
    return imported(node.arguments[0], false);
  }
  return undefined;
}

function imported(specifier: ts.Node | undefined, typeOnly: boolean): Import {
  // A computed specifier cannot be checked. Its source text is used instead, because no rule allows that.
  const text = specifier && ts.isStringLiteralLike(specifier) ? specifier.text : specifier?.getText();
  return { specifier: text ?? '', typeOnly };
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return clause.name === undefined && onlyTypesIn(clause.namedBindings);
}

function onlyTypesIn(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || ts.isNamespaceImport(names) || ts.isNamespaceExport(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** `import(...)`, `require(...)`, `require.resolve(...)` */
function isLoading(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  const called = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  return ts.isIdentifier(called) && called.text === 'require';
}
