import type { Request } from 'express';

import { PRIVATE, rest, type RestOptions } from '../../lib/http/rest';
import { SessionError, type RefusalCode, type RefusalDetails } from '../../lib/errors';
import { translationsOf } from '../../lib/session/i18n/translations';
import { describeDevice } from '../../lib/session/device/describe';
import type { Place } from '../../lib/session/place';
import { withoutSecret, type IdentitySession, type StoredSession } from '../../lib/session/session';
import { aSession, DAY } from '../support/sessions';

const NOON = Date.UTC(2026, 0, 15, 12);
const ID = '0198c1a200007000800000000000000a';
const SECRET = 'A'.repeat(43);
const PAIR = `${ID}.${SECRET}`;

const OPTIONS: RestOptions = {
  cookies: { name: 'identity', ttl: 7 * DAY, secure: true, sameSite: 'lax', partitioned: false },
  translations: translationsOf(),
};
const dialect = rest(OPTIONS);
const dialectWith = (cookies: Partial<RestOptions['cookies']>) =>
  rest({ ...OPTIONS, cookies: { ...OPTIONS.cookies, ...cookies } });

function request(headers: Record<string, string> = {}, more: Partial<Request> = {}): Request {
  return { headers, params: {}, query: {}, ...more } as Request;
}

function session(said: Partial<StoredSession> = {}): IdentitySession {
  return withoutSecret(aSession(NOON, { sessionId: ID, ...said }));
}

const described = (of: IdentitySession, place?: Place) => ({
  session: of,
  device: describeDevice(of.userAgent, of.clientId),
  place,
  expires: NOON + DAY,
});

const code = (wanted: RefusalCode) => expect.objectContaining({ name: 'SessionError', code: wanted });

describe('text of clients in the REST dialect', () => {
  it('is shown without invisible characters', () => {
    const posing = session({
      clientId: 'ma\u202eil\n',
      userAgent: 'MyShop/1\u2066 (Android\u200b 14)\u2028',
    });
    const { body } = dialect.session(described(posing, { city: 'Ber\u202elin', country: 'DE' }), request());
    expect(body).toMatchObject({
      session: {
        client: 'mail',
        userAgent: 'MyShop/1 (Android 14)',
        location: 'Berlin, Germany',
        device: { displayName: expect.stringMatching(/^[ -~]+$/) },
      },
    });
  });
});

describe.each(['credentials', 'remembered'] as const)('%s of the REST dialect', (which) => {
  const credentialsIn = (headers: Record<string, string>, by = dialect) => by[which](request(headers));

  it('returns the credentials of the cookie', () => {
    expect(credentialsIn({ cookie: `a=b; __Host-Http-identity=${PAIR}; c=d` })).toEqual({
      sessionId: ID,
      secret: SECRET,
      transport: 'cookie',
    });
  });

  it.each([`Bearer eis_${PAIR}`, `bearer eis_${PAIR}`, `BEARER   eis_${PAIR}  `])(
    'returns the credentials of the header Authorization: %s',
    (value) => {
      expect(credentialsIn({ authorization: value })).toEqual({
        sessionId: ID,
        secret: SECRET,
        transport: 'bearer',
      });
    },
  );

  it.each([
    {},
    { cookie: 'other=1' },
    { cookie: `identity=${PAIR}` },
    { authorization: `Bearer ${PAIR}` },
    { authorization: `Basic eis_${PAIR}` },
    { authorization: `eis_${PAIR}` },
    { authorization: `Bearer jwt eis_${PAIR}` },
    { authorization: '' },
  ])('returns undefined for the headers %j', (headers) => {
    expect(credentialsIn(headers)).toBeUndefined();
  });

  it.each([
    ['an empty value', ''],
    ['a missing secret', ID],
    ['an empty secret', `${ID}.`],
    ['a secret too short', `${ID}.${SECRET.slice(1)}`],
    ['a secret too long', `${PAIR}A`],
    ['a missing dot', `${ID}${SECRET}A`],
    ['an id with dashes', `0198c1a2-0000-7000-8000-00000000000a.${SECRET}`],
    ['quotes', `"${PAIR}"`],
    ['escapes', PAIR.replace('.', '%2e')],
  ])('throws credentials-invalid for %s in a cookie or a token', (_, value) => {
    const refusals = [
      { cookie: `__Host-Http-identity=${value}` },
      { authorization: `Bearer eis_${value}` },
    ].map((headers) => {
      try {
        return credentialsIn(headers);
      } catch (error) {
        return error;
      }
    });
    expect(refusals).toEqual([code('credentials-invalid'), code('credentials-invalid')]);
    // The message is the same as for a wrong secret.
    expect(refusals).toEqual(
      Array(2).fill(
        expect.objectContaining({
          message: 'The session does not exist or the credentials are wrong; sign in again.',
        }),
      ),
    );
  });

  it.each([
    ['two cookies', { cookie: `__Host-Http-identity=${PAIR}; __Host-Http-identity=${PAIR}` }],
    ['two cookies, one of them junk', { cookie: `__Host-Http-identity=junk; __Host-Http-identity=${PAIR}` }],
    ['a cookie and a token', { cookie: `__Host-Http-identity=${PAIR}`, authorization: `Bearer eis_${PAIR}` }],
    [
      'a cookie and a token of junk',
      { cookie: `__Host-Http-identity=${PAIR}`, authorization: 'Bearer eis_junk' },
    ],
  ])('throws credentials-ambiguous for %s', (_, headers) => {
    expect(() => credentialsIn(headers)).toThrow(code('credentials-ambiguous'));
  });

  it('ignores bearer tokens of the app, even beside a session cookie', () => {
    const headers = { cookie: `__Host-Http-identity=${PAIR}`, authorization: 'Bearer jwt' };
    expect(credentialsIn(headers)).toMatchObject({ transport: 'cookie' });
  });

  it('expects the cookie without the prefix if secure is false', () => {
    const plain = dialectWith({ name: 'sid', secure: false });
    expect(credentialsIn({ cookie: `sid=${PAIR}` }, plain)).toMatchObject({ sessionId: ID });
    expect(credentialsIn({ cookie: `__Host-Http-sid=${PAIR}` }, plain)).toBeUndefined();
    expect(credentialsIn({ cookie: `sid=${PAIR}` }, dialectWith({ name: 'sid' }))).toBeUndefined();
  });
});

describe('sameOrigin of the REST dialect', () => {
  it('is true, so that writes with a cookie must come from the app', () => {
    expect(dialect.sameOrigin).toBe(true);
  });
});

describe('revocation of the REST dialect', () => {
  const current = session({ tenantId: 'acme' });
  const owner = { tenantId: 'acme', userId: 'alice' };
  const other = 'b'.repeat(32);
  const asked = (more: Partial<Request>) => dialect.revocation(request({}, more), current);

  it("selects the caller's session with the id of the path", () => {
    expect(asked({ params: { id: other } })).toEqual({ owner, only: [other] });
  });

  it('ignores the query', () => {
    expect(asked({ params: { id: other }, query: { current: 'true' } })).toEqual({ owner, only: [other] });
  });

  it.each([{}, { id: other }, { current: 'true' }])(
    'throws a TypeError if the path has no id, with the query %j',
    (query) => {
      expect(() => asked({ query })).toThrow(TypeError);
    },
  );

  it.each(['', 'junk', 'B'.repeat(32), `${other}0`, '0198c1a2-0000-7000-8000-00000000000a'])(
    'throws session-not-found for the malformed id %j',
    (id) => {
      expect(() => asked({ params: { id } })).toThrow(code('session-not-found'));
    },
  );
});

describe('opened of the REST dialect', () => {
  const opened = (said: Partial<StoredSession> = {}, by = dialect) =>
    by.opened({ described: described(session(said)), secret: SECRET, transport: 'cookie' }, request());

  it('returns the session uncached and sets a session cookie with the credentials', () => {
    expect(opened()).toEqual({
      ...dialect.session(described(session()), request()),
      cookies: [`__Host-Http-identity=${PAIR}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    });
  });

  it('sets Max-Age in whole seconds for a session that stays signed in', () => {
    const { cookies } = opened({ staySignedIn: true }, dialectWith({ ttl: 90_999, sameSite: 'strict' }));
    expect(cookies).toEqual([
      `__Host-Http-identity=${PAIR}; Path=/; Max-Age=90; HttpOnly; Secure; SameSite=Strict`,
    ]);
  });

  it('sets a cookie without prefix and Secure if secure is false', () => {
    const { cookies } = opened({}, dialectWith({ secure: false }));
    expect(cookies).toEqual([`identity=${PAIR}; Path=/; HttpOnly; SameSite=Lax`]);
  });

  it('sets no cookie for transport bearer, and token() returns the token', () => {
    const opening = { described: described(session()), secret: SECRET, transport: 'bearer' } as const;
    const answer = dialect.opened(opening, request());
    expect(answer).toEqual(dialect.session(described(session()), request()));
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(dialect.token(ID, SECRET)).toBe(`eis_${PAIR}`);
  });

  it.each([dialect, dialectWith({ secure: false, name: 'sid' })])(
    'issues a cookie and a token that credentials() reads again (%#)',
    (by) => {
      const [cookie = ''] = opened({}, by).cookies;
      const authorization = `Bearer ${by.token(ID, SECRET)}`;
      const expected = { sessionId: ID, secret: SECRET };
      expect(by.credentials(request({ cookie: cookie.split(';')[0]! }))).toMatchObject(expected);
      expect(by.credentials(request({ authorization }))).toMatchObject(expected);
    },
  );
});

describe('session and sessions of the REST dialect', () => {
  const shape = {
    id: ID,
    current: true,
    ipAddress: '192.0.2.1',
    client: null,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    signedIn: '2026-01-15T12:00:00.000Z',
    authenticatedAt: '2026-01-15T12:00:00.000Z',
    lastAccessed: '2026-01-15T12:00:00.000Z',
    expires: '2026-01-16T12:00:00.000Z',
    device: {
      displayName: 'Firefox 140 on Linux',
      os: { name: 'linux', version: null },
      client: { name: 'firefox', version: '140' },
      type: 'browser',
    },
  };

  it('returns exactly the public fields of a session', () => {
    expect(dialect.session(described(session()), request())).toEqual({
      status: 200,
      headers: PRIVATE,
      cookies: [],
      body: { session: shape },
    });
  });

  it('returns the level and the methods of the authentication, and no unknown time', () => {
    const { body } = dialect.session(
      described(session({ authenticatedAt: null, acr: 'aal2', amr: ['pwd', 'otp'] })),
      request(),
    );
    const { authenticatedAt: _unknown, ...others } = shape;
    expect(body).toEqual({ session: { ...others, acr: 'aal2', amr: ['pwd', 'otp'] } });
  });

  it('returns the newest address, its location, the last use and the client', () => {
    const used = session({
      ipAddresses: ['192.0.2.1', '192.0.2.2'],
      lastAccessed: NOON + 1,
      clientId: 'mail',
    });
    expect(dialect.session(described(used, { city: 'Berlin', country: 'DE' }), request()).body).toMatchObject(
      {
        session: {
          ipAddress: '192.0.2.2',
          location: 'Berlin, Germany',
          lastAccessed: '2026-01-15T12:00:00.001Z',
          client: 'mail',
        },
      },
    );
  });

  it('returns null for a missing address and user agent', () => {
    const bare = session({ ipAddresses: [], userAgent: null });
    expect(dialect.session(described(bare), request()).body).toMatchObject({
      session: {
        ipAddress: null,
        userAgent: null,
        device: { displayName: 'Unknown device', os: null, client: null },
      },
    });
  });

  it.each([
    ['de-AT, en;q=0.5', 'Firefox 140 auf Linux', 'Berlin, Deutschland'],
    ['ja, de;q=0.5', 'Firefox 140 auf Linux', 'Berlin, Deutschland'],
    ['fr', 'Firefox 140 on Linux', 'Berlin, Germany'],
    ['en, de;q=0.5', 'Firefox 140 on Linux', 'Berlin, Germany'],
  ])('translates names and locations for Accept-Language %s', async (languages, displayName, location) => {
    const reader = request({ 'accept-language': languages });
    const here = described(session(), { city: 'Berlin', country: 'DE' });
    const translated = expect.objectContaining({
      location,
      device: expect.objectContaining({ displayName }),
    });
    expect(dialect.session(here, reader).body).toEqual({ session: translated });
    const list = await dialect.sessions({ sessions: [here] }, session(), reader);
    expect(list.body).toEqual({ sessions: [translated] });
    expect(dialect.opened({ described: here, secret: SECRET, transport: 'cookie' }, reader).body).toEqual({
      session: translated,
    });
  });

  it('uses the only language of the app for any Accept-Language', () => {
    const german = rest({ ...OPTIONS, translations: translationsOf({}, ['de']) });
    const body = german.session(described(session()), request({ 'accept-language': 'en' })).body;
    expect(body).toMatchObject({ session: { device: { displayName: 'Firefox 140 auf Linux' } } });
  });

  it('marks the current session in a list, keeps the order and names the next page', async () => {
    const other = session({ sessionId: 'b'.repeat(32) });
    const sessions = [described(other), described(session())];
    expect(await dialect.sessions({ sessions, next: 'more' }, session(), request())).toEqual({
      status: 200,
      headers: PRIVATE,
      cookies: [],
      body: { sessions: [{ ...shape, id: other.sessionId, current: false }, shape], next: 'more' },
    });
  });
});

describe('the refusal of a full node in the REST dialect', () => {
  it('has status 503, because users cannot free sessions of others', () => {
    const full = new SessionError('session-limit-reached', 'No room.', { per: 'node' });
    expect(dialect.refusal(full, request())).toMatchObject({
      status: 503,
      body: { status: 503, title: 'Service Unavailable', code: 'session-limit-reached' },
    });
  });
});

describe('revoked of the REST dialect', () => {
  it('returns 204 without a body', () => {
    expect(dialect.revoked(false, request())).toEqual({
      status: 204,
      headers: PRIVATE,
      cookies: [],
    });
  });

  it("clears the caller's cookie if clearCookies is true", () => {
    const cleared = (by = dialect) => by.revoked(true, request()).cookies;
    expect(cleared()).toEqual(['__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax']);
    expect(cleared(dialectWith({ secure: false, sameSite: 'strict' }))).toEqual([
      'identity=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    expect(cleared(dialectWith({ sameSite: 'none', partitioned: true }))).toEqual([
      '__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned',
    ]);
  });
});

describe('the option clearSiteData', () => {
  const clearing = rest({ ...OPTIONS, clearSiteData: ['cache', 'storage'] });

  it('adds Clear-Site-Data to an answer that signs the browser out, and to no other', () => {
    expect(clearing.revoked(true, request()).headers).toEqual({
      ...PRIVATE,
      'Clear-Site-Data': '"cache", "storage"',
    });
    expect(clearing.revoked(false, request()).headers).not.toHaveProperty('Clear-Site-Data');
    expect(dialect.revoked(true, request()).headers).not.toHaveProperty('Clear-Site-Data');
  });
});

describe('refusal of the REST dialect', () => {
  const STATUS: Record<RefusalCode, [number, string]> = {
    'credentials-missing': [401, 'Unauthorized'],
    'credentials-invalid': [401, 'Unauthorized'],
    'credentials-ambiguous': [400, 'Bad Request'],
    'session-ended': [401, 'Unauthorized'],
    'session-expired': [401, 'Unauthorized'],
    'authentication-insufficient': [401, 'Unauthorized'],
    'ip-changed': [401, 'Unauthorized'],
    'credential-changed': [401, 'Unauthorized'],
    'binding-required': [401, 'Unauthorized'],
    'binding-unavailable': [503, 'Service Unavailable'],
    'session-not-found': [404, 'Not Found'],
    'ticket-invalid': [401, 'Unauthorized'],
    'link-invalid': [410, 'Gone'],
    'session-limit-reached': [409, 'Conflict'],
    'auth-id-taken': [409, 'Conflict'],
    'session-id-taken': [409, 'Conflict'],
    'autologin-disabled': [403, 'Forbidden'],
    'permission-missing': [403, 'Forbidden'],
    'cross-site': [403, 'Forbidden'],
    'invalid-request': [400, 'Bad Request'],
    'too-many-requests': [429, 'Too Many Requests'],
    'store-unavailable': [503, 'Service Unavailable'],
  };
  const ALL = Object.entries(STATUS).map(([each, [status, title]]) => ({
    code: each as RefusalCode,
    status,
    title,
  }));

  const refusal = (of: RefusalCode, evidence: RefusalDetails = {}, headers: Record<string, string> = {}) =>
    dialect.refusal(new SessionError(of, 'Because.', evidence), request(headers));

  it.each(ALL)('returns a problem document with status $status for $code', ({ code: of, status, title }) => {
    expect(refusal(of)).toEqual({
      status,
      headers: {
        ...PRIVATE,
        'Content-Type': 'application/problem+json; charset=utf-8',
        ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      },
      // A sign-in in another tab may have set a new cookie by now.
      cookies: [],
      body: { title, status, detail: 'Because.', code: of },
    });
  });

  it('returns the challenge invalid_token if the client sent a token', () => {
    const challenge = (authorization: string) =>
      refusal('session-ended', {}, { authorization }).headers['WWW-Authenticate'];
    expect(challenge('Bearer eis_x')).toBe('Bearer error="invalid_token"');
    expect(challenge('Bearer jwt')).toBe('Bearer');
    expect(refusal('cross-site', {}, { authorization: 'Bearer eis_x' }).headers).not.toHaveProperty(
      'WWW-Authenticate',
    );
  });

  it('contains the end reason and Retry-After', () => {
    expect(refusal('session-ended', { endReason: 'displaced' }).body).toMatchObject({ reason: 'displaced' });
    expect(refusal('store-unavailable', { retryAfter: 1 }).headers).toMatchObject({ 'Retry-After': '1' });
    expect(refusal('too-many-requests', { retryAfter: 0 }).headers).toMatchObject({ 'Retry-After': '0' });
  });

  it('does not contain the cause', () => {
    const cause = new Error('password authentication failed');
    expect(JSON.stringify(refusal('store-unavailable', { cause, retryAfter: 1 }))).not.toContain('password');
  });
});

describe('a dialect that extends the REST dialect', () => {
  it('can replace any member, because no member depends on this', async () => {
    const own = {
      ...dialect,
      refusal: () => ({ status: 418, headers: {}, cookies: [], body: 'short and stout' }),
    };
    const { credentials, revocation, opened, token, session: one, sessions, revoked } = own;
    expect(credentials(request({ authorization: `Bearer ${token(ID, SECRET)}` }))).toMatchObject({
      sessionId: ID,
    });
    expect(revocation(request({}, { params: { id: ID } }), session())).toMatchObject({ only: [ID] });
    expect(
      opened({ described: described(session()), secret: SECRET, transport: 'cookie' }, request()).cookies,
    ).toHaveLength(1);
    expect(one(described(session()), request()).status).toBe(200);
    expect((await sessions({ sessions: [] }, session(), request())).body).toEqual({ sessions: [] });
    expect(revoked(true, request()).cookies).toHaveLength(1);
    expect(own.refusal().status).toBe(418);
  });
});
