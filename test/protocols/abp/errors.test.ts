import { challenge, errorObject } from '../../../lib/protocols/abp/errors';
import { invalidRequest, SessionError } from '../../../lib/errors';

describe('an error', () => {
  it('has its code and its words, and nothing where there is nothing to say', () => {
    expect(errorObject(new SessionError('session-not-found', 'There is none.'))).toEqual({
      code: 'session-not-found',
      message: 'There is none.',
      details: null,
      data: {},
      validationErrors: null,
    });
  });

  it('says why the session ended', () => {
    const error = new SessionError('session-ended', 'It was ended.', { endReason: 'displaced' });
    expect(errorObject(error).data).toEqual({ reason: 'displaced' });
  });

  it('names the part of the request that is wrong', () => {
    expect(errorObject(invalidRequest('sorting', '"sorting" is wrong.'))).toEqual({
      code: 'invalid-request',
      message: 'The request is not valid.',
      details: '"sorting" is wrong.',
      data: {},
      validationErrors: [{ message: '"sorting" is wrong.', members: ['sorting'] }],
    });
  });

  it('names no part when it is the whole', () => {
    const { validationErrors } = errorObject(new SessionError('invalid-request', 'No.'));
    expect(validationErrors).toEqual([{ message: 'No.', members: [] }]);
  });

  it('says nothing of what the database said', () => {
    const cause = new Error('password authentication failed');
    expect(
      JSON.stringify(errorObject(new SessionError('store-unavailable', 'Not now.', { cause }))),
    ).not.toContain('password');
  });
});

describe('the challenge', () => {
  it.each([
    [
      'session-ended',
      'Bearer error="invalid_token", error_description="The session was ended; sign in again."',
    ],
    [
      'session-expired',
      'Bearer error="invalid_token", error_description="The session has expired; sign in again."',
    ],
  ] as const)('to %s says that the session is over', (code, expected) => {
    expect(challenge(new SessionError(code, 'No."\r\n'))).toBe(expected);
  });

  it.each(['credentials-missing', 'credentials-invalid', 'ip-changed', 'invalid-request'] as const)(
    'to %s does not',
    (code) => {
      expect(challenge(new SessionError(code, 'No.'))).toBeUndefined();
    },
  );
});
