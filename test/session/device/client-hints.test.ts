import fc from 'fast-check';

import { checkedClientHints, clientHintsOf } from '../../../lib/session/device/client-hints';
import { describeDevice, describeOxDevice } from '../../../lib/session/device/describe';
import type { Device } from '../../../lib/session/device/device';
import { displayName } from '../../../lib/session/i18n/messages';

const CHROME = (system: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36`;
const WINDOWS = CHROME('Windows NT 10.0; Win64; x64');
const MAC = CHROME('Macintosh; Intel Mac OS X 10_15_7');
const ANDROID = CHROME('Linux; Android 10; K');
const LINUX = CHROME('X11; Linux x86_64');
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const GOOGLE = '"Chromium";v="138", "Google Chrome";v="138", "Not)A;Brand";v="8"';

describe('clientHintsOf', () => {
  it('returns null for a request without hints', () => {
    expect(clientHintsOf({ headers: { 'user-agent': WINDOWS } })).toBeNull();
  });

  it('returns the hints, without the brands that all browsers have', () => {
    const headers = {
      'sec-ch-ua': GOOGLE,
      'sec-ch-ua-full-version-list': GOOGLE.replaceAll('138', '138.0.7204.50'),
      'sec-ch-ua-platform': '"Android"',
      'sec-ch-ua-platform-version': '"15.0.0"',
      'sec-ch-ua-model': '"Pixel \\"9\\""',
      'sec-ch-ua-mobile': '?1',
    };
    const hints = clientHintsOf({ headers });
    expect(hints).toEqual({
      platform: 'Android',
      platformVersion: '15.0.0',
      model: 'Pixel "9"',
      mobile: true,
      brands: [{ name: 'Google Chrome', version: '138.0.7204.50' }],
    });
    expect(Object.isFrozen(hints)).toBe(true);
  });

  it.each([
    ['', '""'],
    ['Windows', "'Windows'"],
    ['"Windows', '"Win"dows"'],
    ['"Windows", "Linux"', `"${'x'.repeat(65)}"`],
    ['"Unknown"', `"${'x'.repeat(600)}"`],
    ['"a\tb"', '"gr\u00fcn"'],
  ])('ignores the malformed platforms %j and %j', (one, other) => {
    expect(clientHintsOf({ headers: { 'sec-ch-ua-platform': one } })).toBeNull();
    expect(clientHintsOf({ headers: { 'sec-ch-ua-platform': other } })).toBeNull();
  });

  it('ignores malformed values of the other hints', () => {
    const headers = {
      'sec-ch-ua': 'Chrome',
      'sec-ch-ua-mobile': '1',
      'sec-ch-ua-model': ['"a"', '"b"'],
      'sec-ch-ua-platform-version': '15.0.0',
    };
    expect(clientHintsOf({ headers })).toBeNull();
  });

  it('returns printable short text for any headers', () => {
    const names = ['', '-platform', '-platform-version', '-model', '-mobile', '-full-version-list'];
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `"${text}"`),
      fc.constant(GOOGLE),
    );
    fc.assert(
      fc.property(fc.array(header, { minLength: 6, maxLength: 6 }), (values) => {
        const headers = Object.fromEntries(names.map((name, index) => [`sec-ch-ua${name}`, values[index]]));
        expect(JSON.stringify(clientHintsOf({ headers }))).toMatch(/^[ -~]{1,1000}$/);
      }),
    );
  });
});

describe('checkedClientHints', () => {
  it.each([
    null,
    undefined,
    5,
    'text',
    [],
    {},
    { platform: 5, brands: {} },
    { brands: [null, 5, {}] },
    { model: 'x'.repeat(65) },
  ])('returns null for %j', (given) => {
    expect(checkedClientHints(given)).toBeNull();
  });

  it('omits unknown members', () => {
    expect(checkedClientHints({ platform: 'Linux', more: 'x' })).toEqual({ platform: 'Linux' });
  });
});

describe('describeDevice with client hints', () => {
  const described = (userAgent: string, hints: Record<string, string>): Device =>
    describeDevice(
      userAgent,
      null,
      clientHintsOf({
        headers: Object.fromEntries(
          Object.entries(hints).map(([name, value]) => [`sec-ch-ua${name}`, value]),
        ),
      }),
    );

  it.each([
    [WINDOWS, { '-platform': '"Windows"' }, 'Chrome 138 on Windows', null],
    [
      WINDOWS,
      { '-platform': '"Windows"', '-platform-version': '"15.0.0"' },
      'Chrome 138 on Windows 11',
      '11',
    ],
    [
      WINDOWS,
      { '-platform': '"Windows"', '-platform-version': '"13.0.0"' },
      'Chrome 138 on Windows 11',
      '11',
    ],
    [
      WINDOWS,
      { '-platform': '"Windows"', '-platform-version': '"10.0.0"' },
      'Chrome 138 on Windows 10',
      '10.0',
    ],
    [
      WINDOWS,
      { '-platform': '"Windows"', '-platform-version': '"1.0.0"' },
      'Chrome 138 on Windows 10',
      '10.0',
    ],
    [
      WINDOWS,
      { '-platform': '"Windows"', '-platform-version': '"0.3.0"' },
      'Chrome 138 on Windows 8.1',
      '6.3',
    ],
    [WINDOWS, { '-platform': '"Windows"', '-platform-version': '"0.1"' }, 'Chrome 138 on Windows 7', '6.1'],
    [WINDOWS, { '-platform': '"Windows"', '-platform-version': '"junk"' }, 'Chrome 138 on Windows', null],
    [MAC, { '-platform': '"macOS"', '-platform-version': '"15.5.0"' }, 'Chrome 138 on macOS 15.5', '15.5'],
    [MAC, { '-platform': '"macOS"', '-platform-version': '"26.0.0"' }, 'Chrome 138 on macOS 26', '26'],
    [
      ANDROID,
      { '-platform': '"Android"', '-platform-version': '"15.0.0"', '-model': '"Pixel 9"' },
      'Chrome 138 on Android 15 (Pixel 9)',
      '15',
    ],
    [
      LINUX,
      { '-platform': '"Linux"', '-platform-version': '"6.8.0"', '-model': '""' },
      'Chrome 138 on Linux',
      null,
    ],
    [LINUX, { '-platform': '"Chrome OS"' }, 'Chrome 138 on ChromeOS', null],
    [LINUX, { '-platform': '"Fuchsia"' }, 'Chrome 138 on Fuchsia', null],
  ])('reads the system of %s with %j as %s', (userAgent, hints, name, version) => {
    const device = described(userAgent, hints);
    expect([displayName(device), device.os!.version, device.type]).toEqual([name, version, 'browser']);
  });

  it.each([
    [WINDOWS, GOOGLE, 'Chrome 138 on Windows', 'chrome'],
    [WINDOWS, GOOGLE.replace('Google Chrome', 'Brave'), 'Brave 138 on Windows', 'chrome'],
    [
      `${WINDOWS} Edg/138.0.0.0`,
      GOOGLE.replace('Google Chrome', 'Microsoft Edge'),
      'Edge 138 on Windows',
      'edge',
    ],
    [WINDOWS, '"Chromium";v="138", "Not)A;Brand";v="8"', 'Chrome 138 on Windows', 'chrome'],
    [FIREFOX, GOOGLE, 'Firefox 140 on Linux', 'firefox'],
  ])('reads the browser of %s with %s as %s', (userAgent, brands, name, family) => {
    const device = described(userAgent, { '': brands });
    expect([displayName(device), device.family]).toEqual([name, family]);
  });

  it('keeps the names of the Open-Xchange conversion, with the exact system', () => {
    const hints = clientHintsOf({
      headers: {
        'sec-ch-ua': GOOGLE.replace('Google Chrome', 'Brave'),
        'sec-ch-ua-platform': '"Windows"',
        'sec-ch-ua-platform-version': '"15.0.0"',
        'sec-ch-ua-model': '"Model"',
      },
    });
    expect(displayName(describeOxDevice(WINDOWS, 'open-xchange-appsuite', hints))).toBe(
      'OX App Suite, Chrome 138 on Windows 11',
    );
    expect(displayName(describeOxDevice(WINDOWS, null, hints))).toBe('Unknown device');
  });
});
