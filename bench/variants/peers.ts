import { createRequire } from 'node:module';
import { join } from 'node:path';

import type * as identitySessions from '../../lib';

const fromHere = createRequire(join(__dirname, 'peers.ts'));

/**
 * A package of `bench/package.json`, as the type that its user gives of it: whoever checks types need not have it
 * installed, so its own declarations cannot be relied on.
 */
export function peer<T>(name: string): T {
  return fromHere(name) as T;
}

/** This package as it is published: built, not its TypeScript. */
export function builtPackage(): typeof identitySessions {
  return fromHere('../../dist/lib') as typeof identitySessions;
}
