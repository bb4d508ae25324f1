/** Where a command reads its environment and writes its output. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a line to the standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to the error output. */
  readonly complain: (line: string) => void;
}

/** The exit codes of all commands. */
export const EXIT = {
  ok: 0,
  /** The command ran and found a problem, or the session to end does not exist. */
  problem: 1,
  /** The command could not run: wrong arguments, or the database cannot be reached. */
  failed: 2,
} as const;

/** Returns rows as aligned columns under their names. */
export function table(rows: readonly Readonly<Record<string, string>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]!))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
