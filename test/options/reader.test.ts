import {
  checkOptionNames,
  throwIfAny,
  isFunction,
  OptionReader,
  readOptions,
  checkScope,
  checkNames,
} from '../../lib/options/reader';
import { count, duration, flag, func, oneOf } from '../../lib/options/checks';
import { runInNewContext } from 'node:vm';

let problems: string[];
beforeEach(() => {
  problems = [];
});

/** Reads an option called `it`. */
function reader(given?: unknown, byDefault?: unknown, prefix = ''): OptionReader {
  return new OptionReader({ it: given }, { it: byDefault }, prefix, problems);
}

/** What each method asks for, a value that it takes and one that it does not. */
const METHODS: [string, (read: OptionReader) => unknown, right: unknown, wrong: unknown, expected: string][] =
  [
    ['flag', (read) => read.flag('it'), false, 'false', 'true or false'],
    [
      'flagOr',
      (read) => read.flagOr('it', (value) => value === 'auto', '"auto"'),
      'auto',
      'other',
      'true or false or "auto"',
    ],
    ['oneOf', (read) => read.oneOf('it', ['lax', 'strict']), 'strict', 'none', '"lax" or "strict"'],
    ['matching', (read) => read.matching('it', /^[a-z]+$/, 'small letters'), 'abc', 'ABC', 'small letters'],
    ['count', (read) => read.count('it', 1, 9), 9, 10, 'a whole number from 1 to 9'],
    ['duration', (read) => read.duration('it', 1000, 5000), 5000, 5001, 'from 1000 to 5000 milliseconds'],
    ['list', (read) => read.list('it', Number.isInteger, 'numbers'), [1, 2], [1, 'two'], 'a list of numbers'],
    ['object', (read) => read.object('it'), { a: 1 }, null, 'an object'],
    ['givenFunction', (read) => read.givenFunction('it'), isFunction, 'text', 'a function'],
    ['given', (read) => read.given('it', Number.isInteger, 'a number'), 7, 'seven', 'a number'],
  ];

describe.each(METHODS)('%s', (method, read, right, wrong, expected) => {
  it('reads what is right', () => {
    expect(read(reader(right))).toEqual(right);
    expect(problems).toEqual([]);
  });

  it('reads the default where nothing is given, or undefined', () => {
    expect(read(reader(undefined, right))).toEqual(right);
    expect(read(new OptionReader({}, { it: right }, '', problems))).toEqual(right);
    expect(problems).toEqual([]);
  });

  it('notes what is wrong by its name, its value and its cure, and goes on with the default', () => {
    expect(read(reader(wrong, right, 'group.'))).toEqual(right);
    expect(problems).toEqual([
      expect.stringContaining(`\`group.it\` is ${JSON.stringify(wrong)}: it must be ${expected}`),
    ]);
  });

  it('takes null for a mistake: only what is left out has a default', () => {
    expect(read(reader(null, right))).toEqual(right);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('`it` is null');
  });
});

describe('what is right', () => {
  const taken = (read: (from: OptionReader) => unknown, values: unknown[]) =>
    values.filter((value) => {
      problems.length = 0;
      read(reader(value, 'default'));
      return problems.length === 0;
    });

  it('of a flag are true and false, not what counts as such', () => {
    expect(taken((read) => read.flag('it'), [true, false, 0, 1, '', 'true', 'false', [], {}])).toEqual([
      true,
      false,
    ]);
  });

  it('of a count are whole numbers within its bounds', () => {
    const values = [0, 1, 5, 9, 10, 1.5, NaN, Infinity, '5', -1];
    expect(taken((read) => read.count('it', 1, 9), values)).toEqual([1, 5, 9]);
  });

  it('of a duration are numbers and texts of a length within its bounds', () => {
    const values = [999, 1000, '1000', '5M', '1H', '1h', NaN, -5, {}, [], true];
    expect(taken((read) => read.duration('it', 1000, 300_000), values)).toEqual([1000, '1000', '5M']);
  });

  it('of words is what is written exactly so', () => {
    expect(taken((read) => read.oneOf('it', ['lax']), ['lax', 'Lax', 'lax ', ['lax']])).toEqual(['lax']);
  });

  it('of a pattern is text that fits, and nothing that becomes such text', () => {
    expect(taken((read) => read.matching('it', /^\d+$/, 'digits'), ['12', 12, ['12']])).toEqual(['12']);
  });

  it('of a list is an array, all of whose items are', () => {
    const values = [[], [1], 1, 'ab', new Set([1]), { length: 0 }, [1, null]];
    expect(taken((read) => read.list('it', Number.isInteger, 'numbers'), values)).toEqual([[], [1]]);
  });

  it('of an object is neither null nor an array', () => {
    expect(taken((read) => read.object('it'), [{}, { a: 1 }, [], null, 'a', 1])).toEqual([{}, { a: 1 }]);
  });
});

describe('a duration', () => {
  it('is read in milliseconds, however it is written, also the default', () => {
    expect(reader('5M').duration('it', 1, 1e9)).toBe(300_000);
    expect(reader(undefined, '1H').duration('it', 1, 1e9)).toBe(3_600_000);
    expect(reader('soon', '1H').duration('it', 1, 1e9)).toBe(3_600_000);
  });
});

describe('a value that is shown', () => {
  it.each([
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['1h', '"1h"'],
    [[1, 'a'], '[1,"a"]'],
    [() => 1, 'function'],
    [Symbol('s'), 'symbol'],
  ])('%p is shown as %s', (value, shown) => {
    reader(value).flag('it');
    expect(problems).toEqual([`\`it\` is ${shown}: it must be true or false`]);
  });
});

describe('names', () => {
  const known = { lease: true, sameSite: true } as const;
  const unknown = (given: object, prefix = '') => {
    new OptionReader(given, {}, prefix, problems).nothingBut(known);
    return problems;
  };

  it('that exist are no problem, whatever stands under them', () => {
    expect(unknown({ lease: 5, sameSite: undefined })).toEqual([]);
  });

  it('that do not exist are noted, each with the one that was meant if there is one', () => {
    expect(unknown({ Lease: 5, SAMESITE: 'lax', ttl: undefined })).toEqual([
      'there is no option `Lease`, did you mean `lease`?',
      'there is no option `SAMESITE`, did you mean `sameSite`?',
      'there is no option `ttl`',
    ]);
  });

  it('are shown with the group that they stand in', () => {
    expect(unknown({ samesite: 'lax' }, 'cookies.')).toEqual([
      'there is no option `cookies.samesite`, did you mean `cookies.sameSite`?',
    ]);
  });

  it('are the own ones of the options: those that every object has are unknown too', () => {
    expect(unknown(JSON.parse('{ "constructor": 1, "__proto__": 2 }') as object)).toHaveLength(2);
  });
});

describe('a group of options', () => {
  it('is read by its own names, with its own defaults', () => {
    const group = reader({ ttl: 5 }).group('it', { ttl: true, secure: true }, { secure: true });
    expect([group.count('ttl', 1, 9), group.flag('secure')]).toEqual([5, true]);
    expect(problems).toEqual([]);
  });

  it('is empty where it is not given', () => {
    expect(reader().group('it', { ttl: true }, { ttl: 7 }).value('ttl')).toBe(7);
    expect(problems).toEqual([]);
  });

  it('is told by the name that it stands under, however deep', () => {
    const group = reader({ in: { Ttl: 5 } }, undefined, 'out.').group('it', { in: true });
    group.group('in', { ttl: true });
    expect(problems).toEqual(['there is no option `out.it.in.Ttl`, did you mean `out.it.in.ttl`?']);
  });

  it('is an object', () => {
    reader(5).group('it', { ttl: true });
    expect(problems).toEqual(['`it` is 5: it must be an object']);
  });
});

describe('options that are no object', () => {
  it.each([
    ['host', '"host"'],
    [null, 'null'],
    [[], '[]'],
    [5, '5'],
  ])('%j are a problem, and read as none', (given, shown) => {
    const read = new OptionReader(given as never, { it: 'default' }, '', problems);
    expect(read.value('it')).toBe('default');
    expect(problems).toEqual([`${shown} is given where an object of options belongs`]);
  });
});

describe('options that are checked by their names alone', () => {
  const check = (options: unknown) => () =>
    checkOptionNames(options as object, { schema: true }, 'It cannot run');

  it('are those that there are', () => {
    expect(check({ schema: 5 })).not.toThrow();
    expect(check({ Schema: 5, tables: 1 })).toThrow(
      new TypeError(
        'It cannot run:\n- there is no option `Schema`, did you mean `schema`?\n- there is no option `tables`',
      ),
    );
  });
});

describe('problems', () => {
  it('are told all at once, in a TypeError with a heading', () => {
    const telling = () => throwIfAny(['one', 'another'], 'It cannot be built');
    expect(telling).toThrow(new TypeError('It cannot be built:\n- one\n- another'));
  });

  it('are no error when there are none', () => {
    expect(() => throwIfAny([], 'It cannot be built')).not.toThrow();
  });
});

describe('readOptions', () => {
  const TABLE = {
    lease: { default: '2M', check: duration(1000) },
    name: { check: oneOf('one', 'two') },
    app: { check: func(), required: 'write `app: express()`' },
    cookies: { group: { sameSite: { default: 'lax', check: oneOf('lax', 'strict') }, ttl: { check: flag } } },
    limits: { group: { revoke: { group: { max: { check: count(1, 9) } }, off: true } } },
  } as const;
  const app = () => undefined;
  const readAll = (given: unknown, prefix?: string) =>
    readOptions(given as object, TABLE, { heading: 'It cannot be built', ...(prefix && { prefix }) });
  const problemsOf = (given: unknown, prefix?: string): string[] => {
    try {
      readAll(given, prefix);
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      const [heading, ...problems] = (error as Error).message.split('\n- ');
      expect(heading).toBe('It cannot be built:');
      return problems;
    }
  };

  it('returns the default of every option that is missing or undefined', () => {
    const expected = {
      lease: 120_000,
      name: undefined,
      app,
      cookies: { sameSite: 'lax', ttl: undefined },
      limits: { revoke: { max: undefined } },
    };
    expect(readAll({ app })).toEqual(expected);
    expect(readAll({ app, lease: undefined, cookies: undefined, limits: { revoke: undefined } })).toEqual(
      expected,
    );
  });

  it('returns the values as their checks return them', () => {
    const given = { app, lease: '5M', name: 'two', cookies: { ttl: true }, limits: { revoke: { max: 5 } } };
    expect(readAll(given)).toEqual({
      ...given,
      lease: 300_000,
      cookies: { sameSite: 'lax', ttl: true },
    });
  });

  it('returns false for a group that is switched off', () => {
    expect(readAll({ app, limits: { revoke: false } }).limits).toEqual({ revoke: false });
  });

  it('reports every problem at once, in the order of the table', () => {
    expect(problemsOf({ lease: 5, name: null, limits: 7, cookies: { ttl: 1 } })).toEqual([
      expect.stringMatching(/^`lease` is 5: it must be a duration from 1000 ms/),
      '`name` is null: it must be "one" or "two"',
      '`app` is missing: write `app: express()`',
      '`cookies.ttl` is 1: it must be true or false',
      '`limits` is 7: it must be an object',
    ]);
  });

  it('reports a group that is neither an object nor false', () => {
    expect(problemsOf({ app, cookies: false, limits: { revoke: true } })).toEqual([
      '`cookies` is false: it must be an object',
      '`limits.revoke` is true: it must be false or an object',
    ]);
  });

  it('reports unknown names, and suggests a name that differs only in case', () => {
    const given = { app, Lease: 5, ttl: undefined, cookies: { samesite: 1 }, limits: { revoke: { Max: 1 } } };
    expect(problemsOf(given)).toEqual([
      'there is no option `Lease`, did you mean `lease`?',
      'there is no option `ttl`',
      'there is no option `cookies.samesite`, did you mean `cookies.sameSite`?',
      'there is no option `limits.revoke.Max`, did you mean `limits.revoke.max`?',
    ]);
  });

  it('reports names that every object inherits', () => {
    const given = JSON.parse('{ "constructor": 1, "__proto__": 2 }') as object;
    expect(problemsOf({ app, ...given })).toHaveLength(2);
  });

  it('puts the prefix before every name', () => {
    expect(problemsOf({ Lease: 1, name: 1, cookies: { ttl: 1 } }, 'out.')).toEqual([
      'there is no option `out.Lease`, did you mean `out.lease`?',
      '`out.name` is 1: it must be "one" or "two"',
      '`out.app` is missing: write `app: express()`',
      '`out.cookies.ttl` is 1: it must be true or false',
    ]);
  });

  it.each([
    ['host', '"host"'],
    [null, 'null'],
    [[], '[]'],
    [5, '5'],
  ])('reports options that are %j and not an object', (given, shown) => {
    expect(problemsOf(given)).toEqual([`the options are ${shown}: they must be an object`]);
  });

  it('passes the values in force to the check of contradictions, with defaults for invalid options', () => {
    const contradictions = jest.fn(() => ['`lease` and `app` contradict each other']);
    expect(() =>
      readOptions({ app, lease: 'soon' }, TABLE, { heading: 'It cannot be built', contradictions }),
    ).toThrow(/`lease` is "soon"[^]*\n- `lease` and `app` contradict each other$/);
    expect(contradictions).toHaveBeenCalledWith(expect.objectContaining({ lease: 120_000, app }));
  });

  const circular: { self?: object } = {};
  circular.self = circular;

  it.each([
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['1h', '"1h"'],
    [[1, 'a'], '[1,"a"]'],
    [() => 1, 'function'],
    [Symbol('s'), 'symbol'],
    [1n, 'bigint'],
    [circular, 'object'],
    ['x'.repeat(300), `"${'x'.repeat(199)}…`],
  ])('shows the value %p as %s', (value, shown) => {
    expect(problemsOf({ app, name: value })).toEqual([`\`name\` is ${shown}: it must be "one" or "two"`]);
  });
});

const NAMES = { tenantId: true, userId: true } as const;

describe('checkNames', () => {
  const check = (given: unknown) => checkNames('count', given as never, NAMES);

  it.each([
    [{}],
    [{ tenantId: 'acme' }],
    [{ tenantId: undefined, userId: null }],
    [Object.assign(Object.create(null), { userId: 'alice' })],
    [runInNewContext('({ userId: "alice" })')],
  ])('accepts the plain object %j', (given) => {
    expect(() => check(given)).not.toThrow();
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['acme', 'a string'],
    [42, 'a number'],
    [[], 'a list'],
    [new Map([['tenantId', 'acme']]), 'an object of a class'],
    [Object.create({ tenantId: 'acme' }), 'an object of a class'],
  ])('throws a TypeError for %p, and calls it %s', (given, kind) => {
    const message = `\`count\` was called with ${kind}: pass a plain object with \`tenantId\`, \`userId\``;
    expect(() => check(given)).toThrow(new TypeError(message));
  });

  it.each(['tenant', 'tenantid', 'constructor', 'sql'])(
    'throws a TypeError for the unknown name %j, and lists the known ones',
    (name) => {
      const message = `\`count\` has no \`${name}\`: pass a plain object with \`tenantId\`, \`userId\``;
      expect(() => check({ userId: 'alice', [name]: 'acme' })).toThrow(new TypeError(message));
    },
  );
});

describe('checkScope', () => {
  const check = (given: unknown) => checkScope('end', given as never, NAMES);

  it('accepts names that have a value, and no names at all', () => {
    expect(() => check({})).not.toThrow();
    expect(() => check({ tenantId: null })).not.toThrow();
  });

  it('throws a TypeError for an unknown name', () => {
    expect(() => check({ tenant: 'acme' })).toThrow(/has no `tenant`/);
  });

  it('throws a TypeError for a name without a value, because that would remove the limit', () => {
    expect(() => check({ tenantId: undefined })).toThrow(/^`tenantId` is undefined: `end` would end more/);
  });
});
