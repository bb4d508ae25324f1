import {
  bindingEvidence,
  boundCookie,
  boundCredential,
  clearedBoundCookie,
} from '../../lib/http/bound-cookie';

const cookies = {
  name: 'identity',
  secure: true,
  sameSite: 'lax',
  partitioned: false,
} as const;
const optional = { cookies, deviceBound: 'optional' } as const;
const off = { cookies, deviceBound: 'off' } as const;

describe('bindingEvidence', () => {
  it('returns the bound cookie', () => {
    const headers = { cookie: '__Host-Http-identity=a; __Host-identity-bound=b' };
    expect(bindingEvidence(headers, optional)).toEqual({ cookie: 'b', skipped: false });
  });

  it('returns no cookie if there are two', () => {
    const headers = { cookie: '__Host-identity-bound=b; __Host-identity-bound=c' };
    expect(bindingEvidence(headers, optional)).toEqual({ cookie: undefined, skipped: false });
  });

  it('tells whether the browser skipped the renewal', () => {
    const headers = { 'secure-session-skipped': 'unreachable;session_identifier="1"' };
    expect(bindingEvidence(headers, optional)).toEqual({ cookie: undefined, skipped: true });
  });

  it('returns undefined if the app binds no sessions', () => {
    expect(bindingEvidence({ cookie: '__Host-identity-bound=b' }, off)).toBeUndefined();
  });
});

describe('the bound cookie', () => {
  it('lives ten minutes, with the attributes that browsers compare', () => {
    const { name, attributes } = boundCredential(optional);
    expect(attributes).toBe('Path=/; HttpOnly; Secure; SameSite=Lax');
    const [pair, ...given] = boundCookie('x', optional).split('; ');
    expect(pair).toBe(`${name}=x`);
    expect(given.filter((each) => each !== 'Max-Age=600').join('; ')).toBe(attributes);
    expect(given).toContain('Max-Age=600');
  });

  it('is cleared only if the app binds sessions', () => {
    expect(clearedBoundCookie(optional)).toEqual([
      '__Host-identity-bound=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect(clearedBoundCookie(off)).toEqual([]);
  });
});
