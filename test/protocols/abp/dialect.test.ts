import type { Request } from 'express';

import { PRIVATE } from '../../../lib/http/rest';
import { abp } from '../../../lib/protocols/abp/dialect';
import { rest } from '../../../lib/http/rest';
import { SessionError, type RefusalCode, type RefusalDetails } from '../../../lib/errors';
import { describeDevice } from '../../../lib/session/device/describe';
import { translationsOf } from '../../../lib/session/i18n/translations';
import { withoutSecret, type StoredSession } from '../../../lib/session/session';
import { aSession, DAY } from '../../support/sessions';

const NOON = Date.UTC(2026, 0, 15, 12);
const PLAIN = '0198c1a200007000800000000000000a';
const DASHED = '0198c1a2-0000-7000-8000-00000000000a';
const SECRET = 'A'.repeat(43);
const OPTIONS = {
  cookies: { name: 'identity', ttl: 7 * DAY, secure: true, sameSite: 'lax', partitioned: false },
  translations: translationsOf(),
} as const;
const dialect = abp(OPTIONS);
const wire = rest(OPTIONS);

const request = (headers: Record<string, string> = {}, more: Partial<Request> = {}) =>
  ({ headers, params: {}, query: {}, url: '/', ...more }) as Request;
const session = (said: Partial<StoredSession> = {}) =>
  withoutSecret(aSession(NOON, { sessionId: PLAIN, ...said }));
const described = (said: Partial<StoredSession> = {}) => ({
  session: session(said),
  device: describeDevice(null, null),
  place: undefined,
  expires: NOON,
});

describe('the ABP dialect, reading a request', () => {
  it('accepts the same credentials as REST', () => {
    const cookie = `__Host-Http-identity=${PLAIN}.${SECRET}`;
    const authorization = `Bearer ${dialect.token(PLAIN, SECRET)}`;
    for (const shown of [request({ cookie }), request({ authorization })]) {
      expect(dialect.credentials(shown)).toEqual(wire.credentials(shown));
      expect(dialect.remembered(shown)).toMatchObject({ sessionId: PLAIN, secret: SECRET });
    }
    expect(dialect.sameOrigin).toBe(true);
  });

  it.each([PLAIN, DASHED])("reads the id %s as a revocation of one of the caller's sessions", (id) => {
    const which = dialect.revocation(request({}, { params: { id } }), session({ tenantId: 'acme' }));
    expect(which).toEqual({ owner: { tenantId: 'acme', userId: 'alice' }, only: [PLAIN] });
  });

  it('throws a TypeError if the path has no id, as REST does', () => {
    expect(() => dialect.revocation(request(), session())).toThrow(TypeError);
  });

  it('throws invalid-request for an id that is not a UUID', () => {
    expect(() => dialect.revocation(request({}, { params: { id: 'junk' } }), session())).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'id' }),
    );
  });
});

describe('the ABP dialect, building a response', () => {
  it("returns the caller's session", () => {
    expect(dialect.session(described(), request())).toMatchObject({
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: { id: DASHED, isCurrent: true },
    });
  });

  it('lists the sessions of a page with the number of sessions on all pages', async () => {
    const other = described({ sessionId: 'b'.repeat(32), lastAccessed: NOON + 1 });
    const page = { sessions: [other, described()], totalCount: 7 };
    expect((await dialect.sessions(page, session(), request())).body).toEqual({
      items: [
        expect.objectContaining({ id: 'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb', isCurrent: false }),
        expect.objectContaining({ id: DASHED, isCurrent: true }),
      ],
      totalCount: 7,
    });
  });

  it('asks for the page that the query names', () => {
    const asked = (url: string) => dialect.page(request({}, { url }));
    expect(asked('/?device=OAuth&userId=bob')).toEqual({
      device: 'OAuth',
      order: [{ by: 'lastAccessed', descending: true }],
      skip: 0,
      take: 10,
    });
    expect(() => asked('/?sorting=secretHash')).toThrow(expect.objectContaining({ field: 'sorting' }));
  });

  it('sets the cookie of REST and returns the session in the form of ABP', () => {
    const opened = { described: described(), secret: SECRET, transport: 'cookie' } as const;
    const answer = dialect.opened(opened, request());
    expect(answer.cookies).toEqual(wire.opened(opened, request()).cookies);
    expect(answer.body).toMatchObject({ id: DASHED });
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  });

  it('answers a revocation as REST does', () => {
    for (const forget of [true, false])
      expect(dialect.revoked(forget, request())).toEqual(wire.revoked(forget, request()));
  });
});

describe('the ABP dialect, building an error response', () => {
  const refusal = (code: RefusalCode, evidence: RefusalDetails = {}, headers: Record<string, string> = {}) =>
    dialect.refusal(new SessionError(code, 'Because.', evidence), request(headers));

  it.each([
    ['invalid-request', 400],
    ['credentials-ambiguous', 400],
    ['permission-missing', 403],
    ['cross-site', 403],
    ['session-not-found', 404],
    ['session-limit-reached', 409],
    ['too-many-requests', 429],
    ['store-unavailable', 503],
  ] as const)('turns the code %s into an ABP error with status %d', (code, status) => {
    expect(refusal(code)).toEqual({
      status,
      headers: {
        ...PRIVATE,
        'Content-Type': 'application/json; charset=utf-8',
        _AbpErrorFormat: 'true',
      },
      cookies: [],
      body: { error: expect.objectContaining({ code }) },
    });
  });

  it.each([
    ['credentials-missing', {}, 'Bearer'],
    ['credentials-invalid', {}, 'Bearer'],
    ['credentials-invalid', { authorization: 'Bearer eis_x' }, 'Bearer error="invalid_token"'],
    ['ip-changed', { authorization: 'Bearer eis_x' }, 'Bearer error="invalid_token"'],
  ] as const)('turns the code %s into a 401 with a challenge', (code, headers, challenge) => {
    expect(refusal(code, {}, headers)).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': challenge },
    });
  });

  it.each([
    ['session-ended', 'was ended'],
    ['session-expired', 'has expired'],
  ] as const)(
    'states for the code %s in the challenge that the session %s, with any credentials',
    (code, over) => {
      for (const headers of [{}, { authorization: 'Bearer eis_x' }]) {
        const answer = refusal(code, {}, headers);
        expect([answer.status, answer.headers['WWW-Authenticate']]).toEqual([
          401,
          `Bearer error="invalid_token", error_description="The session ${over}; sign in again."`,
        ]);
      }
    },
  );

  it('sets Retry-After if the refusal names a time', () => {
    expect(refusal('store-unavailable', { retryAfter: 2 }).headers).toMatchObject({ 'Retry-After': '2' });
    expect(refusal('too-many-requests', { retryAfter: 9 }).headers).toMatchObject({ 'Retry-After': '9' });
  });
});
