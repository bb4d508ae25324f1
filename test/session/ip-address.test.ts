import { isIP } from 'node:net';

import fc from 'fast-check';

import { ipAddress, withIpAddress } from '../../lib/session/ip-address';

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s is kept as %s', (text, expected) => {
    expect(ipAddress(text)).toBe(expected);
  });

  it.each([
    'garbage',
    '<script>alert(1)</script>',
    '',
    '010.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '::ffff:999.0.0.1',
    '192.0.2.1:80',
    '[::1]',
    '192.0.2.1, 10.0.0.1',
    '1.2.3.4\u0000',
    null,
    undefined,
  ])('%j is none', (text) => {
    expect(ipAddress(text)).toBeNull();
  });

  it('stays as it is when it is read again, and is always one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string()), (text) => {
        const address = ipAddress(text);
        if (address === null) return;
        expect(ipAddress(address)).toBe(address);
        expect(isIP(address)).not.toBe(0);
      }),
    );
  });
});

describe('the history of addresses', () => {
  it('has each address once, newest last', () => {
    const history = ['a', 'b', 'a', 'c', 'b'].reduce<readonly string[]>(withIpAddress, []);
    expect(history).toEqual(['a', 'c', 'b']);
  });

  it('is the same list when nothing is new', () => {
    const history = ['a', 'b'];
    expect(withIpAddress(history, 'b')).toBe(history);
  });

  it('drops the oldest beyond 2,048 characters', () => {
    const many = Array.from({ length: 300 }, (_, i) => `203.0.113.${i}`);
    const history = many.reduce<readonly string[]>(withIpAddress, []);
    expect(history.join().length).toBeLessThanOrEqual(2048);
    expect(history).toEqual(many.slice(-history.length));
  });
});
