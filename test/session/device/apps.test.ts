import { describeDevice } from '../../../lib/session/device/describe';
import { displayName } from '../../../lib/session/i18n/messages';

const WEB_VIEW =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
const ANDROID_WEB_VIEW =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.71 Mobile Safari/537.36';
const ELECTRON = (app: string) =>
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ${app}Chrome/134.0.6998.205 Electron/35.1.5 Safari/537.36`;

describe('namedApp', () => {
  it.each([
    ['MyShop/3.1 (iPhone; iOS 17.4; Scale/3.00)', 'MyShop 3.1 on iOS 17.4', 'myshop', '3.1'],
    ['MyShop/3.1.4 (Android 14; Pixel 8)', 'MyShop 3.1 on Android 14', 'myshop', '3.1'],
    ['My%20Shop/42 CFNetwork/1490.0.4 Darwin/23.2.0', 'My Shop 42 on iOS', 'my shop', '42'],
    ['My Shop/v2.0 (iPad; iPadOS 17.4)', 'My Shop 2.0 on iOS 17.4', 'my shop', '2.0'],
    ['MyShop/3.1 okhttp/4.12.0', 'MyShop 3.1', 'myshop', '3.1'],
    ['MyShop/a1b2c3', 'MyShop', 'myshop', null],
    ['100%/1', undefined, undefined, undefined],
    ['My%ZZShop/1', 'My%ZZShop 1', 'my%zzshop', '1'],
    ['Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)', 'Android 13', undefined, undefined],
    ['Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7) MyShop/3', 'MyShop 3 on Android 13', 'myshop', '3'],
    ['okhttp/4.12.0', 'okhttp 4.12', 'okhttp', '4.12'],
    ['Dart/3.4 (dart:io)', 'Dart 3.4', 'dart', '3.4'],
    ['PostmanRuntime/7.39.0', 'PostmanRuntime 7.39', 'postmanruntime', '7.39'],
    ['curl/8.5.0', 'curl 8.5', 'curl', '8.5'],
    ['python-requests/2.32.3', 'python-requests 2.32', 'python-requests', '2.32'],
    ['Go-http-client/2.0', 'Go-http-client 2.0', 'go-http-client', '2.0'],
    ['Apache-HttpClient/4.5.14 (Java/17.0.9)', 'Apache-HttpClient 4.5', 'apache-httpclient', '4.5'],
    ['axios/1.7.9', 'axios 1.7', 'axios', '1.7'],
    ['node', 'node', 'node', null],
    ['undici', 'undici', 'undici', null],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Thunderbird/60.5.0 Lightning/6.2.5',
      'Thunderbird 60.5 on Linux',
      'thunderbird',
      '60.5',
    ],
    ['some words without a version', undefined, undefined, undefined],
    ['/1', undefined, undefined, undefined],
    ['Mozilla/5.0', undefined, undefined, undefined],
  ])('reads %s as %s, which is not a browser', (userAgent, name = 'Unknown device', client, version) => {
    const device = describeDevice(userAgent, null);
    expect(displayName(device)).toBe(name);
    expect(device).toMatchObject({ type: 'other', family: null });
    expect(device.client).toEqual(client === undefined ? null : { name: client, version });
  });
});

describe('embeddingApp', () => {
  it.each([
    [`${WEB_VIEW} MyShop/3.1`, 'MyShop 3.1 on iOS 17.5', 'unknown'],
    [`MyShop/3.1 ${WEB_VIEW}`, 'MyShop 3.1 on iOS 17.5', 'unknown'],
    [WEB_VIEW, 'App on iOS 17.5', 'unknown'],
    [`${ANDROID_WEB_VIEW} MyShop/3.1`, 'MyShop 3.1 on Android 14', 'chrome'],
    [ANDROID_WEB_VIEW, 'App on Android 14', 'chrome'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
      'App on macOS',
      'unknown',
    ],
    [ELECTRON('MyApp/1.2.3 '), 'MyApp 1.2 on Windows', 'unknown'],
    [ELECTRON(''), 'Electron 35 on Windows', 'unknown'],
  ])('keeps the type of the browser in %s, and names the app: %s', (userAgent, name, family) => {
    const device = describeDevice(userAgent, null);
    expect(displayName(device)).toBe(name);
    expect(device).toMatchObject({ type: 'browser', family });
  });
});
