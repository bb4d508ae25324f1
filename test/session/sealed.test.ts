import { mintKey, type Key } from '../../lib/session/keyed-hash';
import { sealed, unsealed } from '../../lib/session/sealed';

const keys =
  (...all: [Key, ...Key[]]) =>
  () =>
    all;

describe('a sealed object', () => {
  const key = mintKey();
  const value = { user: 'alice', until: 1 };

  it('is opened with the same key for the same purpose', async () => {
    const text = await sealed(keys(key), 'login', value);
    expect(text).toMatch(/^[\w-]+$/);
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('alice');
    expect(await unsealed(keys(key), 'login', text)).toEqual(value);
  });

  it('is opened with an older key, so that keys can be replaced', async () => {
    const text = await sealed(keys(key), 'login', value);
    expect(await unsealed(keys(mintKey(), key), 'login', text)).toEqual(value);
  });

  it('has another text each time', async () => {
    expect(await sealed(keys(key), 'login', value)).not.toBe(await sealed(keys(key), 'login', value));
  });

  it('is not opened with another key or for another purpose', async () => {
    const text = await sealed(keys(key), 'login', value);
    expect(await unsealed(keys(mintKey()), 'login', text)).toBeUndefined();
    expect(await unsealed(keys(key), 'other', text)).toBeUndefined();
  });

  it('is not opened if a single bit was changed or the end is missing', async () => {
    const bytes = Buffer.from(await sealed(keys(key), 'login', value), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(await unsealed(keys(key), 'login', changed.toString('base64url'))).toBeUndefined();
      expect(await unsealed(keys(key), 'login', bytes.subarray(0, at).toString('base64url'))).toBeUndefined();
    }
  });

  it.each([
    ['empty text', ''],
    ['short text', 'x'],
    ['text of 32 zeros', '0'.repeat(32)],
    ['very long text', 'x'.repeat(100_000)],
    ['other characters', '\0\u{1F600}'],
  ])('is not opened from %s', async (_, text) => {
    expect(await unsealed(keys(key), 'login', text)).toBeUndefined();
  });
});
