import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { Request } from 'express';
import ts from 'typescript';

import { SessionError, type RefusalCode } from '../lib';
import { rest } from '../lib/dialects/rest';
import { defaults } from '../lib/options';
import { settingsOf } from '../lib/settings';
import { memory } from '../lib/store/memory';
import packageJson from '../package.json';

/*
 * What holds of the sources themselves. Every check is a function from sources to offences, so that it can be shown a
 * bad sample first: a check that cannot fail proves nothing.
 */

const PROJECT = join(__dirname, '..');

interface Source {
  /** Below the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(PROJECT, path), 'utf8') }));
}

const lib = sourcesIn('lib');
const migrations = sourcesIn('migrations');
const shipped = [...lib, ...migrations];

function parsed({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Every node of the file, types included, comments not. */
function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

interface Import {
  readonly specifier: string;
  /** Whether nothing of it is left when the types are gone. */
  readonly typeOnly: boolean;
}

/** Everything that a file imports, in whatever way it is written. */
function importsOf(source: Source): Import[] {
  return [...nodesOf(parsed(source))].flatMap((node) => importOf(node) ?? []);
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    return imported(node.moduleSpecifier, isTypeOnly(node.importClause));
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return imported(node.moduleSpecifier, node.isTypeOnly || onlyTypesIn(node.exportClause));
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return imported(node.moduleReference.expression, node.isTypeOnly);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return imported(node.argument.literal, true);
  }
  if (ts.isCallExpression(node) && isLoading(node.expression)) {
    return imported(node.arguments[0], false);
  }
  return undefined;
}

function imported(specifier: ts.Node | undefined, typeOnly: boolean): Import {
  // What is computed cannot be checked, so its own text stands for it, which no rule allows.
  const text = specifier && ts.isStringLiteralLike(specifier) ? specifier.text : specifier?.getText();
  return { specifier: text ?? '', typeOnly };
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return clause.name === undefined && onlyTypesIn(clause.namedBindings);
}

function onlyTypesIn(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || ts.isNamespaceImport(names) || ts.isNamespaceExport(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** `import(...)`, `require(...)`, `require.resolve(...)` */
function isLoading(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  const called = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  return ts.isIdentifier(called) && called.text === 'require';
}

const isRelative = ({ specifier }: Import) => specifier.startsWith('.');

/** The path that a relative import means, without its ending. */
function target({ path }: Source, { specifier }: Import): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.(js|ts)$/, '');
}

/** Without a subpath, and by one name where Node has two. */
function packageOf({ specifier }: Import): string {
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  return name.replace(/^node:/, '');
}

const SAMPLE = (path: string, text: string): Source[] => [{ path, text }];

describe('imports', () => {
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
  ])('are found: %s', (text, expected) => {
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([expected]);
  });

  it('are not found in comments and texts', () => {
    const text = `// import './x';\nconst text = "import './x'; require('./x')";`;
    expect(importsOf({ path: 'lib/sample.ts', text })).toEqual([]);
  });
});

/** From the ground up; the first that fits is a file's floor. */
const FLOORS: readonly RegExp[] = [
  /^lib\/(session\/.+|errors|events|clock)$/,
  /^lib\/(store\/store|cache\/cache|changes\/changes|location\/location|database\/.+)$/,
  /^lib\/(store|cache|changes|location)\/.+$/,
  /^lib\/dialects\/.+$/,
  /^lib\/(manager|cleanup|options|option-reader|settings)$/,
  /^lib\/http\/.+$/,
  /^lib\/(routers|account)\/.+$/,
  /^lib\/(index|create|migrate)$/,
];

function floorOf(module: string): number {
  return FLOORS.findIndex((floor) => floor.test(module));
}

function homeless(sources: readonly Source[]): string[] {
  return sources.filter(({ path }) => floorOf(moduleOf(path)) < 0).map(({ path }) => path);
}

function moduleOf(path: string): string {
  return path.replace(/\.ts$/, '');
}

/** Imports that go up, or across the floor into another folder. On the ground floor all are at home. */
function climbing(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(isRelative)
      .map((each) => target(source, each))
      .filter((imported) => !isBelow(moduleOf(source.path), imported))
      .map((imported) => `${source.path} imports ${imported}`),
  );
}

function isBelow(importer: string, imported: string): boolean {
  if (imported.startsWith('migrations/')) return importer === 'lib/migrate';
  const [from, to] = [floorOf(importer), floorOf(imported)];
  if (to < 0 || to > from) return false;
  return to < from || from === 0 || homeOf(importer) === homeOf(imported);
}

/** The folder below `lib`, whatever folders that has in turn. */
function homeOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

/** Files that are loaded before they are loaded: what they import of each other is not there yet. Types may go in circles. */
function circles(sources: readonly Source[]): string[] {
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

describe('floors', () => {
  it('every file has one', () => {
    expect(homeless(lib)).toEqual([]);
  });

  it('a file imports only from below and from its own folder', () => {
    expect(climbing(lib)).toEqual([]);
  });

  it('no file imports itself by way of others', () => {
    expect(circles(lib)).toEqual([]);
  });

  it.each([
    ['lib/session/session.ts', '../store/store'],
    ['lib/errors.ts', './manager'],
    ['lib/store/store.ts', './memory'],
    ['lib/store/postgres.ts', '../changes/postgres'],
    ['lib/database/pool.ts', '../store/store'],
    ['lib/dialects/rest.ts', '../manager'],
    ['lib/manager.ts', './create'],
    ['lib/http/autologin.ts', '../routers/rest'],
    ['lib/routers/rest.ts', '../index'],
    ['lib/create.ts', '../migrations/001_identity_sessions'],
    ['lib/create.ts', '../package.json'],
    ['lib/create.ts', '.'],
  ])('%s may not import %s, not even a type', (path, specifier) => {
    expect(climbing(SAMPLE(path, `import type { A } from '${specifier}';`))).toHaveLength(1);
  });

  it.each([
    ['lib/errors.ts', './session/session'],
    ['lib/session/session.ts', '../errors'],
    ['lib/store/postgres.ts', './statements'],
    ['lib/dialects/rest.ts', './cookies'],
    ['lib/dialects/open-xchange/cookie-hash.ts', '../cookies'],
    ['lib/migrate.ts', '../migrations/001_identity_sessions'],
  ])('%s may import %s', (path, specifier) => {
    expect(climbing(SAMPLE(path, `import { a } from '${specifier}';`))).toEqual([]);
  });

  it('a folder that nobody has thought of has none', () => {
    expect(homeless(SAMPLE('lib/misc/odds.ts', ''))).toEqual(['lib/misc/odds.ts']);
  });

  it('a circle is found, and what leads into it is none', () => {
    const sources = [
      ...SAMPLE('lib/session/a.ts', "import { b } from './b';"),
      ...SAMPLE('lib/session/b.ts', "export * from './c';"),
      ...SAMPLE('lib/session/c.ts', "import { a } from './a'; import type { D } from './d';"),
      ...SAMPLE('lib/session/d.ts', "import { a } from './a';"),
    ];
    expect(circles(sources)).toEqual(['lib/session/a', 'lib/session/b', 'lib/session/c']);
  });
});

interface Fence {
  /** The files that may import the package. */
  readonly within: RegExp;
  /** Those among them that may have no more than its types; none when absent. */
  readonly typesIn?: RegExp;
}

const NOWHERE = /^(?!)/;
const EVERYWHERE = /^/;

/** Packages, and modules of Node, that have their place. Other modules of Node may be used by all, other packages by none. */
const FENCES: Readonly<Record<string, Fence>> = {
  // The app hands in its Knex. A copy of our own might be another version.
  knex: { within: /^(lib\/(database\/.+|options|create|migrate)|migrations\/.+)$/, typesIn: EVERYWHERE },
  pg: { within: NOWHERE },
  'lru-cache': { within: /^lib\/cache\/lru$/ },
  'ua-parser-js': { within: /^lib\/session\/device$/ },
  'geoip-lite': { within: /^lib\/location\/geoip-lite$/ },
  'express-rate-limit': { within: /^lib\/http\/limiters$/ },
  express: { within: /^lib\/(dialects|http|routers|account)\/.+$/, typesIn: /^lib\/(dialects|http)\// },
  crypto: { within: /^lib\/(session\/credentials|dialects\/open-xchange\/cookie-hash)$/ },
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
    ['lib/store/postgres.ts', "import type { Knex } from 'knex';"],
    ['lib/database/knex.ts', "import knex from 'knex';"],
    ['lib/changes/postgres.ts', "import type { Client } from 'pg';"],
    ['lib/store/cached.ts', "import { LRUCache } from 'lru-cache';"],
    ['lib/manager.ts', "import { UAParser } from 'ua-parser-js';"],
    ['lib/create.ts', "const geoip = require('geoip-lite/lib/geoip');"],
    ['lib/dialects/rest.ts', "import { Router } from 'express';"],
    ['lib/manager.ts', "import type { Request } from 'express';"],
    ['lib/http/sign-in.ts', "import { rateLimit } from 'express-rate-limit';"],
    ['lib/dialects/rest.ts', "import { createHash } from 'node:crypto';"],
    ['lib/dialects/rest.ts', "import { createHash } from 'crypto';"],
    ['lib/store/buffered.ts', "import { setTimeout } from 'node:timers/promises';"],
    ['lib/store/buffered.ts', "import { nothing } from 'left-pad';"],
    ['lib/store/buffered.ts', "import { readFile } from 'fs';"],
  ])('%s: %s is beyond them', (path, text) => {
    expect(beyondFences(SAMPLE(path, text))).toHaveLength(1);
  });

  it.each([
    ['lib/create.ts', "import type { Knex } from 'knex';"],
    ['lib/http/sign-in.ts', "import type { Request } from 'express';"],
    ['lib/session/credentials.ts', "import { hash } from 'node:crypto';"],
    ['lib/session/ip-address.ts', "import { isIP } from 'node:net';"],
  ])('%s: %s is within them', (path, text) => {
    expect(beyondFences(SAMPLE(path, text))).toEqual([]);
  });
});

/** Things that are in the language or in Node, and that have one place, or none. */
interface Ban {
  readonly what: string;
  readonly except: RegExp;
  readonly is: (node: ts.Node) => boolean;
}

const CLOCK = /^lib\/clock$/;

const BANS: readonly Ban[] = [
  {
    what: 'reads the clock',
    except: CLOCK,
    is: (node) => isNamed(node, 'performance', 'hrtime') || isNow(node),
  },
  { what: 'sets a timer', except: CLOCK, is: (node) => isNamed(node, 'setTimeout', 'setInterval') },
  { what: 'can be predicted', except: NOWHERE, is: (node) => isMember(node, 'Math', 'random') },
  {
    what: 'ends the process',
    except: NOWHERE,
    is: (node) => isMember(node, 'process', 'exit', 'abort', 'kill', 'reallyExit'),
  },
  {
    what: 'makes secrets',
    except: /^lib\/session\/credentials$/,
    is: (node) => isNamed(node, 'crypto', 'randomUUID'),
  },
  // An upsert would bring back what had ended or been deleted in the meantime.
  { what: 'upserts', except: NOWHERE, is: (node) => isNamed(node, 'onConflict') || isUpsert(node) },
];

function isNamed(node: ts.Node, ...names: string[]): boolean {
  return ts.isIdentifier(node) && names.includes(node.text);
}

function isMember(node: ts.Node, of: string, ...names: string[]): boolean {
  if (ts.isPropertyAccessExpression(node))
    return isNamed(node.expression, of) && names.includes(node.name.text);
  if (!ts.isElementAccessExpression(node) || !isNamed(node.expression, of)) return false;
  const key = node.argumentExpression;
  return !ts.isStringLiteralLike(key) || names.includes(key.text);
}

/** Any use of `Date` but as a type, as `new Date(time)`, and for what it computes from its arguments. */
function isNow(node: ts.Node): boolean {
  if (!isNamed(node, 'Date')) return false;
  const { parent } = node;
  if (ts.isTypeReferenceNode(parent)) return false;
  if (ts.isNewExpression(parent)) return !parent.arguments?.length;
  return !isMember(parent, 'Date', 'UTC', 'parse');
}

function isUpsert(node: ts.Node): boolean {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return false;
  const text = node.getText();
  if (/\bdo\s+update\b|\bmerge\s+into\b/i.test(text)) return true;
  return /\bon\s+conflict\b/i.test(text) && !/\bdo\s+nothing\b/i.test(text);
}

function banned(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const nodes = [...nodesOf(parsed(source))];
    return BANS.filter(({ except }) => !except.test(moduleOf(source.path))).flatMap(({ what, is }) =>
      nodes.filter(is).map((node) => `${source.path}: ${node.getText()} ${what}`),
    );
  });
}

describe('bans', () => {
  it('are kept', () => {
    expect(banned(shipped)).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'const { now } = Date;',
    "const now = Date['now']();",
    'const now = new Date();',
    'const now = new Date;',
    'const now = Date();',
    'const now = performance.now();',
    'const now = globalThis.performance.now();',
    'const now = process.hrtime.bigint();',
    'setTimeout(task, 10);',
    'globalThis.setInterval(task, 10);',
    'const later = { setTimeout };',
    'const id = Math.random();',
    "const id = Math['random']();",
    'const id = crypto.randomUUID();',
    'process.exit(1);',
    'process.kill(process.pid);',
    'await knex(table).insert(row).onConflict().merge();',
    'const sql = `insert into ${table} values ($1) on conflict (${key}) do update set a = 1`;',
    "const sql = 'INSERT INTO t VALUES (1) ON CONFLICT (id)\\n  DO UPDATE SET a = 1';",
    "const sql = 'on conflict (id) ' + action;",
    "const sql = 'merge into t using s on t.id = s.id';",
  ])('are broken by: %s', (text) => {
    expect(banned(SAMPLE('lib/store/sample.ts', text))).not.toEqual([]);
  });

  it.each([
    'const text = new Date(time).toISOString();',
    'const time = Date.UTC(2026, 0, 1);',
    'function format(date: Date): string { return date.toISOString(); }',
    'const biggest = Math.max(1, 2);',
    "const production = process.env['NODE_ENV'] === 'production';",
    '// Date.now(), Math.random() and upserts (on conflict do update) are for others.',
    'const sql = `insert into ${table} values ($1) on conflict do nothing`;',
    "const sql = 'update t set a = 1';",
  ])('are kept by: %s', (text) => {
    expect(banned(SAMPLE('lib/store/sample.ts', text))).toEqual([]);
  });

  it('on clocks and timers do not hold for the clock', () => {
    const text = 'setTimeout(task, Date.now() + performance.now());';
    expect(banned(SAMPLE('lib/clock.ts', text))).toEqual([]);
  });
});

/** Names that say nothing, so that everything could be put there. */
const SAYS_NOTHING = /^(utils?|helpers?|commons?|types?|constants?|misc|shared)$/;

function saysNothing(paths: readonly string[]): string[] {
  return paths.filter((path) => path.split(/[/.]/).some((part) => SAYS_NOTHING.test(part)));
}

describe('names', () => {
  it('of files and folders say what is in them', () => {
    expect(saysNothing([...shipped, ...sourcesIn('test')].map(({ path }) => path))).toEqual([]);
  });

  it.each(['lib/utils.ts', 'lib/store/types.ts', 'lib/common/rows.ts', 'test/support/helpers.ts'])(
    '%s does not',
    (path) => {
      expect(saysNothing([path])).toEqual([path]);
    },
  );
});

/** Files in which nothing happens, and the one whose test has another name. */
const NEED_NO_TEST = [
  'lib/index.ts',
  'lib/events.ts',
  'lib/options.ts',
  'lib/cache/cache.ts',
  'lib/dialects/dialect.ts',
];
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = { 'lib/store/store.ts': 'test/store/contract.ts' };

/** What has no test file yet. It only gets shorter. */
const STILL_UNTESTED = [
  'lib/clock.ts',
  'lib/create.ts',
  'lib/dialects/rest.ts',
  'lib/errors.ts',
  'lib/http/autologin.ts',
  'lib/http/revoke-route.ts',
  'lib/http/session-lookup.ts',
  'lib/http/sign-in.ts',
  'lib/http/sign-out.ts',
  'lib/option-reader.ts',
  'lib/store/owner-queue.ts',
  'lib/store/rows.ts',
  'lib/store/statements.ts',
];

function untested(sources: readonly Source[], exists: (path: string) => boolean): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => !NEED_NO_TEST.includes(path) && !exists(TESTED_ELSEWHERE[path] ?? testOf(path)));
}

function testOf(path: string): string {
  return path.replace(/^lib\//, 'test/').replace(/\.ts$/, '.test.ts');
}

function isAct(node: ts.Node): boolean {
  return ts.isClassLike(node) || (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined);
}

describe('tests', () => {
  const exists = (path: string) => existsSync(join(PROJECT, path));

  it('stand beside every file, at the same path', () => {
    expect(untested(lib, exists)).toEqual(STILL_UNTESTED);
  });

  it('are missed where there are none', () => {
    const sources = [...SAMPLE('lib/store/sample.ts', ''), ...SAMPLE('lib/store/memory.ts', '')];
    expect(untested(sources, exists)).toEqual(['lib/store/sample.ts']);
  });

  it.each(NEED_NO_TEST)('are not needed for %s, where nothing happens', (path) => {
    const source = lib.find((each) => each.path === path);
    expect([...nodesOf(parsed(source!))].filter(isAct)).toEqual([]);
  });

  it('are needed where something happens', () => {
    const [source] = SAMPLE('lib/sample.ts', 'export const one = () => 1;');
    expect([...nodesOf(parsed(source!))].filter(isAct)).toHaveLength(1);
  });
});

/** The rows of the Markdown table under the header, each as its cells without backticks. */
function tableUnder(header: string, markdown: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(header);
  if (start < 0 || lines.indexOf(header, start + 1) >= 0)
    throw new Error(`There must be one table under ${header}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(row: string): string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'));
}

const readme = () => readFileSync(join(PROJECT, 'README.md'), 'utf8');

function declared<T extends ts.Node>(path: string, name: string, is: (node: ts.Node) => node is T): T {
  const source = lib.find((each) => each.path === path)!;
  const found = [...nodesOf(parsed(source))].filter(is).find((node) => nameOf(node) === name);
  if (found === undefined) throw new Error(`${path} does not declare ${name}`);
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  return (node as { name?: ts.Node }).name?.getText();
}

/** The members of an interface of options, those of options within options with a dot. */
function optionNames(path: string, name: string): string[] {
  return declared(path, name, ts.isInterfaceDeclaration).members.flatMap((member) => {
    const type = ts.isPropertySignature(member) ? member.type?.getText() : undefined;
    const own = nameOf(member)!;
    if (type !== 'CookieOptions') return [own];
    return optionNames(path, type).map((inner) => `${own}.${inner}`);
  });
}

/** The default of an option in the literal `defaults`, and whether it has one. */
function defaultOf(option: string): { readonly value?: unknown } {
  let value: unknown = defaults;
  for (const key of option.split('.')) {
    if (!Object.hasOwn(value as object, key)) return {};
    value = (value as Record<string, unknown>)[key];
  }
  return { value };
}

function read(literal: string): { readonly value?: unknown } {
  return literal === '—' ? {} : { value: runInNewContext(`(${literal})`) as unknown };
}

describe('README', () => {
  it('lists every option, and no other', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    const listed = rows.map(([option]) => option);
    expect(listed.sort()).toEqual(optionNames('lib/options.ts', 'IdentitySessionOptions').sort());
  });

  it('gives every option the default that it has', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    const listed = rows.map(([option, given]) => [option, read(given!)]);
    expect(listed).toEqual(rows.map(([option]) => [option, defaultOf(option!)]));
  });

  it('says what every option means', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    expect(rows.filter(([, , meaning]) => !meaning)).toEqual([]);
  });

  it('lists every code of a refusal, with its status on the REST wire, and no other', () => {
    const rows = tableUnder('| code | status | meaning |', readme());
    const union = declared('lib/errors.ts', 'RefusalCode', ts.isTypeAliasDeclaration)
      .type as ts.UnionTypeNode;
    const codes = union.types.map((type) => runInNewContext(type.getText()) as RefusalCode);
    const listed = rows.map(([code, status, meaning]) => [code, Number(status), meaning !== '']);
    expect(listed.sort()).toEqual(codes.map((code) => [code, statusOf(code), true]).sort());
  });

  it('points to files that exist', () => {
    const links = [...readme().matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!);
    expect(links.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  });

  function statusOf(code: RefusalCode): number {
    const dialect = rest(settingsOf({ store: memory() }));
    return dialect.refusal(new SessionError(code, 'No.'), { headers: {} } as Request).status;
  }
});

describe('the reader of tables', () => {
  const markdown = '# Title\n\n| a | b |\n|---|---|\n| `x` | 1 |\n| `y \\| z` | — |\n\n| `not` | this |\n';

  it('finds the rows under a header', () => {
    expect(tableUnder('| a | b |', markdown)).toEqual([
      ['x', '1'],
      ['y \\| z', '—'],
    ]);
  });

  it('complains when there is no such table, or more than one', () => {
    expect(() => tableUnder('| c | d |', markdown)).toThrow('one table');
    expect(() => tableUnder('| a | b |', markdown + markdown)).toThrow('one table');
  });

  it.each([
    ["'1H'", '1H'],
    ['true', true],
    ['60000', 60_000],
    ['Infinity', Infinity],
    ['[]', []],
  ])('reads %s as TypeScript does', (literal, value) => {
    expect(read(literal)).toEqual({ value });
  });

  it('reads a dash as nothing, which is not the same as undefined', () => {
    expect(Object.keys(read('—'))).toEqual([]);
  });
});

/** Exports of an entry without a doc comment where they are declared. */
function undocumented(entry: string): string[] {
  const program = ts.createProgram([entry], { ...COMPILER, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
  return exports.filter((each) => !isDocumented(each, checker)).map(({ name }) => name);
}

const COMPILER: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
};

function isDocumented(exported: ts.Symbol, checker: ts.TypeChecker): boolean {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
  const origin = isAlias ? checker.getAliasedSymbol(exported) : exported;
  return origin.getDocumentationComment(checker).length > 0;
}

describe('what the package exports', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exports-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is documented where it is declared', () => {
    expect(undocumented(join(PROJECT, 'lib/index.ts'))).toEqual([]);
  });

  it('is found without a word where there is none', () => {
    writeFileSync(
      join(folder, 'all.ts'),
      "export { a, type B, C as D } from './some';\n/** Me. */\nexport const e = 1;",
    );
    writeFileSync(
      join(folder, 'some.ts'),
      '/** This. */\nexport function a() {}\n// No doc.\nexport type B = 1;\nexport class C { /** One. */ d = 1; }',
    );
    expect(undocumented(join(folder, 'all.ts')).sort()).toEqual(['B', 'D']);
  });

  it('is all that its table of contents holds', () => {
    const index = lib.find(({ path }) => path === 'lib/index.ts')!;
    const others = parsed(index).statements.filter((statement) => !ts.isExportDeclaration(statement));
    expect(others.map((statement) => statement.getText())).toEqual([]);
  });
});
