import { runInNewContext } from 'node:vm';

import { count, duration, flag, func, oneOf } from '../../lib/options/checks';
import { checkNames, checkScope, readOptions, throwIfAny } from '../../lib/options/reader';

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

describe('throwIfAny', () => {
  it('throws a TypeError with the heading and all problems', () => {
    expect(() => throwIfAny(['one', 'another'], 'It cannot be built')).toThrow(
      new TypeError('It cannot be built:\n- one\n- another'),
    );
  });

  it('does not throw without problems', () => {
    expect(() => throwIfAny([], 'It cannot be built')).not.toThrow();
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
