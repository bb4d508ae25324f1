import { cookieHasher } from '../../../lib/dialects/open-xchange/cookie-hash';

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
  ])('with salt %j of %j is the published one', (salt, request, expected) => {
    expect(cookieHasher(salt)(request)).toBe(expected);
  });

  it('holds nothing that a name cannot hold, and is the same when it is remembered', () => {
    const hash = cookieHasher(SALT);
    for (let i = 0; i < 500; i++) {
      const request = { userAgent: `agent ${i}`, client: 'c', values: [] };
      expect(hash(request)).toMatch(/^\w{1,22}$/);
      expect(hash(request)).toBe(hash(request));
    }
  });
});
