import {
  credentialsMatch,
  familyOf,
  hashSecret,
  sessionSecretHash,
  isSecret,
  isSessionId,
  mintSalt,
  mintSecret,
  mintSessionId,
  newSessionId,
  parsedSessionId,
  successorOf,
} from '../../lib/session/credentials';
import { satisfies } from '../support/compliance';
import { bucketIn, ownerBucket } from '../../lib/session/bucket';
import { ALICE, aSession } from '../support/sessions';

const by = (secret: string) => ({ sessionId: '0'.repeat(32), secret });

const DASHED = '018F0D2C-7f5a-4e3b-9c1d-0123456789ab';

describe('mintSessionId', () => {
  it('returns a UUID version 7 as 32 lower-case hexadecimal digits', () => {
    const now = Date.UTC(2026, 5, 1);
    const id = mintSessionId(now, ALICE);
    expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(parseInt(id.slice(0, 12), 16)).toBe(now);
    expect(isSessionId(id)).toBe(true);
    expect(bucketIn(id)).toBe(ownerBucket(ALICE));
  });

  it(satisfies('never returns the same id twice', 'ASVS 7.2.3'), () => {
    const ids = new Set(Array.from({ length: 100_000 }, () => mintSessionId(0, ALICE)));
    expect(ids.size).toBe(100_000);
  });
});

describe('newSessionId', () => {
  it('returns an id that names the bucket of the owner', () => {
    const id = newSessionId({ userId: 'bob', tenantId: 'acme' });
    expect(isSessionId(id)).toBe(true);
    expect(bucketIn(id)).toBe(ownerBucket({ userId: 'bob', tenantId: 'acme' }));
  });

  it('throws a TypeError without an owner', () => {
    expect(() => newSessionId(undefined as never)).toThrow('newSessionId() needs the owner');
    expect(() => newSessionId({ userId: 5 } as never)).toThrow(TypeError);
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

describe('familyOf', () => {
  it('is the same for all successors of a secret, and different for other secrets', () => {
    const first = mintSecret();
    const family = familyOf(first);
    expect(family).toMatch(/^[\0-\u00ff]{16}$/);
    let secret = first;
    for (let generation = 0; generation < 5; generation++) {
      secret = successorOf(secret, mintSalt());
      expect(familyOf(secret)).toBe(family);
    }
    expect(familyOf(mintSecret())).not.toBe(family);
  });

  it('contains no part of the secret', () => {
    const secret = mintSecret();
    const bytes = Buffer.from(secret, 'base64url').toString('latin1');
    for (let at = 0; at + 8 <= bytes.length; at++) {
      expect(familyOf(secret)).not.toContain(bytes.slice(at, at + 8));
    }
  });

  it.each([mintSecret('hex'), '', 'x', 'x'.repeat(44)])('is null for %j, which cannot rotate', (text) => {
    expect(familyOf(text)).toBeNull();
  });
});

describe('successorOf', () => {
  it('returns the same well-formed secret for the same salt, and another one for another salt or secret', () => {
    const [secret, salt] = [mintSecret(), mintSalt()];
    const next = successorOf(secret, salt);
    expect(isSecret(next)).toBe(true);
    expect(successorOf(secret, salt)).toBe(next);
    const others = [
      successorOf(secret, mintSalt()),
      successorOf(mintSecret(), salt),
      successorOf(secret),
      secret,
    ];
    for (const other of others) expect(other).not.toBe(next);
  });

  it('returns a random secret without a salt, with 128 random bits', () => {
    const secret = mintSecret();
    const successors = new Set(Array.from({ length: 1000 }, () => successorOf(secret)));
    expect(successors.size).toBe(1000);
    for (const each of successors) expect(familyOf(each)).toBe(familyOf(secret));
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
