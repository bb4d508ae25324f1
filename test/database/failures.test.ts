import { isConnectionLost, isUnstorable, refusalOf, sqlState } from '../../lib/database/failures';
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

  it.each(['42703', '23505', '42501', '22P02'])('returns an error with SQLSTATE %s unchanged', (state) => {
    const error = failed(state);
    expect(refusalOf(error)).toBe(error);
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
    expect((refusalOf(error) as Error).cause).toBe(error);
    expect((refusalOf(error) as Error).message).not.toContain('terminating');
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
