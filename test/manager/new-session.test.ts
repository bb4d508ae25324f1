import { memory } from '../../lib';
import { newSession, type SignIn } from '../../lib/manager/new-session';
import { settingsOf } from '../../lib/options/settings';
import { sessionSecretHash, mintSecret } from '../../lib/session/credentials';
import { FakeClock } from '../support/clock';

const clock = new FakeClock();
const settings = settingsOf({ store: memory(), clock, nodeId: 'node-1' });
const opened = (signIn: SignIn) => newSession(signIn, 'secret', settings);

describe('newSession', () => {
  it('returns a session with the given fields in normal form, and with defaults for the others', () => {
    expect(
      opened({
        userId: 'alice',
        tenantId: 'acme',
        clientId: 'mail',
        device: 'Mobile',
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        ipAddress: '::ffff:192.0.2.1',
        staySignedIn: true,
        extraProperties: { role: 'reader' },
        data: { draft: 1 },
        authId: 'login-1',
      }),
    ).toMatchObject({
      sessionId: expect.stringMatching(/^[0-9a-f]{32}$/),
      secretHash: sessionSecretHash('secret'),
      secretIssuedAt: null,
      earlierSecretHashes: null,
      tenantId: 'acme',
      userId: 'alice',
      clientId: 'mail',
      device: 'Mobile',
      deviceInfo: 'Firefox 140 on Linux',
      ipAddresses: ['192.0.2.1'],
      staySignedIn: true,
      signedIn: clock.now(),
      lastAccessed: null,
      extraProperties: { role: 'reader' },
      data: { draft: 1 },
      authId: 'login-1',
      node: 'node-1',
      endedAt: null,
    });
    expect(opened({ userId: 'alice' })).toMatchObject({
      tenantId: null,
      clientId: null,
      device: 'Web',
      userAgent: null,
      ipAddresses: [],
      staySignedIn: false,
      extraProperties: {},
      data: {},
      authId: null,
    });
  });

  describe('the assurance', () => {
    const assuranceOf = (signIn: Partial<SignIn>) => {
      const { authenticatedAt, acr, amr } = opened({ userId: 'alice', ...signIn });
      return { authenticatedAt, acr, amr };
    };

    it('is as the app passes it, and lists each method once', () => {
      const authenticatedAt = new Date(clock.now() - 5000);
      expect(assuranceOf({ authenticatedAt, acr: 'urn:x:gold', amr: ['pwd', 'otp', 'pwd'] })).toEqual({
        authenticatedAt: clock.now() - 5000,
        acr: 'urn:x:gold',
        amr: ['pwd', 'otp'],
      });
    });

    it('has the time of the check of the credentials by default, and now without one', () => {
      const credentialsCheckedAt = new Date(clock.now() - 7000);
      expect(assuranceOf({ credentialsCheckedAt }).authenticatedAt).toBe(clock.now() - 7000);
      expect(assuranceOf({})).toEqual({ authenticatedAt: clock.now(), acr: null, amr: [] });
    });

    it('never has a time in the future', () => {
      const authenticatedAt = new Date(clock.now() + 60_000);
      expect(assuranceOf({ authenticatedAt }).authenticatedAt).toBe(clock.now());
    });

    it('has an unknown time for an impersonation, and if the app says so', () => {
      expect(assuranceOf({ actor: 'admin' }).authenticatedAt).toBeNull();
      expect(assuranceOf({ authenticatedAt: null }).authenticatedAt).toBeNull();
      const authenticatedAt = new Date(clock.now() - 1);
      expect(assuranceOf({ actor: 'admin', authenticatedAt }).authenticatedAt).toBe(clock.now() - 1);
    });

    it.each([new Date(NaN), 0, '2026-01-15'])('throws a TypeError for the time %p', (authenticatedAt) => {
      expect(() => assuranceOf({ authenticatedAt: authenticatedAt as never })).toThrow(TypeError);
    });
  });

  it('keeps the family of a secret that rotates, and none of one that stays the same', () => {
    const families = (secret: string, rotates?: boolean) =>
      newSession({ userId: 'alice' }, secret, settings, { rotates }).secretFamily;
    expect(families(mintSecret())).toHaveLength(16);
    expect(families(mintSecret(), false)).toBeNull();
    expect(families(mintSecret('hex'))).toBeNull();
  });

  it("describes the device in the app's first language", () => {
    const german = settingsOf({ store: memory(), languages: ['de', 'en'] });
    const { deviceInfo } = newSession({ userId: 'alice', userAgent: null }, 'secret', german);
    expect(deviceInfo).toBe('Unbekanntes Gerät');
  });

  it.each([{ tenantId: 5 }, { clientId: ['a'] }, { device: '' }, { authId: 'x'.repeat(129) }])(
    'throws invalid-request for %j',
    (fields) => {
      expect(() => opened({ userId: 'alice', ...fields } as SignIn)).toThrow(
        expect.objectContaining({ code: 'invalid-request' }),
      );
    },
  );

  it('throws if the user id is not a string, and suggests String(user.id)', () => {
    expect(() => opened({ userId: 7 as never })).toThrow(/write `String\(user\.id\)`/);
  });

  it('throws for a property that SignIn does not have, and lists the valid names', () => {
    expect(() => opened({ userId: 'alice', staySignedin: true } as SignIn)).toThrow(
      /^`signIn` has no `staySignedin`: pass a plain object with `userId`, .*`staySignedIn`/,
    );
  });

  it.each([
    [{}, 'Web'],
    [{ transport: 'bearer' }, 'OAuth'],
    [{ clientId: 'open-xchange-mailapp' }, 'Mobile'],
    [{ clientId: 'kiosk' }, 'Kiosk'],
    [{ clientId: 'kiosk', transport: 'bearer', device: 'Web' }, 'Web'],
  ] as const)('gives the sign-in %j the kind of device %s', (fields, device) => {
    const deviceOf = (clientId: string | null) => (clientId === 'kiosk' ? 'Kiosk' : undefined);
    const own = settingsOf({ store: memory(), deviceOf });
    expect(newSession({ userId: 'alice', ...fields }, 'secret', own).device).toBe(device);
  });

  it('gives every impersonation the kind of device Impersonation', () => {
    const own = settingsOf({ store: memory(), deviceOf: () => 'Kiosk' });
    const session = newSession({ userId: 'alice', actor: 'support', device: 'Web' }, 'secret', own);
    expect(session).toMatchObject({ actor: 'support', device: 'Impersonation' });
    expect(() => newSession({ userId: 'alice', actor: '' }, 'secret', own)).toThrow('"actor"');
  });

  it.each([null, 5, '', 'x'.repeat(65)])('throws a TypeError if deviceOf returns %j', (device) => {
    const wrong = settingsOf({ store: memory(), deviceOf: () => device as never });
    const open = () => newSession({ userId: 'alice' }, 'secret', wrong);
    expect(open).toThrow(TypeError);
    expect(open).toThrow('`deviceOf` must return a string of 1 to 64');
  });
});
