import { inspect } from 'node:util';

import {
  isConnectionLost,
  isUnstorable,
  refusalOf,
  sqlState,
  withoutValues,
} from '../../lib/database/failures';
import { SessionError } from '../../lib/errors';

const failed = (code: string, message = 'failed') => Object.assign(new Error(message), { code });
const unavailable = expect.objectContaining({
  name: 'SessionError',
  code: 'store-unavailable',
  retryAfter: 1,
});

describe('refusalOf()', () => {
  it.each([
    '57014',
    '53300',
    '53100',
    '40001',
    '40P01',
    '55P03',
    '25006',
    '08006',
    '57P01',
    '57P03',
    '28P01',
    '3D000',
  ])('maps SQLSTATE %s to store-unavailable', (state) => {
    expect(refusalOf(failed(state))).toEqual(unavailable);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', ''])(
    'maps an error with the network code %j to store-unavailable',
    (code) => {
      expect(refusalOf(failed(code))).toEqual(unavailable);
    },
  );

  it.each(['42703', '23505', '42501', '22P02'])('returns an error with SQLSTATE %s as such', (state) => {
    expect(refusalOf(failed(state))).toMatchObject({ name: 'DatabaseError', code: state });
  });

  it.each(['22P05', '22021'])('maps SQLSTATE %s to invalid-request', (state) => {
    const refusal = refusalOf(failed(state));
    expect(refusal).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('UTF8') });
    expect(isUnstorable(refusal)).toBe(true);
    expect(isUnstorable(new SessionError('invalid-request', 'no'))).toBe(false);
  });

  it('returns a TypeError and a SessionError unchanged', () => {
    for (const error of [new TypeError('a bug'), new SessionError('invalid-request', 'no')]) {
      expect(refusalOf(error)).toBe(error);
    }
  });

  it('says how to create missing tables, and in which schema', () => {
    for (const state of ['42P01', '3F000']) {
      expect(refusalOf(failed(state))).toEqual(
        new Error(
          'The tables of express-identity-sessions are missing: run its migrations first (`await migrate(knex)`), or set the option `schema` to the schema that contains them',
        ),
      );
      expect(refusalOf(failed(state), 'nowhere')).toEqual(
        new Error(
          'The tables of express-identity-sessions are missing from the schema "nowhere": run its migrations there first (`await migrate(knex, { schema: "nowhere" })`)',
        ),
      );
    }
  });

  it('keeps the message of the server in the cause only', () => {
    const error = failed('57P01', 'terminating connection');
    expect((refusalOf(error) as Error).cause).toMatchObject({
      message: 'terminating connection',
      code: '57P01',
    });
    expect((refusalOf(error) as Error).message).not.toContain('terminating');
  });
});

describe('withoutValues()', () => {
  const SECRET = 'mallory-secret';
  const withDetails = (code: string, message: string, more: object = {}) =>
    Object.assign(failed(code, message), {
      severity: 'ERROR',
      detail: `Failing row contains (${SECRET}).`,
      hint: `Try ${SECRET}.`,
      where: `unnamed portal parameter $1 = '${SECRET}'`,
      internalQuery: `select '${SECRET}'`,
      schema: 'public',
      table: 'identity_sessions',
      constraint: 'identity_sessions_auth_id',
      ...more,
    });

  it('keeps the code and the names of a server error, and drops all values', () => {
    const error = withDetails(
      '23505',
      'duplicate key value violates unique constraint "identity_sessions_auth_id"',
    );
    const clean = withoutValues(error);
    expect(clean).toBeInstanceOf(Error);
    expect({ ...(clean as Error) }).toEqual({
      name: 'DatabaseError',
      code: '23505',
      severity: 'ERROR',
      schema: 'public',
      table: 'identity_sessions',
      constraint: 'identity_sessions_auth_id',
    });
    expect((clean as Error).message).toBe(error.message);
    expect(inspect(clean, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it.each([
    ['22P02', {}],
    ['22001', {}],
    ['42601', {}],
    ['P0001', {}],
    ['23514', { routine: 'exec_stmt_raise' }],
  ])('omits the message with SQLSTATE %s and %j, because it may contain values', (state, more) => {
    const clean = withoutValues(withDetails(state, `invalid value "${SECRET}"`, more)) as Error;
    expect(clean.message).toContain(`SQLSTATE ${state}`);
    expect(inspect(clean, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it('cleans the cause of another error', () => {
    const outer = new Error('The pool failed', {
      cause: new Error('inner', { cause: withDetails('22P02', SECRET) }),
    });
    const clean = withoutValues(outer);
    expect(clean).toMatchObject({ message: 'The pool failed', cause: { cause: { code: '22P02' } } });
    expect(inspect(clean, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it('returns other values unchanged', () => {
    for (const value of [
      new Error('no', { cause: new Error('why') }),
      failed('ECONNREFUSED'),
      'text',
      undefined,
    ]) {
      expect(withoutValues(value)).toBe(value);
    }
  });
});

describe('isConnectionLost()', () => {
  it.each([
    [failed('57P01'), true],
    [failed('08006'), true],
    [failed('ECONNRESET'), true],
    [failed('EPIPE'), true],
    [new Error('Connection terminated unexpectedly'), true],
    [new Error('Client has encountered a connection error and is not queryable'), true],
    [new Error('Query read timeout'), false],
    [failed('57014'), false],
    [failed('ECONNREFUSED'), false],
    ['text', false],
  ])('for %p returns %p', (error, lost) => {
    expect(isConnectionLost(error)).toBe(lost);
    expect(isConnectionLost(new SessionError('store-unavailable', '', { cause: error }))).toBe(lost);
  });
});

describe('sqlState()', () => {
  it('ignores network codes that look like an SQLSTATE', () => {
    expect([failed('57P01'), failed('EPIPE'), failed('ENOENT'), new Error()].map(sqlState)).toEqual([
      '57P01',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
