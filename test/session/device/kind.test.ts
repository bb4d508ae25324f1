import { kindOfDevice } from '../../../lib/session/device/kind';

describe('kindOfDevice', () => {
  it.each([
    [null, 'cookie', 'Web'],
    [null, 'bearer', 'OAuth'],
    ['my-app', 'cookie', 'Web'],
    ['my-app', 'bearer', 'OAuth'],
    ['open-xchange-appsuite', 'cookie', 'Web'],
    ['open-xchange-appsuite', 'bearer', 'OAuth'],
    ['open-xchange-mailapp', 'cookie', 'Mobile'],
    ['open-xchange-mailapp', 'bearer', 'Mobile'],
    ['open-xchange-mobile-api-facade-brand-ios', 'cookie', 'Mobile'],
    ['OpenXchange.Android.OXDrive', 'cookie', 'Mobile'],
    ['USM-EAS', 'cookie', 'Mobile'],
    ['CALDAV', 'cookie', 'Mobile'],
    ['OpenXchange.HTTPClient.OXAddIn', 'cookie', 'Mobile'],
  ] as const)('of the client %j with a %s is %s', (clientId, transport, kind) => {
    expect(kindOfDevice(clientId, transport)).toBe(kind);
  });
});
