import { messagesFor } from '../../../lib/session/i18n/translations';
import { knownClient } from '../../../lib/session/device/clients';
import { describeDevice, describeOxDevice } from '../../../lib/session/device/describe';
import { displayName } from '../../../lib/session/i18n/messages';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36';
const ANDROID_8 = 'Mozilla/5.0 (Linux; Android 8.0.0; Pixel Build/OPR6) AppleWebKit/537.36';

describe('knownClient', () => {
  it.each([
    ['open-xchange-appsuite', 'browser', 'chrome', 'OX App Suite, Chrome 65 on Linux', 'linux', 'chrome'],
    ['com.openexchange.ox.gui.dhtml', 'browser', 'chrome', 'OX6 UI, Chrome 65 on Linux', 'linux', 'chrome'],
    ['open-xchange-mailapp', 'oxapp', 'oxmailapp', 'OX Mail App on Linux', 'linux', 'ox mail app'],
    ['open-xchange-mobile-api-facade', 'oxapp', 'oxmailapp', 'OX Mail App on Linux', 'linux', 'ox mail app'],
    [
      'open-xchange-mobile-api-facade-x',
      'oxapp',
      'oxmailapp',
      'OX Mail App on Linux',
      'linux',
      'ox mail app',
    ],
    ['OpenXchange.HTTPClient.OXDrive', 'oxapp', 'oxdriveapp', 'OX Drive on Windows', 'windows', 'ox drive'],
    ['OSX.OXDrive', 'oxapp', 'oxdriveapp', 'OX Drive on Mac OS', 'macos', 'ox drive'],
    ['OpenXchange.iosClient.OXDrive', 'oxapp', 'oxdriveapp', 'OX Drive on iOS', 'ios', 'ox drive'],
    ['OpenXchange.Android.OXDrive', 'oxapp', 'oxdriveapp', 'OX Drive on Android', 'android', 'ox drive'],
    ['OXDrive', 'oxapp', 'oxdriveapp', 'OX Drive', undefined, 'ox drive'],
    ['USM-EAS', 'eas', 'usmeasclient', 'Microsoft Exchange ActiveSync Client', undefined, undefined],
    ['CALDAV', 'dav', 'generic_caldav', 'Sync Client (CalDAV)', undefined, undefined],
    ['CARDDAV', 'dav', 'generic_carddav', 'Sync Client (CardDAV)', undefined, undefined],
    ['WEBDAV_INFOSTORE', 'dav', 'webdav', 'WebDAV InfoStore', undefined, 'WebDAV InfoStore'],
    ['WEBDAV_VCARD', 'dav', 'webdav', 'WebDAV VCard', undefined, 'WebDAV VCard'],
    ['WEBDAV_ICAL', 'dav', 'webdav', 'WebDAV iCal', undefined, 'WebDAV iCal'],
    ['USM-JSON', 'other', null, 'Unknown device', undefined, undefined],
    ['OpenXchange.HTTPClient.OXAddIn', 'other', null, 'Unknown device', undefined, undefined],
    ['OpenXchange.HTTPClient.OXNotifier', 'other', null, 'Unknown device', undefined, undefined],
    ['com.open-xchange.updater.olox1', 'other', null, 'Unknown device', undefined, undefined],
    ['com.open-xchange.updater.olox2', 'other', null, 'Unknown device', undefined, undefined],
  ])(
    'describes the client id %s with the type %s, the family %s and the name %s',
    (id, type, family, name, os, client) => {
      for (const describe of [describeDevice, describeOxDevice]) {
        const device = describe(CHROME, id);
        expect(device).toMatchObject({ type, family });
        expect([displayName(device), device.os?.name, device.client?.name]).toEqual([name, os, client]);
        expect(displayName(device, messagesFor('de'))).toBe(
          name.replace(' on ', ' auf ').replace('Unknown device', 'Unbekanntes Gerät'),
        );
      }
    },
  );

  it.each([
    [ANDROID_8, 'OX Mail App on Android 8.0', { name: 'android', version: '8.0' }],
    ['OXMail/1.0 (iPad; iOS 12.1; Scale/2.00)', 'OX Mail App on iOS 12.1', { name: 'ios', version: '12.1' }],
    ['Mozilla/5.0 (Linux; Android; Pixel)', 'OX Mail App on Android', { name: 'android', version: null }],
    ['OXMail/1.0', 'OX Mail App', null],
    [null, 'OX Mail App', null],
  ])('takes the operating system of the mail app from the user agent %s', (userAgent, name, os) => {
    const device = describeOxDevice(userAgent, 'open-xchange-mailapp');
    expect(displayName(device)).toBe(name);
    expect(device.os).toEqual(os);
    expect(device.client).toEqual({ name: 'ox mail app', version: null });
  });

  it.each([
    null,
    '',
    'my-script',
    'OPEN-XCHANGE-APPSUITE',
    'open-xchange-appsuite ',
    'USM-EAS2',
    'caldav',
    'x-open-xchange-mobile-api-facade',
    '__proto__',
    'constructor',
  ])('returns undefined for the unknown client id %j', (id) => {
    expect(knownClient(id)).toBeUndefined();
    expect(describeOxDevice(CHROME, id)).toEqual({
      type: 'other',
      family: null,
      os: null,
      client: null,
      name: {},
    });
  });
});
