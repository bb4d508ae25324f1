import ts from 'typescript';

import { moduleOf, NOWHERE, sample, shipped, type Source } from './sources';
import { nodesOf, parsed } from './syntax';

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
  // The length of a pause may be.
  {
    what: 'can be predicted',
    except: /^lib\/clock$/,
    is: (node) => isMember(node, 'Math', 'random'),
  },
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
  // An upsert would bring back what had ended or been deleted in the meantime. An epoch only moves on, and no policy ends.
  {
    what: 'upserts',
    except: /^lib\/store\/postgres\/(epochs|policy-row)$/,
    is: (node) => isNamed(node, 'onConflict') || isUpsert(node),
  },
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
    expect(banned(sample('lib/store/sample.ts', text))).not.toEqual([]);
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
    expect(banned(sample('lib/store/sample.ts', text))).toEqual([]);
  });

  it('on clocks and timers do not hold for the clock', () => {
    const text = 'setTimeout(task, Date.now() + performance.now());';
    expect(banned(sample('lib/clock.ts', text))).toEqual([]);
  });
});
