import { groupedByType, sessionObject } from '../../../lib/protocols/open-xchange/sessions';
import { withoutSecret, type StoredSession } from '../../../lib/session/session';
import { describeOxDevice } from '../../../lib/session/device/describe';
import type { DeviceType } from '../../../lib/session/device/device';
import type { Place } from '../../../lib/session/place';
import { messagesFor } from '../../../lib/session/i18n/translations';
import { aSession } from '../../support/sessions';

function objectOf(said: Partial<StoredSession>, place?: Place, language = 'en') {
  const session = withoutSecret(aSession(1000, said));
  const device = describeOxDevice(session.userAgent, session.clientId);
  return sessionObject({ session, device, place, expires: 0 }, device, messagesFor(language));
}

describe('a session in the list', () => {
  it('omits unknown values', () => {
    const nothing = { userAgent: null, clientId: null, ipAddresses: [], signedIn: 0, sessionId: 'id' };
    expect(objectOf(nothing)).toEqual({
      sessionId: 'id',
      device: { displayName: 'Unknown device', client: { type: 'other' } },
    });
  });

  it('contains no invisible characters', () => {
    const posing = { clientId: 'my\u202eapp\n', userAgent: 'curl\u2066/8\u200b' };
    expect(objectOf(posing)).toMatchObject({ client: 'myapp', userAgent: 'curl/8' });
  });

  it('shows the last address and its location', () => {
    expect(objectOf({ ipAddresses: ['192.0.2.1', '10.0.0.1'] }, { intranet: true })).toMatchObject({
      ipAddress: '10.0.0.1',
      location: 'Intranet',
    });
  });

  it.each([
    [null, 1000],
    [500, 1000],
    [1500, 1500],
  ])('used at %p has the last activity %d, never before its login', (lastAccessed, lastActive) => {
    expect(objectOf({ lastAccessed })).toMatchObject({ loginTime: 1000, lastActive });
  });

  it('is described in the language of the reader, including its location', () => {
    const said = { clientId: 'open-xchange-appsuite' };
    const berlin = { city: 'Berlin', country: 'DE' };
    expect(objectOf(said, berlin)).toMatchObject({
      location: 'Berlin, Germany',
      device: { displayName: 'OX App Suite, Firefox 140 on Linux' },
    });
    expect(objectOf(said, berlin, 'de-AT')).toMatchObject({
      location: 'Berlin, Deutschland',
      device: { displayName: 'OX App Suite, Firefox 140 auf Linux' },
    });
  });
});

describe('the groups of the list', () => {
  it('are browsers, apps, synchronisation and others, each in the given order', () => {
    const types: DeviceType[] = ['other', 'dav', 'eas', 'browser', 'oxapp', 'dav', 'browser', 'other'];
    const items = types.map((type, at) => ({ type, at }));
    expect(groupedByType(items, ({ type }) => type).map(({ type, at }) => `${type} ${at}`)).toEqual([
      'browser 3',
      'browser 6',
      'oxapp 4',
      'dav 1',
      'eas 2',
      'dav 5',
      'other 0',
      'other 7',
    ]);
  });
});
