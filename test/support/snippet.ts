import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns a block of code on a page of the documentation.
 * @param page The path of the page in the project.
 * @param heading The section of the second level that contains the block.
 * @param language The language of the block. If the section has several blocks of it, the first one counts.
 */
export function snippet(page: string, heading: string, language = 'ts'): string {
  const text = readFileSync(join(__dirname, '../..', page), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  const block = section?.split(`\n\`\`\`${language}\n`)[1];
  if (block === undefined) throw new Error(`${page} has no ${language} code under "${heading}"`);
  return block.slice(0, block.indexOf('\n```'));
}
