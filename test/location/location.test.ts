import { placeOf, unfailing } from '../../lib/location/location';

const BERLIN = { city: 'Berlin', country: 'DE' };
const inBerlin = () => BERLIN;
const INTRANET = { intranet: true };

describe('placeOf()', () => {
  it('returns the place that the locator finds', () => {
    const locate = jest.fn(inBerlin);
    expect(placeOf('81.2.69.142', locate)).toEqual(BERLIN);
    expect(locate.mock.calls).toEqual([['81.2.69.142']]);
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
  ])('returns the intranet for %s without calling the locator', (address) => {
    const locate = jest.fn(inBerlin);
    expect(placeOf(address, locate)).toEqual(INTRANET);
    expect(placeOf(address, undefined)).toEqual(INTRANET);
    expect(locate).not.toHaveBeenCalled();
  });

  it.each(['172.15.0.1', '172.32.0.1', '11.0.0.1', '192.169.0.1', 'fd00::1', '2001:db8::1'])(
    'does not return the intranet for %s',
    (address) => {
      expect(placeOf(address, inBerlin)).toEqual(BERLIN);
      expect(placeOf(address, undefined)).toBeUndefined();
    },
  );

  it('returns undefined without an address, and if the locator finds nothing', () => {
    expect(placeOf(null, inBerlin)).toBeUndefined();
    expect(placeOf('81.2.69.142', () => undefined)).toBeUndefined();
    expect(placeOf('81.2.69.142', () => null as never)).toBeUndefined();
  });
});

describe('unfailing()', () => {
  it('returns what the locator finds, undefined if it throws, and passes on the first error only', () => {
    const errors: string[] = [];
    const locate = unfailing(
      (address) => {
        if (address.startsWith('81.')) return BERLIN;
        throw new Error(`no data for ${address}`);
      },
      (error) => errors.push((error as Error).message),
    );
    expect(['198.51.100.1', '81.2.69.142', '198.51.100.2'].map(locate)).toEqual([
      undefined,
      BERLIN,
      undefined,
    ]);
    expect(errors).toEqual(['no data for 198.51.100.1']);
  });
});
