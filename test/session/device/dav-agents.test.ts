import { messagesFor } from '../../../lib/session/i18n/translations';
import { describeOxDevice } from '../../../lib/session/device/describe';
import type { Device } from '../../../lib/session/device/device';
import { displayName } from '../../../lib/session/i18n/messages';

const GERMAN = messagesFor('de');

function product(each: Device['os']): string | null {
  return each && [each.name, each.version].filter(Boolean).join(' ');
}

describe('davDevice for calendars and contacts', () => {
  it.each([
    [
      'com.openexchange.mobile.syncapp.enterprise/1.2.3 (Android)',
      'OX Sync on Android (CalDAV/CardDAV)',
      'OX Sync auf Android (CalDAV/CardDAV)',
      'oxsyncapp',
      'android',
      'ox sync 1.2',
    ],
    [
      'org.dmfs.carddav.sync/0.4',
      'CardDAV-Sync on Android (CardDAV)',
      'CardDAV-Sync auf Android (CardDAV)',
      'carddav_sync',
      'android',
      'carddav-sync 0.4',
    ],
    [
      'org.dmfs.caldav.sync/116 (Android 8.1)',
      'CalDAV-Sync on Android (CalDAV)',
      'CalDAV-Sync auf Android (CalDAV)',
      'caldav_sync',
      'android 8.1',
      'caldav-sync 116',
    ],
    [
      'SmoothSync/1.1',
      'SmoothSync on Android (CalDAV/CardDAV)',
      'SmoothSync auf Android (CalDAV/CardDAV)',
      'oxsyncapp',
      'android',
      'smoothsync 1.1',
    ],
    [
      'DAVx5/4.3.2-ose (2023/08/01; dav4jvm; okhttp/4.11.0) Android/13',
      'DAVx⁵ on Android (CalDAV/CardDAV)',
      'DAVx⁵ auf Android (CalDAV/CardDAV)',
      'generic_caldav',
      'android 13',
      'davx5 4.3',
    ],
    [
      'DAVdroid/1.9.8 (2018/01/01; dav4android; okhttp3) Android/8.1.0',
      'DAVdroid on Android (CalDAV/CardDAV)',
      'DAVdroid auf Android (CalDAV/CardDAV)',
      'davdroid',
      'android 8.1',
      'davdroid 1.9',
    ],
    [
      'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:60.0) Gecko/20100101 Thunderbird/60.5.0 Lightning/6.2.5',
      'Mozilla Thunderbird / Lightning (CalDAV)',
      'Mozilla Thunderbird / Lightning (CalDAV)',
      'thunderbird_lightning',
      'windows 6.1',
      'thunderbird 60.5',
    ],
    [
      'iOS/12.1 (16B92) remindd/1.0',
      'iOS Reminders (CalDAV)',
      'iOS Erinnerungen (CalDAV)',
      'generic_caldav',
      'ios 12.1',
      'remindd 1.0',
    ],
    [
      'iOS/12.1 (16B92) dataaccessd/1.0',
      'iOS Addressbook and Calendar (CalDAV/CardDAV)',
      'iOS Adressbuch und Kalender (CalDAV/CardDAV)',
      'ios_calendar/addressbook',
      'ios 12.1',
      'dataaccessd 1.0',
    ],
    [
      'iOS/12.1 (16B92) accountsd/1.0',
      'iOS Addressbook and Calendar (CalDAV/CardDAV)',
      'iOS Adressbuch und Kalender (CalDAV/CardDAV)',
      'ios_calendar/addressbook',
      'ios 12.1',
      'accountsd 1.0',
    ],
    [
      'CalDavSynchronizer/3.2',
      'Outlook CalDav Synchronizer (CalDAV/CardDAV)',
      'Outlook CalDav Synchronizer (CalDAV/CardDAV)',
      'generic_caldav',
      'windows',
      'caldavsynchronizer 3.2',
    ],
    [
      'MSFT-WP/8.10.14219.0',
      'Windows Phone Contacts and Calendar (CalDAV/CardDAV)',
      'Windows Phone Kontakte und Kalender (CalDAV/CardDAV)',
      'windows_phone',
      null,
      'msft-wp 8.10',
    ],
    [
      'MSFT-WIN-3/10.0.16299',
      'Windows Contacts and Calendar (CalDAV/CardDAV)',
      'Windows Kontakte und Kalender (CalDAV/CardDAV)',
      'windows',
      'windows',
      'msft-win',
    ],
    [
      'Mac OS X/10.13.6 (17G65) CalendarAgent/399.2.2',
      'Mac OS Calendar (CalDAV)',
      'Mac OS Kalender (CalDAV)',
      'macos_calendar',
      'macos 10.13',
      'calendaragent 399.2',
    ],
    [
      'Mac+OS+X/10.9.5 (13F1911) CalendarAgent/176.2',
      'Mac OS Calendar (CalDAV)',
      'Mac OS Kalender (CalDAV)',
      'macos_calendar',
      'macos',
      'calendaragent 176.2',
    ],
    [
      'macOS/10.14 (18A391) CalendarStore/5',
      'Mac OS Calendar (CalDAV)',
      'Mac OS Kalender (CalDAV)',
      'macos_calendar',
      'macos 10.14',
      'calendarstore 5',
    ],
    [
      'Mac_OS_X/10.9 (13A603) AddressBook/1365',
      'Mac OS Addressbook (CardDAV)',
      'Mac OS Adressbuch (CardDAV)',
      'macos_addressbook',
      'macos',
      'addressbook 1365',
    ],
    [
      'macOS/10.14 (18A391) AddressBookCore/1',
      'Mac OS Addressbook (CardDAV)',
      'Mac OS Adressbuch (CardDAV)',
      'macos_addressbook',
      'macos 10.14',
      'addressbook',
    ],
    [
      'eM Client for OX App Suite/6.0.24316.0',
      'eM Client for OX App Suite (CalDAV/CardDAV)',
      'eM Client for OX App Suite (CalDAV/CardDAV)',
      'emclient_appsuite',
      'windows',
      'em client for ox app suite 6.0',
    ],
    [
      'eM Client/7.1.33101.0',
      'eM Client (CalDAV/CardDAV)',
      'eM Client (CalDAV/CardDAV)',
      'emclient',
      'windows',
      'em client 7.1',
    ],
    [
      'eMClient/7',
      'eM Client (CalDAV/CardDAV)',
      'eM Client (CalDAV/CardDAV)',
      'emclient',
      'windows',
      'em client 7',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) KHTML/5.44 akonadi_davgroupware_resource_0/5.7',
      'KDE/Plasma DAV Client',
      'KDE/Plasma DAV Client',
      'akonadi',
      'linux',
      'akonadi',
    ],
    ['vdirsyncer/0.16', 'Sync Client (CalDAV)', 'Sync Client (CalDAV)', 'generic_caldav', null, null],
    ['', 'Sync Client (CalDAV)', 'Sync Client (CalDAV)', 'generic_caldav', null, null],
  ])('describes the CalDAV user agent %j as %s', (userAgent, english, german, family, os, client) => {
    const device = describeOxDevice(userAgent, 'CALDAV');
    expect([displayName(device), displayName(device, GERMAN)]).toEqual([english, german]);
    expect([device.family, product(device.os), product(device.client)]).toEqual([family, os, client]);
    expect(device.type).toBe(family === 'oxsyncapp' ? 'oxapp' : 'dav');
  });

  it.each([
    ['org.dmfs.carddav.sync/1', 'carddav_sync', 'CardDAV-Sync on Android (CardDAV)'],
    ['DAVx5/4.3', 'generic_carddav', 'DAVx⁵ on Android (CalDAV/CardDAV)'],
    ['vdirsyncer/0.16', 'generic_carddav', 'Sync Client (CardDAV)'],
    [null, 'generic_carddav', 'Sync Client (CardDAV)'],
  ])('describes the CardDAV user agent %s with the family %s', (userAgent, family, name) => {
    const device = describeOxDevice(userAgent, 'CARDDAV');
    expect([device.type, device.family, displayName(device)]).toEqual(['dav', family, name]);
  });

  it.each([
    ['com.openexchange.mobile.syncapp.enterprise SmoothSync', 'OX Sync on Android (CalDAV/CardDAV)'],
    ['DAVx5 DAVdroid', 'DAVx⁵ on Android (CalDAV/CardDAV)'],
    ['Mozilla Thunderbird akonadi', 'Mozilla Thunderbird / Lightning (CalDAV)'],
    ['iOS remindd dataaccessd', 'iOS Reminders (CalDAV)'],
    ['Mac OS CalendarStore AddressBook', 'Mac OS Calendar (CalDAV)'],
    ['eM Client eM Client for OX App Suite', 'eM Client for OX App Suite (CalDAV/CardDAV)'],
    ['eM Client akonadi', 'eM Client (CalDAV/CardDAV)'],
  ])('uses the first rule that matches: %s is %s', (userAgent, name) => {
    expect(displayName(describeOxDevice(userAgent, 'CALDAV'))).toBe(name);
  });

  it.each([
    'Thunderbird/60.5',
    'iOS/12 Android dataaccessd',
    'dataaccessd/1.0',
    'x MSFT-WP/8',
    'x MSFT-WIN/10',
    'CalendarAgent/400',
    'Mac_OS CalendarAgent/400',
    'Mac+OS AddressBook/1',
    'AddressBook/1',
    'davdroid/1.0',
  ])('does not recognize a program if only a part of its rule matches: %s', (userAgent) => {
    expect(displayName(describeOxDevice(userAgent, 'CALDAV'))).toBe('Sync Client (CalDAV)');
  });
});

describe('davDevice for files', () => {
  it.each([
    ['Microsoft-WebDAV-MiniRedir/6.1.7601', 'Windows Explorer (WebDAV)', 'windows'],
    ['WebDAVFS/3.0.1 (03018000) Darwin/13.4.0', 'macOS Finder (WebDAV)', 'macos'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/534.34 dolphin/18.08.2 Safari/534.34',
      'Dolphin (WebDAV)',
      'linux',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64) konqueror/5.0.97 Safari/534.34', 'Konqueror (WebDAV)', 'linux'],
    ['gvfs/1.36.1', 'Nautilus/Nemo/Thunar/Caja (WebDAV)', 'linux'],
    ['davfs2/1.5.4 neon/0.30.2', 'DavFS2 (WebDAV)', 'linux'],
    ['neon/0.30.2', 'DavFS2 (WebDAV)', 'linux'],
    ['App/1 iOS/12.1', 'WebDAV InfoStore', 'ios'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 12_1 like Mac OS X)', 'WebDAV InfoStore', 'ios'],
    ['Mozilla/5.0 (iPad; CPU OS 12_1 like Mac OS X)', 'WebDAV InfoStore', 'ios'],
    ['okhttp Android/8', 'WebDAV InfoStore', 'android'],
    ['WebDAVFS/3.0.1', 'WebDAV InfoStore', undefined],
    ['rclone/1.65', 'WebDAV InfoStore', undefined],
    [null, 'WebDAV InfoStore', undefined],
  ])('describes the WebDAV user agent %s as %s', (userAgent, name, os) => {
    const device = describeOxDevice(userAgent, 'WEBDAV_INFOSTORE');
    expect([displayName(device), displayName(device, GERMAN)]).toEqual([name, name]);
    expect([device.type, device.family, device.os?.name, device.os?.version ?? null]).toEqual([
      'dav',
      'webdav',
      os,
      null,
    ]);
    expect(device.client).toEqual({ name, version: null });
  });

  it.each([
    ['WEBDAV_VCARD', 'rclone/1.65', 'WebDAV VCard'],
    ['WEBDAV_ICAL', 'rclone/1.65', 'WebDAV iCal'],
    ['WEBDAV_VCARD', 'gvfs/1.36.1', 'Nautilus/Nemo/Thunar/Caja (WebDAV)'],
    ['WEBDAV_ICAL', 'davfs2/1.5.4', 'DavFS2 (WebDAV)'],
    ['WEBDAV_ICAL', 'DAVx5/4.3 Android/13', 'WebDAV iCal'],
  ])('for %s describes the user agent %s as %s', (client, userAgent, name) => {
    expect(displayName(describeOxDevice(userAgent, client))).toBe(name);
  });
});
