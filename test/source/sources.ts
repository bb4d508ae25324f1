import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/*
 * The files in this folder check the source code itself. Each check is a function from sources to violations, so that a test
 * can also pass it a bad sample: a check that cannot fail proves nothing.
 */

export const PROJECT = join(__dirname, '../..');

export interface Source {
  /** Relative to the project's folder, with `/` between folders. */
  readonly path: string;
  readonly text: string;
}

export function sourcesIn(folder: string): Source[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(PROJECT, path), 'utf8') }));
}

export const lib = sourcesIn('lib');
export const shipped = [...lib, ...sourcesIn('migrations')];

/** A pattern that matches no path. */
export const NOWHERE = /^(?!)/;

/** A made-up source for a test. */
export function sample(path: string, text: string): Source[] {
  return [{ path, text }];
}

/** The path without its extension, as imports name it. */
export function moduleOf(path: string): string {
  return path.replace(/\.ts$/, '');
}
