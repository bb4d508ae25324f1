import packageJson from '../../package.json';
import { importsOf, isRelative, packageOf, type Import } from './imports';
import { moduleOf, NOWHERE, sample, shipped, type Source } from './sources';

interface Boundary {
  /** The files that may import the package. */
  readonly within: RegExp;
  /** Those of them that may import only its types. */
  readonly typesIn?: RegExp;
}

const EVERYWHERE = /^/;

/**
 * Packages and Node.js modules that only some files may import. Every file may import the other Node.js modules; no file may
 * import another package.
 */
const BOUNDARIES: Readonly<Record<string, Boundary>> = {
  // The app passes its Knex. An imported Knex could be another version.
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

const NODE_MODULE = /^node:/;

function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((each) => !isRelative(each) && !isWithin(moduleOf(source.path), each))
      .map(({ specifier, typeOnly }) => `${source.path} imports ${typeOnly ? 'types of ' : ''}${specifier}`),
  );
}

function isWithin(path: string, each: Import): boolean {
  const boundary = BOUNDARIES[packageOf(each)];
  if (boundary === undefined) return NODE_MODULE.test(each.specifier);
  return boundary.within.test(path) && (each.typeOnly || boundary.typesIn?.test(path) !== true);
}

describe('import boundaries', () => {
  it('are respected by every file in lib/ and migrations/', () => {
    expect(violations(shipped)).toEqual([]);
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
  ])('do not allow in %s: %s', (path, text) => {
    expect(violations(sample(path, text))).toHaveLength(1);
  });

  it.each([
    ['lib/create.ts', "import type { Knex } from 'knex';"],
    ['lib/http/sign-in.ts', "import type { Request } from 'express';"],
    ['lib/session/credentials.ts', "import { hash } from 'node:crypto';"],
    ['lib/session/ip-address.ts', "import { isIP } from 'node:net';"],
  ])('allow in %s: %s', (path, text) => {
    expect(violations(sample(path, text))).toEqual([]);
  });
});

describe('the dependencies in package.json', () => {
  it('are all imported, except pg', () => {
    const used = new Set(shipped.flatMap((source) => importsOf(source).map(packageOf)));
    const required = [packageJson.dependencies, packageJson.peerDependencies].flatMap(Object.keys);
    // Knex loads pg.
    expect(required.filter((name) => !used.has(name))).toEqual(['pg']);
  });

  it('include every package that is imported', () => {
    const listed = { ...packageJson.dependencies, ...packageJson.peerDependencies };
    const used = shipped.flatMap((source) => importsOf(source).filter((each) => !isRelative(each)));
    const needed = used.filter(({ specifier }) => !NODE_MODULE.test(specifier)).map(packageOf);
    expect([...new Set(needed)].filter((name) => !Object.hasOwn(listed, name))).toEqual([]);
  });
});
