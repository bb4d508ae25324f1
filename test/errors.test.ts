import { inspect } from 'node:util';

import type * as Errors from '../lib/errors';
import { invalidRequest, plainRefusal, SessionError } from '../lib/errors';

describe('SessionError', () => {
  it('is an Error with a code for programs and a message for people', () => {
    const refusal = new SessionError('session-expired', 'Sign in again.');
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).toMatchObject({ name: 'SessionError', code: 'session-expired' });
    expect(String(refusal)).toBe('SessionError: Sign in again.');
    expect(refusal.stack).toContain(__filename);
  });

  it('is recognized by another copy of the package, and does not make other errors instances', () => {
    class OwnError extends SessionError {}
    let Other = SessionError;
    jest.isolateModules(() => {
      Other = jest.requireActual<typeof Errors>('../lib/errors').SessionError;
    });
    expect(Other).not.toBe(SessionError);
    expect(new Other('session-expired', 'No.') instanceof SessionError).toBe(true);
    expect(new OwnError('session-expired', 'No.') instanceof Other).toBe(true);
    expect(new OwnError('session-expired', 'No.') instanceof OwnError).toBe(true);
    expect(new SessionError('session-expired', 'No.') instanceof OwnError).toBe(false);
    for (const other of [new Error('No.'), { name: 'SessionError' }, 'SessionError', null, undefined]) {
      expect(other instanceof SessionError).toBe(false);
    }
  });

  it('has only the details that were passed to its constructor', () => {
    const nothing = { endReason: undefined, field: undefined, per: undefined, retryAfter: undefined };
    for (const details of [
      { endReason: 'revoked' },
      { field: 'userId' },
      { per: 'client' },
      { retryAfter: 5 },
    ] as const) {
      expect(new SessionError('session-ended', 'No.', details)).toMatchObject({ ...nothing, ...details });
    }
    expect(new SessionError('session-ended', 'No.')).toMatchObject(nothing);
  });

  it('keeps the cause for logs, and hides it from its message and from JSON', () => {
    const cause = { detail: 'password authentication failed for user "app"' };
    const refusal = new SessionError('store-unavailable', 'Not now.', { cause });
    expect(refusal.cause).toBe(cause);
    expect(inspect(refusal)).toContain('password authentication failed');
    const seen = [refusal.message, String(refusal), JSON.stringify(refusal), JSON.stringify({ ...refusal })];
    expect(seen.join()).not.toContain('password');
  });

  it('has no property cause without a cause, so that logs do not end in "[cause]: undefined"', () => {
    expect(Object.hasOwn(new SessionError('session-expired', 'No.'), 'cause')).toBe(false);
    const undefinedCause = new SessionError('session-expired', 'No.', { cause: undefined });
    expect(Object.hasOwn(undefinedCause, 'cause')).toBe(false);
  });
});

describe('plainRefusal', () => {
  it('returns a refusal with the message of its code and the given details', () => {
    expect(plainRefusal('session-not-found').message).toBe('This session does not exist.');
    expect(plainRefusal('session-ended', { endReason: 'revoked' })).toMatchObject({
      code: 'session-ended',
      endReason: 'revoked',
    });
  });
});

describe('invalidRequest', () => {
  it('returns a refusal that names the invalid part', () => {
    expect(invalidRequest('take', '"take" is wrong.')).toMatchObject({
      code: 'invalid-request',
      field: 'take',
      message: '"take" is wrong.',
    });
  });
});
