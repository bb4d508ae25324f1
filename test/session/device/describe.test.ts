import fc from 'fast-check';

import { translationsOf, messagesFor } from '../../../lib/session/i18n/translations';
import { describeDevice, describeOxDevice, memoized } from '../../../lib/session/device/describe';
import type { Device } from '../../../lib/session/device/device';
import { displayName } from '../../../lib/session/i18n/messages';
import { anyCharacter } from '../../support/text';

const GERMAN = messagesFor('de');

const APPSUITE = 'open-xchange-appsuite';
const OX6 = 'com.openexchange.ox.gui.dhtml';

const CHROME = (system: string, version = '65.0.3325.181') =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;
const FIREFOX = (system: string, version = '140.0') =>
  `Mozilla/5.0 (${system}; rv:${version}) Gecko/20100101 Firefox/${version}`;
const SAFARI = (system: string, version = '13.0') =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`;

const ON_LINUX = CHROME('X11; Linux x86_64');
const ON_WINDOWS_10 = 'Windows NT 10.0; Win64; x64';
const OLD_EDGE = `${CHROME(ON_WINDOWS_10, '64.0.3282.140')} Edge/17.17134`;
const NEW_EDGE = `${CHROME(ON_WINDOWS_10, '120.0.0.0')} Edg/120.0.0.0`;
const IE_11 = 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';

/** Returns the device as one line: `os version / client version / type / family`. */
function inShort({ os, client, type, family }: Device): string {
  const product = (each: Device['os']) => [each?.name ?? '–', each?.version].filter(Boolean).join(' ');
  return [product(os), product(client), type, family ?? '–'].join(' / ');
}

describe('describeDevice and describeOxDevice', () => {
  it('return the published examples of Open-Xchange', () => {
    const device = describeOxDevice(ON_LINUX, APPSUITE);
    expect(displayName(device)).toBe('OX App Suite, Chrome 65 on Linux');
    expect(displayName(device, GERMAN)).toBe('OX App Suite, Chrome 65 auf Linux');
    expect(inShort(device)).toBe('linux / chrome 65 / browser / chrome');
    expect(device.os).toEqual({ name: 'linux', version: null });
    expect(device.client).toEqual({ name: 'chrome', version: '65' });

    const activeSync = describeOxDevice('Open-Xchange USM HTTP Client', 'USM-EAS');
    expect(displayName(activeSync)).toBe('Microsoft Exchange ActiveSync Client');
    expect(displayName(activeSync, GERMAN)).toBe('Microsoft Exchange ActiveSync Client');
    expect(activeSync).toMatchObject({ os: null, client: null, type: 'eas', family: 'usmeasclient' });
  });

  it.each([
    [
      APPSUITE,
      FIREFOX(ON_WINDOWS_10, '70.0'),
      'OX App Suite, Firefox 70 on Windows 10',
      'OX App Suite, Firefox 70 auf Windows 10',
      'windows 10.0 / firefox 70 / browser / firefox',
    ],
    [
      APPSUITE,
      OLD_EDGE,
      'OX App Suite, Edge on Windows 10',
      'OX App Suite, Edge auf Windows 10',
      'windows 10.0 / edge / browser / edge',
    ],
    [
      APPSUITE,
      IE_11,
      'OX App Suite, Internet Explorer 11 on Windows 7',
      'OX App Suite, Internet Explorer 11 auf Windows 7',
      'windows 6.1 / internet explorer 11 / browser / msie',
    ],
    [
      APPSUITE,
      SAFARI('Macintosh; Intel Mac OS X 10_13_6'),
      'OX App Suite, Safari 13 on macOS 10.13',
      'OX App Suite, Safari 13 auf macOS 10.13',
      'macos 10.13 / safari 13 / browser / safari',
    ],
    [APPSUITE, null, 'OX App Suite', 'OX App Suite', '– / – / browser / unknown'],
    [
      'OpenXchange.Android.OXDrive',
      'anything',
      'OX Drive on Android',
      'OX Drive auf Android',
      'android / ox drive / oxapp / oxdriveapp',
    ],
    [
      'WEBDAV_INFOSTORE',
      'gvfs/1.36.1',
      'Nautilus/Nemo/Thunar/Caja (WebDAV)',
      'Nautilus/Nemo/Thunar/Caja (WebDAV)',
      'linux / Nautilus/Nemo/Thunar/Caja (WebDAV) / dav / webdav',
    ],
    ['my-script', 'anything', 'Unknown device', 'Unbekanntes Gerät', '– / – / other / –'],
    ['my-script', ON_LINUX, 'Unknown device', 'Unbekanntes Gerät', '– / – / other / –'],
    [null, ON_LINUX, 'Unknown device', 'Unbekanntes Gerät', '– / – / other / –'],
  ])(
    'describe the client %s with the user agent %j as %s for Open-Xchange',
    (client, userAgent, english, german, short) => {
      const device = describeOxDevice(userAgent, client);
      expect([displayName(device), displayName(device, GERMAN), inShort(device)]).toEqual([
        english,
        german,
        short,
      ]);
    },
  );

  it.each([
    [OX6, ON_LINUX, 'OX6 UI, Chrome 65 on Linux', 'OX6 UI, Chrome 65 auf Linux'],
    [OX6, '', 'OX6 UI', 'OX6 UI'],
    [APPSUITE, OLD_EDGE.replace(ON_WINDOWS_10, ''), 'OX App Suite, Edge', 'OX App Suite, Edge'],
    [APPSUITE, CHROME(''), 'OX App Suite, Chrome 65', 'OX App Suite, Chrome 65'],
    [APPSUITE, 'Dalvik/2.1.0 (Linux; U; Android 13)', 'OX App Suite', 'OX App Suite'],
  ])(
    'for the client %s leave out the parts that the user agent %j does not name: %s',
    (client, userAgent, english, german) => {
      const device = describeOxDevice(userAgent, client);
      expect([displayName(device), displayName(device, GERMAN)]).toEqual([english, german]);
    },
  );

  it.each([
    ['my-app', ON_LINUX, 'Chrome 65 on Linux', 'linux / chrome 65 / browser / chrome'],
    [
      null,
      FIREFOX('X11; Ubuntu; Linux x86_64'),
      'Firefox 140 on Linux',
      'linux / firefox 140 / browser / firefox',
    ],
    [null, FIREFOX(ON_WINDOWS_10), 'Firefox 140 on Windows', 'windows / firefox 140 / browser / firefox'],
    [null, IPHONE, 'Mobile Safari 17 on iOS 17.5', 'ios 17.5 / mobile safari 17 / browser / unknown'],
    [null, NEW_EDGE, 'Edge 120 on Windows', 'windows / edge 120 / browser / edge'],
    [null, 'Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)', 'Android 13', 'android 13 / – / other / –'],
    [
      null,
      'App/1.0 (com.example; build:1; iOS 17.5.0) Alamofire/5',
      'App 1.0 on iOS 17.5',
      'ios 17.5 / app 1.0 / other / –',
    ],
    [null, 'curl/8.5.0', 'curl 8.5', '– / curl 8.5 / other / –'],
    [null, '', 'Unknown device', '– / – / other / –'],
    [null, null, 'Unknown device', '– / – / other / –'],
  ])('for the unknown client id %s describe the user agent %j as %s', (client, userAgent, english, short) => {
    const device = describeDevice(userAgent, client);
    expect([displayName(device), inShort(device)]).toEqual([english, short]);
  });

  it.each([
    [APPSUITE, ON_LINUX],
    ['OpenXchange.iosClient.OXDrive', 'x'],
    ['CALDAV', 'DAVdroid/1.9'],
    ['USM-EAS', null],
    ['OpenXchange.HTTPClient.OXAddIn', IE_11],
  ])('return the same device for the client %s', (client, userAgent) => {
    expect(describeDevice(userAgent, client)).toEqual(describeOxDevice(userAgent, client));
  });

  it.each([
    [NEW_EDGE, 'chrome', 'OX App Suite, Chrome 120 on Windows'],
    [
      `${CHROME('Linux; Android 10; K', '120.0.0.0')} EdgA/120.0.2210.61`,
      'chrome',
      'OX App Suite, Chrome 120 on Android',
    ],
    [
      IPHONE.replace('Mobile/', 'EdgiOS/120.0 Mobile/'),
      'unknown',
      'OX App Suite, Mobile Safari 17 on iOS 17.5',
    ],
  ])(
    'replace current Edge by the browser that it is built on, but only for Open-Xchange',
    (userAgent, family, name) => {
      const device = describeOxDevice(userAgent, APPSUITE);
      expect([device.family, displayName(device)]).toEqual([family, name]);
      expect(displayName(describeDevice(userAgent, APPSUITE))).toContain('Edge 120');
    },
  );

  it.each([
    'a'.repeat(100_000),
    '(;'.repeat(50_000),
    'Mozilla/5.0 ' + 'x; '.repeat(40_000),
    '1 '.repeat(50_000),
    'Mac OS X '.repeat(20_000),
    'Windows NT '.repeat(20_000),
    'droid version/1 '.repeat(10_000),
    ' Edg/'.repeat(20_000),
  ])('parse a hostile user agent quickly (case %#)', (userAgent) => {
    const before = process.cpuUsage();
    describeDevice(userAgent, null);
    describeOxDevice(userAgent, APPSUITE);
    describeOxDevice(userAgent, 'CALDAV');
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it('read only the first 512 characters of the user agent', () => {
    const padded = (length: number) => 'x'.repeat(length);
    expect(describeDevice(`${padded(480)} Firefox/140.0`, null).client).toEqual({
      name: 'firefox',
      version: '140',
    });
    expect(describeDevice(`${padded(512)} Firefox/140.0`, null).client).toBeNull();
  });

  it('return frozen devices', () => {
    const { os, client, name } = describeDevice(ON_LINUX, null);
    expect([os, client, name].every(Object.isFrozen)).toBe(true);
  });
});

describe('memoized', () => {
  it('does not describe the same device twice', () => {
    const describe = jest.fn(describeDevice);
    const remembering = memoized(describe);
    expect(remembering('curl/8', null)).toBe(remembering('curl/8', null));
    expect(describe).toHaveBeenCalledTimes(1);
    expect(describeDevice(ON_LINUX, APPSUITE)).toBe(describeDevice(ON_LINUX, APPSUITE));
    expect(describeOxDevice(ON_LINUX, APPSUITE)).toBe(describeOxDevice(ON_LINUX, APPSUITE));
  });

  it('distinguishes clients, and null from text', () => {
    const describe = jest.fn(describeDevice);
    const remembering = memoized(describe);
    for (const clientId of [null, 'null', '', 'a']) {
      for (const userAgent of [null, 'null', '', 'a']) remembering(userAgent, clientId);
    }
    expect(describe).toHaveBeenCalledTimes(16);
  });

  it('drops devices if the cache is full', () => {
    const describe = jest.fn(describeDevice);
    const remembering = memoized(describe, 2);
    for (const userAgent of ['a', 'b', 'c', 'c', 'a']) remembering(userAgent, null);
    expect(describe).toHaveBeenCalledTimes(4);
  });
});

describe('describeDevice and describeOxDevice for any input', () => {
  const unseen = /[\p{C}\p{Zl}\p{Zp}]/u;

  const userAgents = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 1000 }),
    fc.string({ unit: fc.constantFrom('\u202e', '\u2066', '\0', '\ud800', '\u200f', 'Chrome/', '65', ' ') }),
    fc
      .array(
        fc.oneof(
          fc.constantFrom(
            ...[
              'Mozilla/5.0',
              'Chrome/',
              'Edge/',
              'Edg/1',
              'Firefox/',
              'Version/',
              'Mobile',
              'Safari/',
              'MSIE ',
            ],
            ...[
              'Trident/7.0; rv:11.0',
              'Windows NT ',
              'Mac OS X ',
              'Android ',
              'iOS/',
              'X11; Linux',
              'Xbox; Xbox ',
            ],
            ...[
              'DAVx5/',
              'dataaccessd/',
              'eM Client/',
              'Thunderbird/',
              'davfs2/',
              'naver(',
              'avast/',
              'OPR/',
            ],
          ),
          fc.string({ unit: anyCharacter, maxLength: 8 }),
          fc.nat().map(String),
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join('')),
    fc.constant(null),
  );

  const clientIds = fc.oneof(
    fc.constantFrom(
      ...[null, '', '__proto__', 'constructor', APPSUITE, OX6, 'open-xchange-mailapp', 'OXDrive', 'USM-EAS'],
      ...['CALDAV', 'CARDDAV', 'WEBDAV_INFOSTORE', 'WEBDAV_VCARD', 'WEBDAV_ICAL', 'USM-JSON'],
    ),
    fc.string({ unit: anyCharacter }),
  );

  it('return devices whose texts are short and visible', () => {
    fc.assert(
      fc.property(
        userAgents,
        clientIds,
        fc.constantFrom(describeDevice, describeOxDevice),
        (userAgent, clientId, describe) => {
          const device = describe(userAgent, clientId);
          const { os, client, family, name } = device;
          const texts = [
            os?.name,
            os?.version,
            client?.name,
            client?.version,
            family,
            ...Object.values(name),
          ];
          for (const text of texts.filter((each) => typeof each === 'string')) {
            expect(text).not.toMatch(unseen);
            expect(text.length).toBeLessThan(100);
          }
          for (const messages of translationsOf().values()) {
            const shown = displayName(device, messages);
            expect(shown).not.toMatch(unseen);
            expect(shown.length).toBeGreaterThan(0);
            expect(shown.length).toBeLessThan(200);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
