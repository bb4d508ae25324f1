import { runInNewContext } from 'node:vm';

/**
 * Returns the rows of the Markdown table with this header line, as cells without backticks.
 * @throws Error if the page has no such table, or more than one
 */
export function tableUnder(header: string, markdown: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(header);
  if (start < 0 || lines.indexOf(header, start + 1) >= 0)
    throw new Error(`The page must have exactly one table with the header ${header}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(row: string): string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'));
}

/** Evaluates the literal in a cell. A dash means that there is no value. */
export function read(literal: string): { readonly value?: unknown } {
  return literal === '—' ? {} : { value: runInNewContext(`(${literal})`) as unknown };
}
