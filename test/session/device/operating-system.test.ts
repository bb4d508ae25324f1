import { describeDevice, describeOxDevice } from '../../../lib/session/device/describe';

const ON = (system: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36`;

describe('operatingSystem', () => {
  it.each([
    ['Windows NT 6.0', 'windows', '6.0', 'Windows Vista'],
    ['Windows NT 6.1; WOW64', 'windows', '6.1', 'Windows 7'],
    ['Windows NT 6.2; WOW64', 'windows', '6.2', 'Windows 8'],
    ['Windows NT 6.2; ARM', 'windows', '6.2', 'Windows 8'],
    ['Windows NT 6.3', 'windows', '6.3', 'Windows 8.1'],
    ['Windows NT 10.0; Win64; x64', 'windows', '10.0', 'Windows 10'],
    ['Windows NT 5.1', 'windows', '5.1', 'Windows 5.1'],
    ['Windows NT 11.2', 'windows', '11.2', 'Windows 11.2'],
    ['Windows; U; Win98', 'windows', '98', 'Windows 98'],
    ['Macintosh; Intel Mac OS X 10_13_6', 'macos', '10.13', 'macOS 10.13'],
    ['Macintosh; Intel Mac OS X 10_12', 'macos', '10.12', 'macOS 10.12'],
    ['Macintosh; Intel Mac OS X 14.2', 'macos', '14.2', 'macOS 14.2'],
    ['Macintosh; Intel Mac OS X 10_11_6', 'macos', '10.11', undefined],
    ['Macintosh; U; PPC Mac OS X; en', 'macos', null, 'MacOS X'],
    ['Linux; Android 8.1.0; Pixel', 'android', '8.1', 'Android 8.1'],
    ['Linux; Android 10; SM-G960F', 'android', '10', 'Android 10'],
    ['Linux; Android; Pixel', 'android', null, 'Android'],
    ['X11; Linux x86_64', 'linux', null, 'Linux'],
    ['X11; Ubuntu; Linux x86_64', 'linux', null, 'Linux'],
    ['X11; Fedora; Linux x86_64', 'linux', null, 'Linux'],
    ['X11; Linux x86_64; Debian 12.1', 'linux', null, 'Linux'],
    ['iPhone; CPU iPhone OS 12_1_4 like Mac OS X', 'ios', '12.1', 'iOS 12.1'],
    ['iPad; CPU OS 9_3 like Mac OS X', 'ios', '9.3', 'iOS 9.3'],
    ['X11; CrOS x86_64 13904.97.0', 'chromeos', '13904.97', 'ChromeOS 13904.97'],
    ['X11; FreeBSD amd64', 'freebsd', null, 'FreeBSD'],
  ])('reads %s as %s %s with the name %s', (system, name, version, label) => {
    const device = describeOxDevice(ON(system), 'open-xchange-appsuite');
    expect(device.os).toEqual({ name, version });
    expect(device.name.system).toBe(label);
  });

  it.each([
    ['App/1.0 (com.example; build:1; iOS 17.5.0) Alamofire/5', 'ios', '17.5'],
    ['App/1.0 (iPad; iPadOS 16; Scale/2.00)', 'ios', '16'],
    ['App/1.0 (Macintosh; macOS 14.2)', 'macos', '14.2'],
    ['App/1 CFNetwork/1410 Darwin/22.1.0', 'ios', null],
    ['Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)', 'android', '13'],
  ])('finds the operating system in the user agent of an app: %s', (userAgent, name, version) => {
    expect(describeDevice(userAgent, null).os).toEqual({ name, version });
  });

  it.each(['CriOS/118', 'FxiOS/140.0', 'EdgiOS/138.0.3351.65'])(
    'returns iOS for a browser of iPads that asks for the desktop site: %s',
    (browser) => {
      const userAgent = `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_5) AppleWebKit/605.1.15 (KHTML, like Gecko) ${browser} Version/11.1.1 Safari/605.1.15`;
      const { os, name } = describeDevice(userAgent, null);
      expect([os, name.system]).toEqual([{ name: 'ios', version: null }, 'iOS']);
    },
  );

  it('returns null if the user agent names no operating system', () => {
    expect(describeDevice('curl/8.5.0', null).os).toBeNull();
    expect(describeDevice('axios 1.2', null).os).toBeNull();
  });
});
