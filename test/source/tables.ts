import { runInNewContext } from 'node:vm';

/** The rows of the Markdown table under the header, each as its cells without backticks. */
export function tableUnder(header: string, markdown: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(header);
  if (start < 0 || lines.indexOf(header, start + 1) >= 0)
    throw new Error(`There must be one table under ${header}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(row: string): string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'));
}

/** What a literal in a cell means; a dash is no value at all. */
export function read(literal: string): { readonly value?: unknown } {
  return literal === '—' ? {} : { value: runInNewContext(`(${literal})`) as unknown };
}
