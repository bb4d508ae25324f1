import ts from 'typescript';

import type { Source } from './sources';

const files = new WeakMap<Source, ts.SourceFile>();

export function parsed(source: Source): ts.SourceFile {
  const known = files.get(source);
  if (known !== undefined) return known;
  const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  files.set(source, file);
  return file;
}

/** All nodes of a file, including types. Comments are not nodes. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}
