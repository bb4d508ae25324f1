import { challenge, errorObject } from '../../../lib/protocols/abp/errors';
import { invalidRequest, plainRefusal, SessionError } from '../../../lib/errors';
import { messagesFor } from '../../../lib/session/i18n';

describe('the body of an ABP error', () => {
  it('contains code and message, and null where nothing is known', () => {
    expect(errorObject(new SessionError('session-not-found', 'There is none.'))).toEqual({
      code: 'session-not-found',
      message: 'There is none.',
      details: null,
      data: {},
      validationErrors: null,
    });
  });

  it('contains the reason for which the session ended', () => {
    const error = new SessionError('session-ended', 'It was ended.', { endReason: 'displaced' });
    expect(errorObject(error).data).toEqual({ reason: 'displaced' });
  });

  it('names the invalid field of the request', () => {
    expect(errorObject(invalidRequest('sorting', '"sorting" is wrong.'))).toEqual({
      code: 'invalid-request',
      message: 'The request is not valid.',
      details: '"sorting" is wrong.',
      data: {},
      validationErrors: [{ message: '"sorting" is wrong.', members: ['sorting'] }],
    });
  });

  it('is in the given language, except for messages of the app', () => {
    const german = messagesFor('de');
    expect(errorObject(invalidRequest('id', '"{name}" must be a GUID.'), german)).toMatchObject({
      message: 'Die Anfrage ist ungültig.',
      details: '„id“ muss eine GUID sein.',
      validationErrors: [{ message: '„id“ muss eine GUID sein.', members: ['id'] }],
    });
    expect(errorObject(new SessionError('permission-missing', 'Ask Carol.'), german).message).toBe(
      'Ask Carol.',
    );
  });

  it('names no field if the whole request is invalid', () => {
    const { validationErrors } = errorObject(new SessionError('invalid-request', 'No.'));
    expect(validationErrors).toEqual([{ message: 'No.', members: [] }]);
  });

  it('does not contain the error of the database', () => {
    const cause = new Error('password authentication failed');
    expect(
      JSON.stringify(errorObject(new SessionError('store-unavailable', 'Not now.', { cause }))),
    ).not.toContain('password');
  });
});

describe('challenge()', () => {
  it('says that a session was displaced', () => {
    expect(challenge(plainRefusal('session-ended', { endReason: 'displaced' }))).toContain(
      'error_description="The session was displaced by a newer sign-in; sign in again."',
    );
  });

  it.each([
    [
      'session-ended',
      'Bearer error="invalid_token", error_description="The session was ended; sign in again."',
    ],
    [
      'session-expired',
      'Bearer error="invalid_token", error_description="The session has expired; sign in again."',
    ],
  ] as const)('describes the code %s', (code, expected) => {
    expect(challenge(new SessionError(code, 'No."\r\n'))).toBe(expected);
  });

  it.each(['credentials-missing', 'credentials-invalid', 'ip-changed', 'invalid-request'] as const)(
    'does not describe the code %s',
    (code) => {
      expect(challenge(new SessionError(code, 'No.'))).toBeUndefined();
    },
  );
});
