import ts from 'typescript';

import { moduleOf, NOWHERE, sample, shipped, type Source } from './sources';
import { nodesOf, parsed } from './syntax';

/** A call to the language or to Node.js that only some files may contain, or no file. */
interface ForbiddenCall {
  /** The effect of the call, for the report. */
  readonly effect: string;
  /** The files that may contain it. */
  readonly except: RegExp;
  readonly matches: (node: ts.Node) => boolean;
}

const CLOCK = /^lib\/clock$/;

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'queueMicrotask'];

const FORBIDDEN: readonly ForbiddenCall[] = [
  {
    effect: 'reads the clock',
    except: CLOCK,
    matches: (node) => isNamed(node, 'performance', 'hrtime') || isNow(node),
  },
  // Also immediates and the queue: the fake timers of a host's tests replace them, and requests would wait forever.
  { effect: 'sets a timer', except: CLOCK, matches: (node) => isNamed(node, ...TIMERS) },
  // The random length of a pause is no secret.
  {
    effect: 'is predictable',
    except: CLOCK,
    matches: (node) => isMember(node, 'Math', 'random'),
  },
  {
    effect: 'ends the process',
    except: NOWHERE,
    matches: (node) => isMember(node, 'process', 'exit', 'abort', 'kill', 'reallyExit'),
  },
  {
    effect: 'makes secrets',
    except: /^lib\/session\/credentials$/,
    matches: (node) => isNamed(node, 'crypto', 'randomUUID'),
  },
  // `clientAddress` removes ports and returns undefined for text that is not an address.
  {
    effect: 'reads the address of the client',
    except: /^lib\/http\/client-address$/,
    matches: (node) => isNamed(node, 'ip', 'ips') || (ts.isStringLiteral(node) && node.text === 'ip'),
  },
  // An upsert could restore a session that was ended or deleted in the meantime. Epochs and times only
  // increase, and policies and counts of failures do not end. While sessions are moved, a trigger repeats the changes of the old
  // table in the new one.
  {
    effect: 'upserts',
    except:
      /^lib\/(store\/postgres\/(attempts|credential-changes|epochs|policy-row|trail)|migrations\/partition-sessions)$/,
    matches: (node) => isNamed(node, 'onConflict') || isUpsert(node),
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

/** Uses of `Date` that read the clock: all except types, `new Date(time)`, `Date.UTC()` and `Date.parse()`. */
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

function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const nodes = nodesOf(parsed(source));
    return FORBIDDEN.filter(({ except }) => !except.test(moduleOf(source.path))).flatMap(
      ({ effect, matches }) =>
        nodes.filter(matches).map((node) => `${source.path}: ${node.getText()} ${effect}`),
    );
  });
}

describe('forbidden calls', () => {
  it('do not occur in lib/ and migrations/', () => {
    expect(violations(shipped)).toEqual([]);
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
    'setImmediate(task);',
    'process.nextTick(task);',
    'queueMicrotask(task);',
    'const id = Math.random();',
    "const id = Math['random']();",
    'const id = crypto.randomUUID();',
    'const address = request.ip;',
    'const { ip } = request;',
    "const address = request['ip'];",
    'const [address] = request.ips;',
    'process.exit(1);',
    'process.kill(process.pid);',
    'await knex(table).insert(row).onConflict().merge();',
    'const sql = `insert into ${table} values ($1) on conflict (${key}) do update set a = 1`;',
    "const sql = 'INSERT INTO t VALUES (1) ON CONFLICT (id)\\n  DO UPDATE SET a = 1';",
    "const sql = 'on conflict (id) ' + action;",
    "const sql = 'merge into t using s on t.id = s.id';",
  ])('are reported: %s', (text) => {
    expect(violations(sample('lib/store/sample.ts', text))).not.toEqual([]);
  });

  it.each([
    'const text = new Date(time).toISOString();',
    'const time = Date.UTC(2026, 0, 1);',
    'function format(date: Date): string { return date.toISOString(); }',
    'const biggest = Math.max(1, 2);',
    "const production = process.env['NODE_ENV'] === 'production';",
    '// Date.now(), Math.random() and upserts (on conflict do update) in a comment',
    'const sql = `insert into ${table} values ($1) on conflict do nothing`;',
    "const sql = 'update t set a = 1';",
  ])('do not include: %s', (text) => {
    expect(violations(sample('lib/store/sample.ts', text))).toEqual([]);
  });

  it('to the clock and to timers are allowed in lib/clock.ts', () => {
    const text = 'setTimeout(task, Date.now() + performance.now()); setImmediate(task);';
    expect(violations(sample('lib/clock.ts', text))).toEqual([]);
  });
});
