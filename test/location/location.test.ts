import { location } from '../../lib/location/location';

const berlin = () => ({ city: 'Berlin', country: 'DE' });

describe('the location of an address', () => {
  it.each([
    [{ city: 'Berlin', country: 'DE' }, 'Berlin, Germany'],
    [{ country: 'DE' }, 'Germany'],
    [{ city: 'Berlin' }, 'Berlin'],
    [{ city: '', country: '' }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('found as %j is %j', (place, expected) => {
    expect(location('81.2.69.142', () => place)).toBe(expected);
  });

  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.1.1',
    '::1',
    'fe80::1',
    'fec0::1',
  ])('%s is the intranet, whoever is asked', (address) => {
    expect(location(address, berlin)).toBe('Intranet');
    expect(location(address, undefined)).toBe('Intranet');
  });

  it.each(['172.15.0.1', '172.32.0.1', '11.0.0.1', '192.169.0.1', 'fd00::1', '2001:db8::1'])(
    '%s is not the intranet',
    (address) => {
      expect(location(address, berlin)).toBe('Berlin, Germany');
    },
  );

  it('is unknown without an address, without a locator, and when the locator fails', () => {
    expect(location(null, berlin)).toBeUndefined();
    expect(location('81.2.69.142', undefined)).toBeUndefined();
    const failing = () => {
      throw new Error('the file is gone');
    };
    expect(location('81.2.69.142', failing)).toBeUndefined();
  });

  it('is unknown when the locator finds nonsense', () => {
    expect(location('81.2.69.142', () => ({ country: 'not a country' }))).toBeUndefined();
  });
});
