import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import packageJson from '../../package.json';
import { run } from './run';
import { packed, temporaryFolder } from './tarball';

const MODULES = join(__dirname, '../../node_modules');

/** The packages of an app, and the dependencies of this package. Hosts contain no others. */
const APP = ['knex', 'pg', 'cookie-parser'];
const BROUGHT_ALONG = Object.keys(packageJson.dependencies);

/** The programs that `npx` finds, below `node_modules`. */
const PROGRAMS = {
  knex: 'knex/bin/cli.js',
  [packageJson.name]: join(packageJson.name, packageJson.bin['express-identity-sessions']),
};

/** The kind of a host, its packages and its files. */
export interface HostOptions {
  readonly type?: 'commonjs' | 'module';
  readonly express?: 'express' | 'express4';
  /** Packages that it has beside those of every app. */
  readonly has?: readonly string[];
  /** Names of files to copy, and the folder that contains them. */
  readonly files?: readonly string[];
  readonly from?: string;
}

/** Creates an app in a folder of its own, with the tarball in `node_modules`, and returns the folder. Downloads nothing. */
export async function host({
  type = 'commonjs',
  express = 'express',
  has = [],
  files = [],
  from = '.',
}: HostOptions = {}): Promise<string> {
  const { tarball } = await packed();
  const folder = temporaryFolder('host-');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'host', private: true, type }));
  for (const file of files) cpSync(join(from, file), join(folder, file));
  const installed = join(folder, 'node_modules', packageJson.name);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], folder);
  // npm does the same.
  chmodSync(join(installed, packageJson.bin['express-identity-sessions']), 0o755);
  linkTo(join(MODULES, express), folder, 'express');
  for (const [name, path] of Object.entries(PROGRAMS)) linkTo(join('..', path), folder, join('.bin', name));
  for (const name of [...APP, ...BROUGHT_ALONG, ...has]) linkTo(join(MODULES, name), folder, name);
  return folder;
}

function linkTo(target: string, folder: string, name: string): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
