import { geoipLite } from '../../lib/location/geoip-lite';

describe('geoipLite()', () => {
  it('finds the country of a public address and nothing for a reserved one', () => {
    const locate = geoipLite()!;
    expect(locate('81.2.69.142')).toMatchObject({ country: 'GB' });
    expect(locate('192.0.2.1')).toBeUndefined();
  });

  it('returns undefined if geoip-lite is not installed', () => {
    jest.isolateModules(() => {
      jest.doMock('geoip-lite', () => {
        throw Object.assign(new Error("Cannot find module 'geoip-lite'"), { code: 'MODULE_NOT_FOUND' });
      });
      expect(geoipLite()).toBeUndefined();
    });
    jest.dontMock('geoip-lite');
  });
});
