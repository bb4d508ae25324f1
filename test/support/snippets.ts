import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code on a page. */
export interface Snippet {
  /** The word after the opening fence, such as `ts`. */
  readonly language: string;
  readonly code: string;
}

/** Returns the blocks of code on a page, or in a section of it. `path` is relative to the project. */
export function snippets(path: string, heading?: string): Snippet[] {
  const page = readFileSync(join(__dirname, '../..', path), 'utf8');
  const text = heading === undefined ? page : sectionOf(page, heading);
  if (text === undefined) throw new Error(`${path} has no section "${heading}"`);
  return [...text.matchAll(/^```(\w+)\n(.*?)\n```$/gms)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }));
}

/** Returns the text after a heading, up to the next heading of any level. */
function sectionOf(page: string, heading: string): string | undefined {
  const sections = page.split(/^#+ /m).slice(1);
  return sections.find((each) => each.startsWith(`${heading}\n`));
}

/** Returns the only block of code in a language in a section of a page. */
export function snippet(path: string, heading: string, language: string): string {
  const [only, ...others] = snippets(path, heading).filter((each) => each.language === language);
  if (only !== undefined && others.length === 0) return only.code;
  throw new Error(`"${heading}" in ${path} must have one block of ${language}`);
}
