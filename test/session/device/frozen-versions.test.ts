import { describeDevice, describeOxDevice } from '../../../lib/session/device/describe';
import { displayName } from '../../../lib/session/i18n/messages';

const CHROME = (system: string, version: number, mobile = '') =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0${mobile} Safari/537.36`;
const FIREFOX = (system: string, version: number) =>
  `Mozilla/5.0 (${system}; rv:109.0) Gecko/20100101 Firefox/${version}.0`;
const SAFARI = (system: string, version: string, build = '') =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) ${version}${build} Safari/605.1.15`;
const PHONE = (os: string, version = '') =>
  SAFARI(`iPhone; CPU iPhone OS ${os} like Mac OS X`, version, ' Mobile/15E148');

const WINDOWS = 'Windows NT 10.0; Win64; x64';
const MAC = 'Macintosh; Intel Mac OS X 10_15_7';

describe('knownVersion', () => {
  it.each([
    ['Chrome on Windows 11', CHROME(WINDOWS, 138), 'Chrome 138 on Windows'],
    ['Firefox on Windows 11', FIREFOX(WINDOWS, 140), 'Firefox 140 on Windows'],
    [
      'Internet Explorer mode on Windows 11',
      `Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko`,
      'Internet Explorer 11 on Windows',
    ],
    ['Safari on a Mac', SAFARI(MAC, 'Version/26.0'), 'Safari 26 on macOS'],
    [
      'Safari on an iPad in desktop mode',
      SAFARI('Macintosh; Intel Mac OS X 10_15', 'Version/13.0'),
      'Safari 13 on macOS',
    ],
    ['Chrome on a Mac', CHROME(MAC, 138), 'Chrome 138 on macOS'],
    ['Firefox on a Mac', FIREFOX('Macintosh; Intel Mac OS X 10.15', 140), 'Firefox 140 on macOS'],
    ['Firefox on macOS 11', FIREFOX('Macintosh; Intel Mac OS X 10.16', 85), 'Firefox 85 on macOS'],
    ['Chrome on Android', CHROME('Linux; Android 10; K', 138, ' Mobile'), 'Chrome 138 on Android'],
    ['Firefox on Android', FIREFOX('Android 10; Mobile', 122), 'Firefox 122 on Android'],
    ['Chrome on ChromeOS', CHROME('X11; CrOS x86_64 14541.0.0', 138), 'Chrome 138 on ChromeOS'],
    ['a browser without a version of its own on iOS 26', PHONE('18_7', 'FxiOS/144.0'), 'Firefox 144 on iOS'],
  ])('omits the version that %s sends on every device', (_who, userAgent, name) => {
    const device = describeDevice(userAgent, null);
    expect(displayName(device)).toBe(name);
    expect(device.os!.version).toBeNull();
    expect(describeOxDevice(userAgent, 'open-xchange-appsuite').os).toEqual(device.os);
  });

  it.each([
    ['iOS 26.0', PHONE('18_6', 'Version/26.0'), 'Mobile Safari 26 on iOS 26.0'],
    ['iOS 26.2', PHONE('18_7', 'Version/26.2'), 'Mobile Safari 26 on iOS 26.2'],
    ['iOS 26.1', PHONE('18_6_2', 'Version/26.1'), 'Mobile Safari 26 on iOS 26.1'],
  ])('takes %s from the version of Safari', (_what, userAgent, name) => {
    expect(displayName(describeDevice(userAgent, null))).toBe(name);
  });

  it.each([
    [CHROME(WINDOWS, 94), 'Chrome 94 on Windows 10'],
    [FIREFOX(WINDOWS, 92), 'Firefox 92 on Windows 10'],
    [CHROME('Windows NT 6.1', 109), 'Chrome 109 on Windows 7'],
    [CHROME(MAC, 89), 'Chrome 89 on macOS 10.15'],
    [CHROME('Macintosh; Intel Mac OS X 11_2_3', 89), 'Chrome 89 on macOS 11.2'],
    [FIREFOX('Macintosh; Intel Mac OS X 10.15', 86), 'Firefox 86 on macOS 10.15'],
    [CHROME('Linux; Android 10; SM-G960F', 109, ' Mobile'), 'Chrome 109 on Android 10'],
    [FIREFOX('Android 10; Mobile', 121), 'Firefox 121 on Android 10'],
    [FIREFOX('Android 15; Mobile', 140), 'Firefox 140 on Android 15'],
    [PHONE('18_6', 'Version/18.6'), 'Mobile Safari 18 on iOS 18.6'],
    [PHONE('17_5', 'Version/17.5'), 'Mobile Safari 17 on iOS 17.5'],
  ])('returns the version of %s', (userAgent, name) => {
    expect(displayName(describeDevice(userAgent, null))).toBe(name);
  });

  it('returns the version that an app of iOS 18.6 states itself', () => {
    expect(describeDevice('MyShop/3.1 (iPhone; iOS 18.6; Scale/3.00)', null).os).toEqual({
      name: 'ios',
      version: '18.6',
    });
  });
});
