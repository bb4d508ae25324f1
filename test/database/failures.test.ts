import { isConnectionLost, refusalOf, sqlState } from '../../lib/database/failures';
import { SessionError } from '../../lib/errors';

const failed = (code: string, message = 'failed') => Object.assign(new Error(message), { code });
const unavailable = expect.objectContaining({
  name: 'SessionError',
  code: 'store-unavailable',
  retryAfter: 1,
});

describe('a failure', () => {
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
  ])('that the server calls %s is unavailability', (state) => {
    expect(refusalOf(failed(state))).toEqual(unavailable);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', ''])(
    'of the network (%j) is unavailability',
    (code) => {
      expect(refusalOf(failed(code))).toEqual(unavailable);
    },
  );

  it.each(['42703', '23505', '42501', '22P02'])(
    'that the server calls %s is a mistake and stays one',
    (state) => {
      const error = failed(state);
      expect(refusalOf(error)).toBe(error);
    },
  );

  it('of a program stays what it is, and so does a refusal', () => {
    for (const error of [new TypeError('a bug'), new SessionError('invalid-request', 'no')]) {
      expect(refusalOf(error)).toBe(error);
    }
  });

  it('for want of the tables says how to make them, where they were looked for', () => {
    for (const state of ['42P01', '3F000']) {
      expect(refusalOf(failed(state))).toEqual(
        new Error(
          'The tables of express-identity-sessions are missing: run its migrations (`await migrate(knex)`) first, or say which `schema` they are in',
        ),
      );
      expect(refusalOf(failed(state), 'nowhere')).toEqual(
        new Error(
          'The tables of express-identity-sessions are missing from the schema "nowhere": run its migrations there (`await migrate(knex, { schema: "nowhere" })`) first',
        ),
      );
    }
  });

  it('keeps what the server said to the logs', () => {
    const error = failed('57P01', 'terminating connection');
    expect((refusalOf(error) as Error).cause).toBe(error);
    expect((refusalOf(error) as Error).message).not.toContain('terminating');
  });
});

describe('a connection', () => {
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
  ])('is lost or not, by %p', (error, lost) => {
    expect(isConnectionLost(error)).toBe(lost);
    expect(isConnectionLost(new SessionError('store-unavailable', '', { cause: error }))).toBe(lost);
  });
});

describe('the SQLSTATE', () => {
  it('is told from codes of the network that look alike', () => {
    expect([failed('57P01'), failed('EPIPE'), failed('ENOENT'), new Error()].map(sqlState)).toEqual([
      '57P01',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
