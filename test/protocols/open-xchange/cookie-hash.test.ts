import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { cookieHasher } from '../../../lib/protocols/open-xchange/cookie-hash';

const SALT = 'replaceMe1234567890';
const FIREFOX_70 = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:70.0) Gecko/20100101 Firefox/70.0';
const FIREFOX_4 = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.6; rv:2.0.1) Gecko/20100101 Firefox/4.0.1';

describe('the cookie hash', () => {
  it.each([
    [SALT, { userAgent: FIREFOX_70, client: 'open-xchange-appsuite', values: [] }, 'IaxgQLSrL7j1zE1Yceasg'],
    [SALT, { userAgent: FIREFOX_70, client: null, values: ['1', '3'] }, 'OF7B6xxx3jbjvxmcsELGdA'],
    [
      '',
      { userAgent: FIREFOX_4, client: 'com.openexchange.ox.gui.dhtml', values: [] },
      '2H65ETpH7sX1kOWi6eyw',
    ],
  ])('equals the published hash for salt %j and %j', (salt, request, expected) => {
    expect(cookieHasher(salt)(request)).toBe(expected);
  });

  it('contains only characters that are valid in a name, and is equal when it comes from the cache', () => {
    const hash = cookieHasher(SALT);
    for (let i = 0; i < 500; i++) {
      const request = { userAgent: `agent ${i}`, client: 'c', values: [] };
      expect(hash(request)).toMatch(/^\w{1,22}$/);
      expect(hash(request)).toBe(hash(request));
    }
  });

  it('of a long text is equal each time and does not keep the text in memory', () => {
    const hash = cookieHasher(SALT);
    const send = (client: string) => hash({ userAgent: FIREFOX_70, client, values: [] });
    const before = heapUsed();
    for (let i = 0; i < 1000; i++) expect(send('x'.repeat(60_000) + i)).toMatch(/^\w{1,22}$/);
    expect(heapUsed() - before).toBeLessThan(20_000_000);
    expect(send('x'.repeat(60_000))).toBe(send('x'.repeat(60_000)));
    expect(send('x'.repeat(60_000))).not.toBe(send('x'.repeat(60_001)));
  });

  it('of a short slice does not keep the long text in memory', () => {
    const hash = cookieHasher('');
    const before = heapUsed();
    for (let i = 0; i < 1000; i++) {
      const form = `${'x'.repeat(60_000)}&client=${String(i).padStart(20, '0')}`;
      hash({ userAgent: '', client: form.slice(-20), values: [] });
    }
    expect(heapUsed() - before).toBeLessThan(20_000_000);
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
