import {
  afterLowering,
  checkedAcr,
  checkedAmr,
  isAcr,
  isAmr,
  suffices,
  type RequiredAssurance,
} from '../../lib/session/assurance';

const NOW = Date.UTC(2026, 0, 15, 12);

describe('checkedAcr and checkedAmr', () => {
  it('return null and an empty list for missing values', () => {
    expect([checkedAcr(undefined), checkedAcr(null)]).toEqual([null, null]);
    expect([checkedAmr(undefined), checkedAmr(null)]).toEqual([[], []]);
  });

  it.each(['aal2', '0', 'urn:mace:incommon:iap:silver', 'https://refeds.org/profile/mfa', '~'.repeat(255)])(
    'accept the level %s',
    (acr) => expect(checkedAcr(acr)).toBe(acr),
  );

  const INVALID = ['', 'a b', 'a"b', 'a\\b', 'line\nbreak', 'nul\0', '\u202e', 'ä', 2, {}, ['aal2']];

  it.each([...INVALID, 'x'.repeat(256)])('refuse the level %j', (acr) => {
    expect(() => checkedAcr(acr)).toThrow('"acr" must be text of 1 to 255 printable ASCII characters');
  });

  it.each([...INVALID.slice(0, -1), 'x'.repeat(65)])('refuse the method %j', (method) => {
    expect(() => checkedAmr([method])).toThrow('"amr" must be a list of at most 16 texts of 1 to 64');
    expect(() => checkedAmr(method)).toThrow('"amr" must be a list');
  });

  it('refuse 17 methods, and freeze the list', () => {
    const methods = Array.from({ length: 17 }, (_, index) => `m${index}`);
    expect(() => checkedAmr(methods)).toThrow('at most 16');
    expect(Object.isFrozen(checkedAmr(methods.slice(1)))).toBe(true);
  });

  it('agree with isAcr and isAmr', () => {
    expect([isAcr('aal2'), isAcr('a b'), isAmr(['pwd']), isAmr(['a b']), isAmr('pwd')]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('suffices', () => {
  const session = { authenticatedAt: NOW - 600_000, acr: 'aal2', amr: ['pwd', 'otp'] };
  const required = (said: Partial<RequiredAssurance>): RequiredAssurance => ({
    maxAge: Infinity,
    acr: [],
    amr: [],
    ...said,
  });

  it.each<[Partial<RequiredAssurance>, boolean]>([
    [{}, true],
    [{ maxAge: 600_000 }, true],
    [{ maxAge: 599_999 }, false],
    [{ acr: ['aal2'] }, true],
    [{ acr: ['aal3', 'aal2'] }, true],
    [{ acr: ['aal1'] }, false],
    [{ amr: ['otp'] }, true],
    [{ amr: ['otp', 'pwd'] }, true],
    [{ amr: ['otp', 'hwk'] }, false],
    [{ maxAge: 600_000, acr: ['aal2'], amr: ['hwk'] }, false],
  ])('compares the session with %j: %s', (said, expected) => {
    expect(suffices(session, required(said), NOW)).toBe(expected);
  });

  it('accepts an unknown time only if no age is required, and an unknown level only if no level is', () => {
    const unknown = { authenticatedAt: null, acr: null, amr: [] };
    expect(suffices(unknown, required({}), NOW)).toBe(true);
    expect(suffices(unknown, required({ maxAge: 1e15 }), NOW)).toBe(false);
    expect(suffices(unknown, required({ acr: ['aal1'] }), NOW)).toBe(false);
  });
});

describe('afterLowering', () => {
  const session = { authenticatedAt: NOW, acr: 'aal2', amr: ['pwd', 'otp'] };

  it('removes methods only from a session that used them', () => {
    const lowered = { methods: ['otp', 'sms'], acr: 'aal1' };
    expect(afterLowering(session, lowered)).toEqual({ authenticatedAt: NOW, acr: 'aal1', amr: ['pwd'] });
    expect(afterLowering({ ...session, amr: ['pwd'] }, lowered)).toBeUndefined();
  });

  it('removes everything without methods, and returns undefined if nothing changes', () => {
    const none = { authenticatedAt: null, acr: null, amr: [] };
    expect(afterLowering(session, { acr: null })).toEqual(none);
    expect(afterLowering(none, { acr: null })).toBeUndefined();
  });
});
