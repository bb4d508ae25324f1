/** Progress goes to the error output, so that the output proper is a report that can be kept. */
export function say(text: string): void {
  console.error(`  ${text}`);
}

export function heading(text: string): void {
  console.log(`\n## ${text}\n`);
}

export function paragraph(text: string): void {
  console.log(`${text}\n`);
}

/** A Markdown table, its columns lined up. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  console.log(line(head));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const row of rows) console.log(line(row));
}

export function give(value: number, digits = 0): string {
  return value.toFixed(digits);
}

/** A figure with its standard error. */
export function about({ median, error }: { median: number; error: number }, digits = 2): string {
  return `${median.toFixed(digits)} ± ${error.toFixed(digits)}`;
}
