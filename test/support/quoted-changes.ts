import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../docs/adopting.md');

/** A change of one file of an app, as docs/adopting.md quotes it. */
export interface QuotedChange {
  readonly host: string;
  readonly file: string;
  /** The version of the app that the change leads to: `after`, or `last` for a second change. */
  readonly version: string;
  readonly lines: readonly string[];
}

export function adoptingPage(): string {
  return readFileSync(PAGE, 'utf8');
}

/** Returns the changes that docs/adopting.md quotes, in blocks such as "diff spa/app.js". */
export function quotedChanges(page = adoptingPage()): QuotedChange[] {
  const blocks = [...page.matchAll(/^```diff (\S+?)\/(\S+)(?: (\S+))?\n(.*?)\n```$/gms)];
  return blocks.map(([, host, file, version = 'after', text]) => ({
    host: host!,
    file: file!,
    version,
    lines: text!.split('\n'),
  }));
}

/** Returns the file that docs/adopting.md quotes in a block such as "js sessions.js". */
export function quotedFile(name: string): string {
  const [, text] = new RegExp(`^\`\`\`js ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(adoptingPage())!;
  return text!;
}

/**
 * Returns the text after the change.
 * @throws Error if a part of the change fits nowhere, or at several places
 */
export function changed(text: string, { lines }: Pick<QuotedChange, 'lines'>): string {
  const done: string[] = [];
  let rest = text.split('\n');
  for (const part of partsOf(lines)) {
    const before = part.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
    const after = part.filter((line) => !line.startsWith('-')).map((line) => line.slice(1));
    const [at, ...more] = placesOf(before, rest);
    if (at === undefined || more.length > 0)
      throw new Error(`This part of a change must fit at exactly one place:\n${part.join('\n')}`);
    done.push(...rest.slice(0, at), ...after);
    rest = rest.slice(at + before.length);
  }
  return [...done, ...rest].join('\n');
}

/** Splits a change at the lines `@@`. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (line === '@@') parts.push([]);
    else parts.at(-1)!.push(line);
  }
  return parts;
}

function placesOf(sought: readonly string[], lines: readonly string[]): number[] {
  return [...lines.keys()].filter((at) => sought.every((line, each) => lines[at + each] === line));
}

/** Returns the numbers of removed and of added lines. */
export function sizeOf(changes: readonly QuotedChange[]): {
  readonly removed: number;
  readonly added: number;
} {
  const lines = changes.flatMap((change) => change.lines);
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return { removed: count('-'), added: count('+') };
}
