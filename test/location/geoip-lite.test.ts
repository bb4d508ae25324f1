import { geoipLite } from '../../lib/location/geoip-lite';
import type { Locator } from '../../lib/location/location';

describe('geoipLite()', () => {
  it('finds the country of a public address and nothing for a reserved one', () => {
    const locate = geoipLite();
    expect(locate('81.2.69.142')).toMatchObject({ country: 'GB' });
    expect(locate('192.0.2.1')).toBeUndefined();
  });

  /** Calls `test` with a locator for a geoip-lite whose loading fails, and returns the number of attempts to load it. */
  function failingWith(error: Error, test: (locate: Locator) => void): number {
    const load = jest.fn(() => {
      throw error;
    });
    jest.isolateModules(() => {
      jest.doMock('geoip-lite', load);
      test(geoipLite());
    });
    jest.dontMock('geoip-lite');
    return load.mock.calls.length;
  }

  it('finds nothing if geoip-lite is not installed', () => {
    const missing = Object.assign(new Error("Cannot find module 'geoip-lite'"), { code: 'MODULE_NOT_FOUND' });
    failingWith(missing, (locate) => expect(locate('81.2.69.142')).toBeUndefined());
  });

  it('throws an error with fixes at the first lookup if geoip-lite lacks its data, and finds nothing later', () => {
    const missing = Object.assign(new Error('ENOENT: geoip-country.dat'), { code: 'ENOENT' });
    const attempts = failingWith(missing, (locate) => {
      expect(() => locate('81.2.69.142')).toThrow(/external:geoip-lite.*`location: false`.*ENOENT/);
      expect(locate('81.2.69.142')).toBeUndefined();
    });
    expect(attempts).toBe(1);
  });
});
