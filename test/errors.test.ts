import { inspect } from 'node:util';

import { invalidRequest, plainRefusal, SessionError } from '../lib/errors';

describe('a refusal', () => {
  it('is an error with a code, for programs, and a message, for people', () => {
    const refusal = new SessionError('session-expired', 'Sign in again.');
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).toMatchObject({ name: 'SessionError', code: 'session-expired' });
    expect(String(refusal)).toBe('SessionError: Sign in again.');
    expect(refusal.stack).toContain(__filename);
  });

  it('carries the evidence that it is given, and no other', () => {
    const nothing = { endReason: undefined, field: undefined, per: undefined, retryAfter: undefined };
    for (const evidence of [
      { endReason: 'revoked' },
      { field: 'userId' },
      { per: 'client' },
      { retryAfter: 5 },
    ] as const) {
      expect(new SessionError('session-ended', 'No.', evidence)).toMatchObject({ ...nothing, ...evidence });
    }
    expect(new SessionError('session-ended', 'No.')).toMatchObject(nothing);
  });

  it('keeps what the database said for logs, where nobody finds it by chance', () => {
    const cause = { detail: 'password authentication failed for user "app"' };
    const refusal = new SessionError('store-unavailable', 'Not now.', { cause });
    expect(refusal.cause).toBe(cause);
    expect(inspect(refusal)).toContain('password authentication failed');
    const seen = [refusal.message, String(refusal), JSON.stringify(refusal), JSON.stringify({ ...refusal })];
    expect(seen.join()).not.toContain('password');
  });

  it('has no cause at all when nobody named one, so that logs do not end in "[cause]: undefined"', () => {
    expect(Object.hasOwn(new SessionError('session-expired', 'No.'), 'cause')).toBe(false);
    const undefinedCause = new SessionError('session-expired', 'No.', { cause: undefined });
    expect(Object.hasOwn(undefinedCause, 'cause')).toBe(false);
  });
});

describe('a refusal that is the same wherever it comes from', () => {
  it('has words of its own, and the evidence that it is given', () => {
    expect(plainRefusal('session-not-found').message).toBe('There is no such session.');
    expect(plainRefusal('session-ended', { endReason: 'revoked' })).toMatchObject({
      code: 'session-ended',
      endReason: 'revoked',
    });
  });

  it('names the part of a request that is wrong', () => {
    expect(invalidRequest('take', '"take" is wrong.')).toMatchObject({
      code: 'invalid-request',
      field: 'take',
      message: '"take" is wrong.',
    });
  });
});
