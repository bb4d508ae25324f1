import packageJson from '../../package.json';
import { importsOf, isRelative, packageOf, type Import } from './imports';
import { moduleOf, NOWHERE, sample, shipped, type Source } from './sources';

interface Fence {
  /** The files that may import the package. */
  readonly within: RegExp;
  /** Those among them that may have no more than its types; none when absent. */
  readonly typesIn?: RegExp;
}

const EVERYWHERE = /^/;

/** Packages, and modules of Node, that have their place. Other modules of Node may be used by all, other packages by none. */
const FENCES: Readonly<Record<string, Fence>> = {
  // The app hands in its Knex. A copy of our own might be another version.
  knex: {
    within: /^(lib\/(database\/.+|options\/options|create|store\/postgres\/migrate)|migrations\/.+)$/,
    typesIn: EVERYWHERE,
  },
  pg: { within: NOWHERE },
  'lru-cache': { within: /^lib\/lru$/ },
  'ua-parser-js': { within: /^lib\/session\/device\/describe$/ },
  'geoip-lite': { within: /^lib\/location\/geoip-lite$/ },
  maxmind: { within: /^lib\/location\/maxmind$/ },
  'express-rate-limit': { within: /^lib\/http\/limiters$/ },
  express: { within: /^lib\/(http|protocols)\/.+$/, typesIn: /^lib\/(http|protocols)\/(?!.*router$)/ },
  crypto: { within: /^lib\/(session\/credentials|protocols\/open-xchange\/cookie-hash)$/ },
  timers: { within: NOWHERE },
  'timers/promises': { within: NOWHERE },
  perf_hooks: { within: NOWHERE },
};

const OF_NODE = /^node:/;

function beyondFences(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((each) => !isRelative(each) && !isWithin(moduleOf(source.path), each))
      .map(({ specifier, typeOnly }) => `${source.path} imports ${typeOnly ? 'types of ' : ''}${specifier}`),
  );
}

function isWithin(path: string, each: Import): boolean {
  const fence = FENCES[packageOf(each)];
  if (fence === undefined) return OF_NODE.test(each.specifier);
  return fence.within.test(path) && (each.typeOnly || fence.typesIn?.test(path) !== true);
}

describe('fences', () => {
  it('every package is imported where it has its place', () => {
    expect(beyondFences(shipped)).toEqual([]);
  });

  it('every dependency is used', () => {
    const used = new Set(shipped.flatMap((source) => importsOf(source).map(packageOf)));
    const asked = [packageJson.dependencies, packageJson.peerDependencies].flatMap(Object.keys);
    // It is asked for on behalf of Knex, which loads it.
    expect(asked.filter((name) => !used.has(name))).toEqual(['pg']);
  });

  it('whoever installs the package is given, or told to install, all that it imports', () => {
    const promised = { ...packageJson.dependencies, ...packageJson.peerDependencies };
    const used = shipped.flatMap((source) => importsOf(source).filter((each) => !isRelative(each)));
    const needed = used.filter(({ specifier }) => !OF_NODE.test(specifier)).map(packageOf);
    expect([...new Set(needed)].filter((name) => !Object.hasOwn(promised, name))).toEqual([]);
  });

  it.each([
    ['lib/store/postgres/postgres.ts', "import type { Knex } from 'knex';"],
    ['lib/database/knex.ts', "import knex from 'knex';"],
    ['lib/changes/postgres.ts', "import type { Client } from 'pg';"],
    ['lib/store/cached.ts', "import { LRUCache } from 'lru-cache';"],
    ['lib/manager/manager.ts', "import { UAParser } from 'ua-parser-js';"],
    ['lib/create.ts', "const geoip = require('geoip-lite/lib/geoip');"],
    ['lib/http/rest.ts', "import { Router } from 'express';"],
    ['lib/manager/manager.ts', "import type { Request } from 'express';"],
    ['lib/http/sign-in.ts', "import { rateLimit } from 'express-rate-limit';"],
    ['lib/http/rest.ts', "import { createHash } from 'node:crypto';"],
    ['lib/http/rest.ts', "import { createHash } from 'crypto';"],
    ['lib/store/buffered.ts', "import { setTimeout } from 'node:timers/promises';"],
    ['lib/store/buffered.ts', "import { nothing } from 'left-pad';"],
    ['lib/store/buffered.ts', "import { readFile } from 'fs';"],
  ])('%s: %s is beyond them', (path, text) => {
    expect(beyondFences(sample(path, text))).toHaveLength(1);
  });

  it.each([
    ['lib/create.ts', "import type { Knex } from 'knex';"],
    ['lib/http/sign-in.ts', "import type { Request } from 'express';"],
    ['lib/session/credentials.ts', "import { hash } from 'node:crypto';"],
    ['lib/session/ip-address.ts', "import { isIP } from 'node:net';"],
  ])('%s: %s is within them', (path, text) => {
    expect(beyondFences(sample(path, text))).toEqual([]);
  });
});
