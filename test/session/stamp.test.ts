import { stampExpiry, stampOf } from '../../lib/session/stamp';

const KEY = 'k'.repeat(32);
const NOW = Date.UTC(2026, 0, 15);
const about = { purpose: 'test', subject: 'session 1' };
const stamp = stampOf(KEY, { ...about, expires: NOW + 1000 });

const expiry = (text: string, changes: object = {}) =>
  stampExpiry([KEY], text, { ...about, now: NOW, ...changes });

describe('stamps', () => {
  it('are recognized until they expire', () => {
    expect(expiry(stamp)).toBe(NOW + 1000);
    expect(expiry(stamp, { now: NOW + 999 })).toBe(NOW + 1000);
    expect(expiry(stamp, { now: NOW + 1000 })).toBeUndefined();
  });

  it('are recognized with older keys', () => {
    expect(stampExpiry(['n'.repeat(32), KEY], stamp, { ...about, now: NOW })).toBe(NOW + 1000);
    expect(stampExpiry(['n'.repeat(32)], stamp, { ...about, now: NOW })).toBeUndefined();
  });

  it('are worthless for another purpose, another subject or a later time', () => {
    expect(expiry(stamp, { purpose: 'another' })).toBeUndefined();
    expect(expiry(stamp, { subject: 'session 2' })).toBeUndefined();
    const [time, hash] = stamp.split('.') as [string, string];
    const later = (Number.parseInt(time, 36) + 1_000_000).toString(36);
    expect(expiry(`${later}.${hash}`)).toBeUndefined();
  });

  it.each(['', '.', 'x', stamp.slice(0, -1), `${stamp}0`, stamp.toUpperCase(), ` ${stamp}`, 'ü'.repeat(70)])(
    'do not include %j',
    (text) => {
      expect(expiry(text)).toBeUndefined();
    },
  );

  it('fit into cookies and into strings of headers', () => {
    expect(stamp).toMatch(/^[0-9a-z.]+$/);
  });
});
