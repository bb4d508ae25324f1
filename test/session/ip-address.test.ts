import { isIP } from 'node:net';

import fc from 'fast-check';

import { addressKeeper, connectionOf, ipAddress, withIpAddresses } from '../../lib/session/ip-address';

/** Groups with many zeros, because spellings differ in how they write zeros. */
function ipv6Groups() {
  const group = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(0xffff), fc.nat(0xffff));
  return fc.array(group, { minLength: 8, maxLength: 8 });
}

/** Returns all spellings: each run of zeros shortened, capital letters, leading zeros, and an IPv4 ending. */
function spellingsOf(groups: readonly number[]): string[] {
  const short = groups.map((group) => group.toString(16));
  const padded = short.map((group) => group.padStart(4, '0'));
  const [high = 0, low = 0] = groups.slice(6);
  const ending = [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  const whole = [short, padded, [...short.slice(0, 6), ending], [...padded.slice(0, 6), ending]];
  const spellings = whole.flatMap((parts) => [parts.join(':'), ...shortenings(parts)]);
  return spellings.flatMap((text) => [text, text.toUpperCase(), `${text}%eth0`]);
}

function shortenings(parts: readonly string[]): string[] {
  const spellings: string[] = [];
  for (let from = 0; from < parts.length; from++) {
    for (let to = from; to < parts.length && /^0+$/.test(parts[to] ?? ''); to++) {
      spellings.push(`${parts.slice(0, from).join(':')}::${parts.slice(to + 1).join(':')}`);
    }
  }
  return spellings;
}

describe('ipAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['::', '::'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['::ffff:0:0', '0.0.0.0'],
    ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:192.0.2.1%eth0', '192.0.2.1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['10:0:0:100:0:0:0:0', '10:0:0:100::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['::192.0.2.1', '::c000:201'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['1::ffff:192.0.2.1', '1::ffff:c000:201'],
    ['::9ae3:0', '::9ae3:0'],
    ['::0.0.0.2', '::2'],
    ['::0.1.0.0', '::1:0'],
  ])('returns the canonical form of %s, which is %s', (text, expected) => {
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
    '::ffff:192.0.2',
    '::ffff:010.0.0.1',
    '::ffff:::1',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '%eth0',
    '192.0.2.1:80',
    '[::1]',
    '192.0.2.1, 10.0.0.1',
    '1.2.3.4\u0000',
    null,
    undefined,
  ])('returns null for %j, which is not an IP address', (text) => {
    expect(ipAddress(text)).toBeNull();
  });

  it('returns a canonical address unchanged, and returns only valid addresses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string()), (text) => {
        const address = ipAddress(text);
        if (address === null) return;
        expect(ipAddress(address)).toBe(address);
        expect(isIP(address)).not.toBe(0);
      }),
    );
  });

  it('returns the same text for every spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(ipv6Groups(), (groups) => {
        const kept = new Set(spellingsOf(groups).map(ipAddress));
        expect(kept).toEqual(new Set([ipAddress(groups.map((group) => group.toString(16)).join(':'))]));
        expect(kept).not.toContain(null);
      }),
    );
  });

  it('writes IPv6 addresses as the URL parser does', () => {
    fc.assert(
      fc.property(ipv6Groups(), (groups) => {
        const text = groups.map((group) => group.toString(16)).join(':');
        const address = ipAddress(text);
        fc.pre(address?.includes(':') === true);
        expect(`[${address}]`).toBe(new URL(`http://[${text}]`).hostname);
      }),
    );
  });

  it('returns the IPv4 address for every spelling of an IPv4-mapped address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ipv4) => {
        const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
        const spellings = spellingsOf([0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d]);
        expect(new Set([ipv4, ...spellings].map(ipAddress))).toEqual(new Set([ipv4]));
      }),
    );
  });
});

describe('withIpAddresses', () => {
  it('keeps each address once, at the place of its last use', () => {
    expect(withIpAddresses([], ['a', 'b', 'a', 'c', 'b'], null)).toEqual(['a', 'c', 'b']);
    expect(withIpAddresses(['a', 'b', 'c'], ['b', 'a'], 'a')).toEqual(['c', 'b', 'a']);
  });

  it('returns the same list if no address is added, or the address is already the newest', () => {
    const history = ['a', 'b'];
    expect(withIpAddresses(history, ['b'], null)).toBe(history);
    expect(withIpAddresses(history, [], null)).toBe(history);
  });

  it('drops the oldest addresses if the history is longer than 2,048 characters', () => {
    const many = Array.from({ length: 300 }, (_, i) => `203.0.113.${i}`);
    const history = withIpAddresses([], many, null);
    expect(history.join().length).toBeLessThanOrEqual(2048);
    expect(history.join().length).toBeGreaterThan(2048 - 14);
    expect(history).toEqual(many.slice(-history.length));
  });

  it('never drops the address of the sign-in', () => {
    const [signIn, ...others] = Array.from({ length: 300 }, (_, i) => `203.0.113.${i}`);
    const moved = [signIn!, others[0]!, signIn!];
    const history = others.reduce<readonly string[]>(
      (all, one) => withIpAddresses(all, [one], signIn!),
      moved,
    );
    expect(history[0]).toBe(signIn);
    expect(history.slice(1)).toEqual(others.slice(1 - history.length));
    expect(history.join().length).toBeLessThanOrEqual(2048);
  });

  it('returns the same history whether addresses are added together or one by one', () => {
    const address = fc.integer({ min: 1, max: 60 }).map((length) => 'x'.repeat(40 + length));
    fc.assert(
      fc.property(fc.array(address, { maxLength: 200 }), (all) => {
        const [first = null] = all;
        const oneByOne = all.reduce<readonly string[]>((h, each) => withIpAddresses(h, [each], first), []);
        expect(withIpAddresses([], all, first)).toEqual(oneByOne);
      }),
    );
  });
});

describe('connectionOf', () => {
  it.each([
    ['192.0.2.77', '192.0.2.77'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8::1', '2001:db8::'],
    ['::1', '::'],
  ])('returns the first 64 bits of IPv6, and IPv4 unchanged: of %s it is %s', (address, connection) => {
    expect(connectionOf(address)).toBe(connection);
  });
});

describe('addressKeeper', () => {
  const kept = addressKeeper('truncated');

  it.each([
    ['192.0.2.77', '192.0.2.0'],
    ['::ffff:192.0.2.77', '192.0.2.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['2001:db8::6', '2001:db8::'],
    ['2001:0:0:1::', '2001::'],
    ['::1', '::'],
    ['fe80::1%eth0', 'fe80::'],
    ['no address', null],
    [null, null],
  ])('truncates %p to its network %p', (address, network) => {
    expect(kept(address)).toBe(network);
  });

  it('truncates every address to an address with the same network', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = kept(address)!;
        expect(ipAddress(network)).toBe(network);
        expect(kept(network)).toBe(network);
      }),
    );
  });

  it('keeps everything or nothing on request', () => {
    expect(addressKeeper('full')('::ffff:192.0.2.77')).toBe('192.0.2.77');
    expect(addressKeeper('none')('192.0.2.77')).toBeNull();
  });
});
