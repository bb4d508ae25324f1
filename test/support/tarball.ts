import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import packageJson from '../../package.json';

const PROJECT = join(__dirname, '../..');
export const MODULES = join(PROJECT, 'node_modules');

/** The packages of every app, and the dependencies of this package. */
const APP = ['knex', 'pg'];
const BROUGHT_ALONG = Object.keys(packageJson.dependencies);

/** The time after which a program is killed, in milliseconds. It is long, because the machine may be busy. */
const PROGRAM_TIMEOUT = 180_000;

/** In milliseconds. */
const POLL_INTERVAL = 100;

/** Names the folder that the processes of this run share. */
const FOLDER = 'TEST_TARBALL_FOLDER';

/**
 * Creates the folder for the tarball and the projects of this run, unless the program that runs Jest has created one. Returns a
 * function that removes it.
 */
export function prepareTarballFolder(): () => void {
  if (process.env[FOLDER] !== undefined) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), 'identity-sessions-'));
  process.env[FOLDER] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function sharedFolder(): string {
  const folder = process.env[FOLDER];
  if (folder === undefined) throw new Error(`${FOLDER} is not set: run this test with Jest`);
  return folder;
}

/** Returns the path of the tarball. The first caller of the run packs it, and the others wait. */
export async function packed(): Promise<string> {
  const folder = sharedFolder();
  const [work, tarball, failure] = ['packing', 'packed.tgz', 'not-packed'].map((name) => join(folder, name));
  if (isFirst(work!)) {
    try {
      renameSync(await pack(work!), tarball!);
    } catch (error) {
      writeFileSync(failure!, '');
      throw error;
    }
  }
  for (const end = Date.now() + PROGRAM_TIMEOUT; !existsSync(tarball!); await sleep(POLL_INTERVAL)) {
    if (existsSync(failure!) || Date.now() > end) {
      throw new Error('The tarball was not packed. The test that started first shows the error.');
    }
  }
  return tarball!;
}

function isFirst(work: string): boolean {
  try {
    mkdirSync(work);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Packs a copy of the sources, so that two parallel runs do not build into one folder. */
async function pack(work: string): Promise<string> {
  const sources = join(work, 'sources');
  const left = /^(node_modules|dist|coverage|\.(?!gitignore|npmignore).*)$/;
  const isTaken = (path: string) => path === PROJECT || !left.test(basename(path));
  cpSync(PROJECT, sources, { recursive: true, filter: isTaken });
  symlinkSync(MODULES, join(sources, 'node_modules'));
  await run('npm', ['pack', '--offline', '--no-update-notifier', '--pack-destination', work], sources);
  return join(
    work,
    readdirSync(work).find((name) => name.endsWith('.tgz'))!,
  );
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that must exit with code 0. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Output> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: PROGRAM_TIMEOUT };
  return promisify(execFile)(program, args, options).catch((error: Error & Output) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
}

export interface ProjectOptions {
  readonly type?: 'commonjs' | 'module';
  readonly express?: 'express' | 'express4';
  /** Packages that it has beside those of every app. */
  readonly has?: readonly string[];
  /** Files and folders that are copied into the project. */
  readonly files: readonly string[];
}

/**
 * Creates a project in a folder of its own that has the packed package installed. Its other packages are links, so that nothing
 * is downloaded.
 */
export async function project({
  type = 'commonjs',
  express = 'express',
  has = [],
  files,
}: ProjectOptions): Promise<string> {
  const tarball = await packed();
  const folder = mkdtempSync(join(sharedFolder(), 'project-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
  for (const file of files) cpSync(file, join(folder, basename(file)), { recursive: true });
  const installed = join(folder, 'node_modules', packageJson.name);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], folder);
  link(folder, express, 'express');
  for (const name of [...APP, ...BROUGHT_ALONG, ...has]) link(folder, name, name);
  return folder;
}

function link(folder: string, from: string, to: string): void {
  const path = join(folder, 'node_modules', to);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(MODULES, from), path);
}
