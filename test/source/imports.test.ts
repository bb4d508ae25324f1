import packageJson from '../../package.json';
import { importsOf, isRelative, packageOf, target, type Import } from './imports';
import { lib, moduleOf, NOWHERE, sample, shipped, type Source } from './sources';

describe('importsOf', () => {
  it.each([
    ["import { a } from './x';", { specifier: './x', typeOnly: false }],
    ["import './x';", { specifier: './x', typeOnly: false }],
    ["import * as x from './x';", { specifier: './x', typeOnly: false }],
    ["import x, { type A } from './x';", { specifier: './x', typeOnly: false }],
    ["import { type A, b } from './x';", { specifier: './x', typeOnly: false }],
    ["import type { A } from './x';", { specifier: './x', typeOnly: true }],
    ["import { type A } from './x';", { specifier: './x', typeOnly: true }],
    ["export * from './x';", { specifier: './x', typeOnly: false }],
    ["export { a } from './x';", { specifier: './x', typeOnly: false }],
    ["export type { A } from './x';", { specifier: './x', typeOnly: true }],
    ["import x = require('./x');", { specifier: './x', typeOnly: false }],
    ["const x = () => require('./x');", { specifier: './x', typeOnly: false }],
    ["const x = require.resolve('./x');", { specifier: './x', typeOnly: false }],
    ["const x = async () => (await import('./x')).a;", { specifier: './x', typeOnly: false }],
    ["let a: import('./x').A;", { specifier: './x', typeOnly: true }],
    ['const x = require(`./${name}`);', { specifier: '`./${name}`', typeOnly: false }],
  ])('finds the import in: %s', (text, expected) => {
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([expected]);
  });

  it('ignores comments and string literals', () => {
    const text = `// import './x';\nconst text = "import './x'; require('./x')";`;
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([]);
  });
});

interface Boundary {
  /** The files that may import the package. */
  readonly within: RegExp;
  /** Those of them that may import only its types. */
  readonly typesIn?: RegExp;
}

/**
 * Packages and Node.js modules that only some files may import. Every file may import the other Node.js modules; no file may
 * import another package.
 */
const BOUNDARIES: Readonly<Record<string, Boundary>> = {
  // The app passes its Knex. An imported Knex could be another version. Only apps without Knex need the imported one.
  knex: {
    within: /^(lib\/(cli\/.+|database\/.+|options\/options|create|migrations\/.+)|migrations\/.+)$/,
    typesIn: /^(?!lib\/database\/own-knex$)/,
  },
  pg: { within: NOWHERE },
  commander: { within: /^lib\/cli\/program$/ },
  'lru-cache': { within: /^lib\/lru$/ },
  'ua-parser-js': { within: /^lib\/session\/device\/describe$/ },
  'geoip-lite': { within: /^lib\/location\/geoip-lite$/ },
  maxmind: { within: /^lib\/location\/maxmind$/ },
  'express-rate-limit': { within: /^lib\/http\/limiters$/ },
  express: {
    within: /^lib\/(http|pages|passport|express-session|protocols|testing)\/.+$/,
    typesIn: /^lib\/(http|pages|passport|express-session|protocols|testing)\/(?!.*(router|form-body)$)/,
  },
  crypto: {
    within:
      /^lib\/(session\/(bucket|credentials|keyed-hash|sealed|stamp|binding-proof)|http\/fingerprint|protocols\/open-xchange\/cookie-hash)$/,
  },
  // The clock imports timers, so that fake timers that replace the global functions do not affect it.
  timers: { within: /^lib\/clock$/ },
  'timers/promises': { within: NOWHERE },
  perf_hooks: { within: /^lib\/clock$/ },
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

/** Packages that nothing imports: Knex loads pg, and the app passes a meter or its prom-client. */
const PASSED_IN = ['@opentelemetry/api', 'passport', 'pg', 'prom-client'];

describe('the dependencies in package.json', () => {
  it('are all imported, except those that Knex loads or the app passes', () => {
    const used = new Set(shipped.flatMap((source) => importsOf(source).map(packageOf)));
    const required = [packageJson.dependencies, packageJson.peerDependencies].flatMap(Object.keys);
    expect(required.filter((name) => !used.has(name)).sort()).toEqual(PASSED_IN);
  });

  it('include every package that is imported', () => {
    const listed = { ...packageJson.dependencies, ...packageJson.peerDependencies };
    const used = shipped.flatMap((source) => importsOf(source).filter((each) => !isRelative(each)));
    const needed = used.filter(({ specifier }) => !NODE_MODULE.test(specifier)).map(packageOf);
    expect([...new Set(needed)].filter((name) => !Object.hasOwn(listed, name))).toEqual([]);
  });
});

/** The files that import themselves through other files. Imports of types are ignored, because nothing is loaded for them. */
function cyclicFiles(sources: readonly Source[]): string[] {
  const graph = new Map(
    sources.map((source) => [
      moduleOf(source.path),
      importsOf(source)
        .filter((each) => isRelative(each) && !each.typeOnly)
        .map((each) => target(source, each)),
    ]),
  );
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (graph.get(from) ?? []).some((next) => {
      if (next === goal) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, goal, seen);
    });
  return [...graph.keys()].filter((path) => reaches(path, path));
}

describe('import cycles', () => {
  it('do not exist in lib/', () => {
    expect(cyclicFiles(lib)).toEqual([]);
  });

  it('are reported with the files that are part of them, without files that only lead to one', () => {
    const sources = [
      ...sample('lib/session/a.ts', "import { b } from './b';"),
      ...sample('lib/session/b.ts', "export * from './c';"),
      ...sample('lib/session/c.ts', "import { a } from './a'; import type { D } from './d';"),
      ...sample('lib/session/d.ts', "import { a } from './a';"),
    ];
    expect(cyclicFiles(sources)).toEqual(['lib/session/a', 'lib/session/b', 'lib/session/c']);
  });
});
