import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Programs and permissions that some faults need. */
export type Tool = 'faketime' | 'pgbouncer' | 'redis-server' | 'tmpfs' | 'netns';

/** Tools that are Debian packages of the same name. The others depend on the permissions of this process. */
export const INSTALLABLE: readonly Tool[] = ['faketime', 'pgbouncer', 'redis-server'];

/** Resolves to true if the tool exists and may be used. */
export async function has(tool: Tool): Promise<boolean> {
  switch (tool) {
    case 'faketime':
      return (await fakeTimeLibrary()) !== undefined;
    case 'pgbouncer':
    case 'redis-server':
      return succeeds(tool, '--version');
    case 'tmpfs':
      return succeeds('unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt');
    case 'netns':
      return succeeds('unshare', '--net', 'ip', 'link', 'add', 'faults0', 'type', 'veth', 'peer', 'faults1');
  }
}

/** The path of the library that `faketime` preloads. */
export async function fakeTimeLibrary(): Promise<string | undefined> {
  for (const folder of await readdir('/usr/lib').catch(() => [])) {
    const library = join('/usr/lib', folder, 'faketime/libfaketime.so.1');
    if (await succeeds('test', '-r', library)) return library;
  }
  return undefined;
}

/** Runs a program and returns its standard output. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, PATH: PATH } });
  return stdout;
}

/** Includes the folders of administration programs, which are not always on the path. */
export const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

function succeeds(program: string, ...args: string[]): Promise<boolean> {
  return run(program, ...args).then(
    () => true,
    () => false,
  );
}
