import { describeDevice } from '../../../lib/session/device/describe';

const WEBKIT = (rest: string) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ${rest}`;
const TRIDENT = (rest: string) => `Mozilla/5.0 (compatible; ${rest})`;

describe('describeDevice for browsers', () => {
  it.each([
    ['chrome', WEBKIT('Chrome/65.0.3325.181 Safari/537.36'), 'chrome 65'],
    ['chrome', WEBKIT('Chrome/65.0.3325.109 Mobile Safari/537.36'), 'chrome 65'],
    ['chrome', WEBKIT('CriOS/70.0.3538.75 Mobile/15E148 Safari/605.1'), 'chrome 70'],
    ['chrome', WEBKIT('HeadlessChrome/120.0.0.0 Safari/537.36'), 'chrome headless 120'],
    ['chromium', WEBKIT('Ubuntu Chromium/65.0.3325.181 Chrome/65.0.3325.181 Safari/537.36'), 'chromium 65'],
    ['firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0', 'firefox 60'],
    ['firefox', WEBKIT('FxiOS/14.0 Mobile/15E148 Safari/605.1.15'), 'firefox 14'],
    ['opera', WEBKIT('Chrome/100.0.0.0 Safari/537.36 OPR/86.0.4363.23'), 'opera 86'],
    ['opera', 'Opera/9.80 (X11; Linux x86_64) Presto/2.12.388 Version/12.16', 'opera 12'],
    [
      'opera',
      'Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16',
      'opera mini 36',
    ],
    [
      'opera',
      'Opera/9.80 (Android 4.4; Linux; Opera Mobi/ADR-1) Presto/2.11.355 Version/12.10',
      'opera mobi 12',
    ],
    ['safari', WEBKIT('Version/11.1 Safari/605.1.15'), 'safari 11'],
    ['unknown', WEBKIT('Version/12.0 Mobile/15E148 Safari/604.1'), 'mobile safari 12'],
    ['unknown', WEBKIT('SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36'), 'samsung internet 23'],
    ['unknown', WEBKIT('Chrome/100.0.0.0 Safari/537.36 Vivaldi/5.2'), 'vivaldi 5'],
    ['edge', WEBKIT('Chrome/64.0.3282.140 Safari/537.36 Edge/17.17134'), 'edge'],
    ['edge', WEBKIT('Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0'), 'edge 120'],
    ['msie', 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko', 'internet explorer 11'],
    [
      'msie',
      'Mozilla/5.0 (IE 11.0; Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko',
      'internet explorer 11',
    ],
    ['msie', TRIDENT('MSIE 9.0; Windows NT 6.1; Trident/5.0'), 'internet explorer 9'],
  ])('returns the family %s for %s', (family, userAgent, client) => {
    const device = describeDevice(userAgent, null);
    expect(device.type).toBe('browser');
    expect([device.family, [device.client!.name, device.client!.version].filter(Boolean).join(' ')]).toEqual([
      family,
      client,
    ]);
  });

  it.each([
    'Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Thunderbird/60.5.0 Lightning/6.2.5',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Open-Xchange USM HTTP Client',
    'python-requests/2.31.0',
    'okhttp/4.9.3',
  ])('describes %s as a program that is not a browser', (userAgent) => {
    expect(describeDevice(userAgent, null)).toMatchObject({ type: 'other', family: null });
  });

  it('returns null for a version that is not a plausible number', () => {
    expect(describeDevice(`Firefox/${'9'.repeat(400)}`, null).client).toEqual({
      name: 'firefox',
      version: null,
    });
    expect(describeDevice('Firefox/x', null).client).toEqual({ name: 'firefox', version: null });
  });
});
