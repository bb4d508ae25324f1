import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** Writes a progress message to the error output, so that the standard output is only the report. */
export function progress(text: string): void {
  console.error(`  ${text}`);
}

export function heading(text: string): void {
  console.log(`\n## ${text}\n`);
}

export function paragraph(text: string): void {
  console.log(`${text}\n`);
}

/** A column of a table: the text of its cell for an item. */
type Column<T> = (item: T) => string;

/** Prints a Markdown table with one row for each item. The keys of `columns` are the headers. */
export function table<T>(items: readonly T[], columns: Readonly<Record<string, Column<T>>>): void {
  const head = Object.keys(columns);
  const rows = items.map((item) => Object.values(columns).map((cell) => cell(item)));
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  for (const row of [head, widths.map((width) => '-'.repeat(width)), ...rows]) console.log(line(row));
  console.log('');
}

export function fixed(value: number, digits = 0): string {
  return value.toFixed(digits);
}

/** Formats a figure with its standard error. */
export function withError({ median, error }: { median: number; error: number }, digits = 2): string {
  return `${median.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

/** Returns one line that describes this machine. */
export function machine(): string {
  return [
    cpus()[0]?.model.trim() ?? 'unknown CPU',
    `${availableParallelism()} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `${type()} ${release()}`,
    `Node.js ${process.versions.node}`,
  ].join(', ');
}
