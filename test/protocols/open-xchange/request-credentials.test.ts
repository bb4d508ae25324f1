import type { Request } from 'express';

import type { SessionError } from '../../../lib/errors';
import { credentialReaders } from '../../../lib/protocols/open-xchange/request-credentials';

const ID = '4bb7202edae54094855b5a545d7123c3';
const OTHER = '0f9d8c7b6a594837261504f3e2d1c0b9';
const SECRET = 'f1e2d3c4b5a69788796a5b4c3d2e1f00';

const readers = credentialReaders(
  { hashOf: () => 'h', hashIn: (_, { clientId }) => (clientId === 'other' ? 'o' : 'h') },
  { valueOf: () => SECRET },
);

function request(url: string, cookie?: string, method = 'GET'): Request {
  return { url, method, headers: { cookie } } as Request;
}

function codeOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return (error as SessionError).code;
  }
}

describe('fromParameter', () => {
  it('returns the id in the parameter, and reads the secret when the session is known', () => {
    const credentials = readers.fromParameter(request(`/x?session=${ID}`));
    expect(credentials).toEqual({ sessionId: ID, secret: expect.any(Function), transport: 'cookie' });
    expect((credentials?.secret as (session: unknown) => string)({})).toBe(SECRET);
  });

  it.each(['/x', '/x?session='])('returns undefined for %s', (url) => {
    expect(readers.fromParameter(request(url))).toBeUndefined();
  });

  it('throws credentials-invalid if the id has another form', () => {
    expect(codeOf(() => readers.fromParameter(request('/x?session=1')))).toBe('credentials-invalid');
  });
});

describe('fromPublicCookie', () => {
  const cookie = (id: string, hash = 'a') => `open-xchange-public-session-${hash}=${id}`;

  it('returns the id in the public-session cookie', () => {
    expect(readers.fromPublicCookie(request('/x', cookie(ID)))).toMatchObject({ sessionId: ID });
  });

  it('prefers the parameter to the cookie', () => {
    expect(readers.fromPublicCookie(request(`/x?session=${OTHER}`, cookie(ID)))).toMatchObject({
      sessionId: OTHER,
    });
  });

  it('ignores the cookie of a request that writes', () => {
    expect(readers.fromPublicCookie(request('/x', cookie(ID), 'POST'))).toBeUndefined();
  });

  it.each([undefined, cookie('junk')])('returns undefined for the Cookie header %j', (header) => {
    expect(readers.fromPublicCookie(request('/x', header))).toBeUndefined();
  });

  it('throws credentials-ambiguous only if the cookies name several sessions', () => {
    const read = (header: string) => () => readers.fromPublicCookie(request('/x', header));
    expect(codeOf(read(`${cookie(ID)}; ${cookie(OTHER, 'b')}`))).toBe('credentials-ambiguous');
    expect(codeOf(read(`${cookie(ID)}; ${cookie(ID, 'b')}`))).toBeUndefined();
  });
});

describe('fromStoredCookies', () => {
  it('returns the id and the secret in the cookies with the hash of the client', () => {
    const header = `open-xchange-session-h=${ID}; open-xchange-secret-h=${SECRET}`;
    const credentials = readers.fromStoredCookies(request('/x', header));
    expect(credentials).toEqual({ sessionId: ID, secret: expect.any(Function), transport: 'cookie' });
    const secretFor = (clientId: string) =>
      (credentials?.secret as (session: unknown) => string | undefined)({ clientId });
    expect([secretFor('own'), secretFor('other')]).toEqual([SECRET, undefined]);
  });

  it.each([
    `open-xchange-session-h=${ID}`,
    `open-xchange-session-h=${ID}; open-xchange-secret-h=`,
    `open-xchange-session-h=${ID}; open-xchange-session-h=${OTHER}; open-xchange-secret-h=${SECRET}`,
    `open-xchange-secret-h=${SECRET}`,
    `open-xchange-session-h=junk; open-xchange-secret-h=${SECRET}`,
    `open-xchange-session-other=${ID}; open-xchange-secret-other=${SECRET}`,
  ])('returns undefined for the Cookie header %s', (header) => {
    expect(readers.fromStoredCookies(request('/x', header))).toBeUndefined();
  });
});
