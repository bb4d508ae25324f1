import { inspect } from 'node:util';

import express from 'express';
import express4 from 'express4';
import request from 'supertest';

import type * as Errors from '../lib/errors';
import { END_REASONS } from '../lib/session/end-reason';
import { invalidRequest, plainRefusal, SessionError, type RefusalCode } from '../lib/errors';

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

describe('the status of a SessionError', () => {
  it.each([
    ['credentials-missing', 401],
    ['credentials-ambiguous', 400],
    ['cross-site', 403],
    ['session-not-found', 404],
    ['session-limit-reached', 409],
    ['too-many-requests', 429],
    ['store-unavailable', 503],
  ] as const)('of %s is %d, also under the names that error handlers read', (code, status) => {
    const refusal = new SessionError(code, 'No.');
    expect([refusal.status, refusal.statusCode, refusal.expose]).toEqual([status, status, true]);
  });

  it('is 503 if the node is full', () => {
    expect(new SessionError('session-limit-reached', 'Full.', { per: 'node' }).status).toBe(503);
  });

  it.each([express, express4])(
    "gives Express's default error handler status and headers",
    async (framework) => {
      const app = framework();
      app.get('/:code', (request) => {
        throw new SessionError(request.params['code'] as RefusalCode, 'No.', { retryAfter: 7 });
      });
      const full = await request(app).get('/store-unavailable');
      expect([full.status, full.get('Retry-After'), full.get('Cache-Control')]).toEqual([
        503,
        '7',
        'no-store',
      ]);
      const missing = await request(app).get('/credentials-missing');
      expect([missing.status, missing.get('WWW-Authenticate')]).toEqual([401, 'Bearer']);
    },
  );
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

describe('the message of a refusal that ended', () => {
  it('tells the reason, such as a displacement', () => {
    const messages = END_REASONS.map((endReason) => plainRefusal('session-ended', { endReason }).message);
    expect(new Set(messages).size).toBe(END_REASONS.length);
    expect(plainRefusal('session-ended', { endReason: 'displaced' }).message).toBe(
      'A newer sign-in displaced this session; sign in again.',
    );
    expect(plainRefusal('session-ended').message).toBe('This session was ended; sign in again.');
  });
});

describe('the placeholders of a message', () => {
  it('are replaced by the values, and the template stays for translations', () => {
    const values = { name: 'take', max: 5 };
    const refusal = new SessionError('invalid-request', '"{name}" is {max} at most, {other}.', { values });
    expect(refusal).toMatchObject({
      message: '"take" is 5 at most, {other}.',
      template: '"{name}" is {max} at most, {other}.',
      values,
    });
  });

  it('stay if there are no values, and values are inserted as plain text', () => {
    expect(new SessionError('invalid-request', 'Write {name}.').message).toBe('Write {name}.');
    expect(invalidRequest('a', '{name} {b}', { b: '$& {name}' }).message).toBe('a $& {name}');
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
