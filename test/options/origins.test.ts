import { memory } from '../../lib';
import { originList } from '../../lib/options/origins';
import { settingsOf } from '../../lib/options/settings';

describe('originList', () => {
  it.each([
    'https://www.example.com',
    'https://www.example.com:8443',
    'http://localhost:3000',
    'http://[::1]:3000',
    'https://xn--bcher-kva.example',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://.',
    'app://obsidian.md',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://7e1b2c3d-4f5a-6789-abcd-ef0123456789',
    'safari-web-extension://7E1B2C3D-4F5A-6789-ABCD-EF0123456789',
  ])('accepts %s, which browsers send in this form', (origin) => {
    expect(originList([origin])).toEqual([origin]);
  });

  it.each([
    ['https://www.example.com/', 'https://www.example.com'],
    ['https://www.example.com/app?a=b#c', 'https://www.example.com'],
    ['https://App.example.com', 'https://app.example.com'],
    ['HTTPS://app.example.com', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80', 'http://app.example.com'],
    ['https://b\u00fccher.example', 'https://xn--bcher-kva.example'],
    ['http://127.1', 'http://127.0.0.1'],
    ['capacitor://localhost/', 'capacitor://localhost'],
    ['Capacitor://localhost', 'capacitor://localhost'],
    ['chrome-extension://abcdefghijklmnop/popup.html', 'chrome-extension://abcdefghijklmnop'],
  ])('refuses %s, which can never match, and shows the form that browsers send', (origin, sent) => {
    expect(() => originList([origin])).toThrow(
      new TypeError(`browsers never send ${JSON.stringify(origin)}: write ${JSON.stringify(sent)}`),
    );
  });

  it.each([
    'www.example.com',
    'example.com:443',
    '//example.com',
    'https://',
    'https:example.com',
    'https://user@example.com',
    'https://a b',
    'https://example.com:99999',
    'file:///index.html',
    'file://host',
    'ws://example.com',
    'wss://example.com',
    'data:text/html,a',
    'capacitor://',
    'app://user@host',
    '',
  ])('refuses %j, which is not the origin of a page', (origin) => {
    expect(() => originList([origin])).toThrow(
      new TypeError(
        `${JSON.stringify(origin)} is not the origin of a page: write scheme and host, such as "https://www.example.com"`,
      ),
    );
  });

  it.each(['https://*.example.com', '*', 'https://*', 'chrome-extension://*'])(
    'refuses the wildcard %s and asks for a list',
    (origin) => {
      expect(() => originList([origin])).toThrow(`"${origin}" contains "*": list each origin`);
    },
  );

  it('refuses "null", which would allow pages of any site', () => {
    expect(() => originList(['null'])).toThrow('browsers send "null" for pages of any site: leave it out');
  });

  it.each(['https://example.com', [5], [undefined], {}, () => true])(
    'refuses %p, which is not a list',
    (given) => {
      expect(() => originList(given)).toThrow(
        'it must be a list of origins, such as "https://www.example.com"',
      );
    },
  );

  it('is the check of the option `origins` of the manager', () => {
    expect(() => settingsOf({ store: memory(), origins: ['https://*.example.com'] })).toThrow(
      '`origins` is ["https://*.example.com"]: "https://*.example.com" contains "*"',
    );
  });
});
