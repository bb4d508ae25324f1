import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/*
 * What holds of the sources themselves. Every check in this folder is a function from sources to offences, so that it can
 * be shown a bad sample first: a check that cannot fail proves nothing.
 */

export const PROJECT = join(__dirname, '../..');

export interface Source {
  /** Below the project's folder, with `/`. */
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

/** A pattern of paths that fits none. */
export const NOWHERE = /^(?!)/;

/** One source that a test has made up. */
export function sample(path: string, text: string): Source[] {
  return [{ path, text }];
}

/** The path as an import would mean it. */
export function moduleOf(path: string): string {
  return path.replace(/\.ts$/, '');
}
