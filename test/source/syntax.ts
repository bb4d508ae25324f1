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

/** All nodes of a file, including types, parents before their children. Comments are not nodes. */
export function nodesOf(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const collect = (node: ts.Node): void => {
    nodes.push(node);
    node.forEachChild(collect);
  };
  collect(root);
  return nodes;
}
