import { createRequire } from 'node:module';
import { join } from 'node:path';

import packageJson from '../../package.json';
import type * as identitySessions from '../../lib';
import type * as redis from '../../lib/changes/redis';
import type * as abp from '../../lib/protocols/abp';
import type * as pages from '../../lib/pages';
import type * as openXchange from '../../lib/protocols/open-xchange';

const fromHere = createRequire(join(__dirname, 'peers.ts'));

/**
 * Loads a package of `bench/package.json`. The caller declares the type, because these packages are not installed where
 * types are checked.
 */
export function peer<T>(name: string): T {
  return fromHere(name) as T;
}

/** The entry points of this package that benchmarks use. */
interface EntryPoints {
  readonly '.': typeof identitySessions;
  readonly './abp': typeof abp;
  readonly './open-xchange': typeof openXchange;
  readonly './pages': typeof pages;
  readonly './redis': typeof redis;
}

/** Loads an entry point of this package as it is published: the compiled files in `dist/`, not the TypeScript sources. */
export function builtPackage<Name extends keyof EntryPoints = '.'>(name = '.' as Name): EntryPoints[Name] {
  return fromHere(`../../${packageJson.exports[name].default}`) as EntryPoints[Name];
}
