import {
  credentialsMatch,
  hashSecret,
  sessionSecretHash,
  isSecret,
  isSessionId,
  mintSecret,
  mintSessionId,
  parsedSessionId,
} from '../../lib/session/credentials';
import { satisfies } from '../support/compliance';
import { aSession } from '../support/sessions';

const by = (secret: string) => ({ sessionId: '0'.repeat(32), secret });

const DASHED = '018F0D2C-7f5a-4e3b-9c1d-0123456789ab';

describe('mintSessionId', () => {
  it('returns a UUID version 7 as 32 lower-case hexadecimal digits', () => {
    const now = Date.UTC(2026, 5, 1);
    const id = mintSessionId(now);
    expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(parseInt(id.slice(0, 12), 16)).toBe(now);
    expect(isSessionId(id)).toBe(true);
  });

  it(satisfies('never returns the same id twice', 'ASVS 7.2.3'), () => {
    const ids = new Set(Array.from({ length: 100_000 }, () => mintSessionId(0)));
    expect(ids.size).toBe(100_000);
  });
});

describe('isSessionId', () => {
  it.each([
    '',
    'A'.repeat(32),
    'g'.repeat(32),
    '0'.repeat(31),
    '0'.repeat(33),
    `${'0'.repeat(32)}\n`,
    5,
    null,
    ['0'.repeat(32)],
  ])('returns false for %j', (value) => {
    expect(isSessionId(value)).toBe(false);
  });
});

describe('parsedSessionId', () => {
  it('returns a UUID with dashes or capital letters as 32 lower-case hexadecimal digits', () => {
    expect(parsedSessionId(DASHED)).toBe('018f0d2c7f5a4e3b9c1d0123456789ab');
    expect(parsedSessionId('018f0d2c7f5a4e3b9c1d0123456789ab')).toBe('018f0d2c7f5a4e3b9c1d0123456789ab');
  });

  it.each(['junk', '', undefined, null, 42, [DASHED]])('returns undefined for %j', (value) => {
    expect(parsedSessionId(value)).toBeUndefined();
  });
});

describe('mintSecret', () => {
  it(
    satisfies(
      'returns a secret of 256 random bits, never the same twice',
      'ASVS 7.2.2',
      'ASVS 7.2.3',
      'NIST 5.1 secret',
    ),
    () => {
      const secrets = Array.from({ length: 10_000 }, mintSecret);
      expect(new Set(secrets).size).toBe(10_000);
      for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(secrets.every(isSecret)).toBe(true);
    },
  );

  it('returns 128 random bits as 32 hexadecimal digits in the form hex', () => {
    expect(mintSecret('hex')).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('credentialsMatch', () => {
  it('returns false for the stored hash in the place of the secret', () => {
    const secret = mintSecret();
    expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/);
    expect(
      credentialsMatch(by(hashSecret(secret)), aSession(0, { secretHash: sessionSecretHash(secret) })),
    ).toBe(false);
  });

  it('returns true only for the secret of an existing session', () => {
    const secret = mintSecret();
    expect(credentialsMatch(by(secret), aSession(0, { secretHash: sessionSecretHash(secret) }))).toBe(true);
    expect(credentialsMatch(by(mintSecret()), aSession(0, { secretHash: sessionSecretHash(secret) }))).toBe(
      false,
    );
    expect(credentialsMatch(by(secret), undefined)).toBe(false);
  });

  it('looks up the secret with a function that gets the session', () => {
    const secret = mintSecret('hex');
    const session = aSession(0, { secretHash: sessionSecretHash(secret), clientId: 'mail' });
    const jar: Record<string, string> = { mail: secret };
    const credentials = {
      sessionId: session.sessionId,
      secret: ({ clientId }: { clientId: string | null }) => jar[clientId ?? ''],
    };
    expect(credentialsMatch(credentials, session)).toBe(true);
    expect(credentialsMatch(credentials, { ...session, clientId: 'drive' })).toBe(false);
    expect(credentialsMatch(credentials, undefined)).toBe(false);
  });

  it('returns false for a secret with one character changed, removed or added', () => {
    const secret = mintSecret();
    const session = aSession(0, { secretHash: sessionSecretHash(secret) });
    for (let at = 0; at < secret.length; at++) {
      const other = secret[at] === 'x' ? 'y' : 'x';
      for (const wrong of [other, '', `${secret[at]}${other}`]) {
        expect(credentialsMatch(by(secret.slice(0, at) + wrong + secret.slice(at + 1)), session)).toBe(false);
      }
    }
  });
});
