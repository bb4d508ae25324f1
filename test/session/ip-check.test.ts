import { BlockList } from 'node:net';

import fc from 'fast-check';

import { compileIpCheck, type IpCheckOptions, type IpVerdict } from '../../lib/session/ip-check';

const STAYS: IpVerdict = { allowed: true, follow: false };
const FOLLOWS: IpVerdict = { allowed: true, follow: true };
const REFUSED: IpVerdict = { allowed: false, follow: false };

const countryOf = (address: string) => COUNTRIES[address];
const COUNTRIES: Readonly<Record<string, string>> = {
  '192.0.2.1': 'DE',
  '192.0.2.2': 'DE',
  '2001:db8::de': 'DE',
  '198.51.100.1': 'FR',
  '203.0.113.1': '',
  '203.0.113.2': '',
};

describe('a request', () => {
  it.each<[string, IpCheckOptions, string | null, string | null, string | null, IpVerdict]>([
    ['from the same address', { mode: 'strict' }, '192.0.2.1', '192.0.2.1', null, STAYS],
    ['from another', { mode: 'strict' }, '192.0.2.1', '192.0.2.2', null, REFUSED],
    ['from another, of IPv6', { mode: 'strict' }, '192.0.2.1', '2001:db8::1', null, REFUSED],
    ['while the check is off', {}, '192.0.2.1', '192.0.2.2', null, FOLLOWS],
    ['with the check off', { mode: 'none' }, '192.0.2.1', '2001:db8::1', 'my-app', FOLLOWS],
    ['from the same, the check off', {}, '192.0.2.1', '192.0.2.1', null, STAYS],
  ])('%s', (_what, options, was, is, client, expected) => {
    expect(compileIpCheck(options)(was, is, client, countryOf)).toEqual(expected);
  });

  it.each([
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['192.0.2.1', '::ffff:c000:201'],
    ['192.0.2.1', '0:0:0:0:0:FFFF:C000:0201'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8:0:0:1::1'],
    ['fe80::1', 'fe80::1%eth0'],
    ['::1', '0:0:0:0:0:0:0:1'],
  ])('from %s spelt as %s is from the same address, in every mode', (was, is) => {
    for (const mode of ['none', 'strict', 'countrycode'] as const) {
      expect(compileIpCheck({ mode })(was, is, null)).toEqual(STAYS);
    }
  });

  it('from another IPv4 address than the one before it in IPv6 clothes is refused', () => {
    expect(compileIpCheck({ mode: 'strict' })('192.0.2.1', '::ffff:192.0.2.2', null)).toEqual(REFUSED);
  });
});

describe('an unknown address', () => {
  const strict = { mode: 'strict', ranges: '192.0.2.0/24', maskV4: '/1', clients: ['my-app'] } as const;

  it.each<[IpCheckOptions, string | null, string | null, string | null, IpVerdict]>([
    [strict, '192.0.2.1', null, null, REFUSED],
    [strict, null, null, null, REFUSED],
    [strict, null, '203.0.113.1', null, REFUSED],
    [strict, 'unknown', 'unknown', null, REFUSED],
    [strict, '', '', null, REFUSED],
    [strict, null, '192.0.2.1', null, STAYS],
    [strict, '192.0.2.1', null, 'my-app', STAYS],
    [strict, null, '203.0.113.1', 'my-app', FOLLOWS],
    [{ mode: 'countrycode' }, '192.0.2.1', null, null, REFUSED],
    [{ mode: 'countrycode' }, null, '192.0.2.1', null, REFUSED],
    [{ mode: 'countrycode' }, null, null, null, REFUSED],
    [{}, '192.0.2.1', null, null, STAYS],
    [{}, null, null, null, STAYS],
    [{}, null, '192.0.2.1', null, FOLLOWS],
    [{}, 'unknown', '192.0.2.1', null, FOLLOWS],
  ])('under %j: %j, then %j, client %j', (options, was, is, client, expected) => {
    expect(compileIpCheck(options)(was, is, client, countryOf)).toEqual(expected);
  });
});

describe('under `countrycode` a change', () => {
  const check = compileIpCheck({ mode: 'countrycode', ranges: ['10.0.0.0/8'] });

  it.each([
    ['within a country is allowed', '192.0.2.1', '192.0.2.2', STAYS],
    ['within a country is allowed', '192.0.2.1', '2001:DB8:0::DE', STAYS],
    ['to another country is refused', '192.0.2.1', '198.51.100.1', REFUSED],
    ['to an unknown country is refused', '192.0.2.1', '203.0.113.99', REFUSED],
    ['from an unknown country is refused', '203.0.113.99', '192.0.2.1', REFUSED],
    ['between unknown countries is refused', '203.0.113.98', '203.0.113.99', REFUSED],
    ['between nameless countries is refused', '203.0.113.1', '203.0.113.2', REFUSED],
    ['to a private address is refused', '192.0.2.1', '192.168.0.1', REFUSED],
    ['to a private address is allowed when a range holds it', '192.0.2.1', '10.1.2.3', STAYS],
  ])('%s: %s, then %s', (_what, was, is, expected) => {
    expect(check(was, is, null, countryOf)).toEqual(expected);
  });

  it('is refused when nobody can tell countries', () => {
    expect(check('192.0.2.1', '192.0.2.2', null)).toEqual(REFUSED);
  });

  it('asks for the countries of addresses as they are kept, and only when nothing else decides', () => {
    const asked = jest.fn(() => 'DE');
    check('192.0.2.1', '10.1.2.3', null, asked);
    check('192.0.2.1', '::ffff:192.0.2.1', null, asked);
    compileIpCheck({ mode: 'strict' })('192.0.2.1', '192.0.2.2', null, asked);
    expect(asked).not.toHaveBeenCalled();
    check('::ffff:192.0.2.1', '2001:DB8::0:1', null, asked);
    expect(asked.mock.calls).toEqual([['192.0.2.1'], ['2001:db8::1']]);
  });

  it('throws what the search for a country throws: that is no reason to sign anybody out', () => {
    const broken = () => {
      throw new Error('no database');
    };
    expect(() => check('192.0.2.1', '192.0.2.2', null, broken)).toThrow('no database');
  });
});

describe('a client', () => {
  const NOT_EXEMPT = REFUSED;

  it.each<[readonly string[] | undefined, string | null, IpVerdict]>([
    [undefined, 'open-xchange-mailapp', FOLLOWS],
    [undefined, 'Open-Xchange-MailApp', FOLLOWS],
    [undefined, 'open-xchange-mobile-api-facade', FOLLOWS],
    [undefined, 'open-xchange-mobile-api-facade-2', NOT_EXEMPT],
    [undefined, 'open-xchange-appsuite', NOT_EXEMPT],
    [undefined, 'not-open-xchange-mailapp', NOT_EXEMPT],
    [undefined, null, NOT_EXEMPT],
    [[], 'open-xchange-mailapp', NOT_EXEMPT],
    [['Mobile App*'], 'mobile app 7', FOLLOWS],
    [['Mobile App*'], 'Mobile App', FOLLOWS],
    [['Mobile App*'], 'A Mobile App', NOT_EXEMPT],
    [['app-?'], 'app-1', FOLLOWS],
    [['app-?'], 'app-', NOT_EXEMPT],
    [['app-?'], 'app-12', NOT_EXEMPT],
    [['*.example'], 'my.example', FOLLOWS],
    [['*.example'], 'my-example', NOT_EXEMPT],
    [['a.c', 'a+', '[a]', '(a|b)', 'a\\'], 'abc', NOT_EXEMPT],
    [['a*b*c'], 'a-b-b-c-c', FOLLOWS],
    [['a*b*c'], 'a-c-b', NOT_EXEMPT],
    [['**?'], 'a', FOLLOWS],
    [['*'], '', FOLLOWS],
    [['?'], '', NOT_EXEMPT],
    [['*'], 'anything', FOLLOWS],
    [['*'], null, NOT_EXEMPT],
  ])('of %j, named %j', (clients, clientId, expected) => {
    const options = clients === undefined ? {} : { clients };
    const check = compileIpCheck({ mode: 'strict', ...options });
    expect(check('192.0.2.1', '203.0.113.1', clientId)).toEqual(expected);
  });

  it.each([
    ['USM-EAS', STAYS],
    ['USM-EAS-iPhone', STAYS],
    ['usm-json', STAYS],
    ['USM-JSON*', STAYS],
    ['USM', FOLLOWS],
    ['my-USM-EAS', FOLLOWS],
    ['open-xchange-mailapp', FOLLOWS],
    [null, FOLLOWS],
  ])('named %j, with the check off', (clientId, expected) => {
    expect(compileIpCheck()('192.0.2.1', '203.0.113.1', clientId)).toEqual(expected);
  });

  it('of USM is followed when it may change its address, and is checked like all others when not', () => {
    for (const mode of ['none', 'strict', 'countrycode'] as const) {
      expect(compileIpCheck({ mode, clients: ['USM*'] })('192.0.2.1', '203.0.113.1', 'USM-EAS')).toEqual(
        FOLLOWS,
      );
    }
    expect(compileIpCheck({ mode: 'strict' })('192.0.2.1', '203.0.113.1', 'USM-EAS')).toEqual(REFUSED);
  });

  it('fits a form as a regular expression would have it', () => {
    const form = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 });
    const id = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '*', '?'), maxLength: 10 });
    fc.assert(
      fc.property(form, id, (pattern, clientId) => {
        const check = compileIpCheck({ mode: 'strict', clients: [pattern] });
        const expected = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`, 'i');
        expect(check('192.0.2.1', '203.0.113.1', clientId).allowed).toBe(expected.test(clientId));
      }),
      { numRuns: 1000 },
    );
  });

  it('is told apart at once by a form with many stars', () => {
    const check = compileIpCheck({ mode: 'strict', clients: ['a*'.repeat(200) + 'b'] });
    const start = process.cpuUsage();
    expect(check('192.0.2.1', '203.0.113.1', 'a'.repeat(2000)).allowed).toBe(false);
    expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
  });
});

describe('ranges', () => {
  const holds = (ranges: string | readonly string[], address: string) => {
    const verdict = compileIpCheck({ mode: 'strict', ranges })(null, address, null);
    expect(verdict.follow).toBe(false);
    return verdict.allowed;
  };

  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.5-192.0.2.9', '192.0.2.5', true],
    ['192.0.2.5-192.0.2.9', '192.0.2.9', true],
    ['192.0.2.5-192.0.2.9', '192.0.2.4', false],
    ['192.0.2.5-192.0.2.9', '192.0.2.10', false],
    ['192.0.2.5 - 192.0.2.9', '192.0.2.7', true],
    ['192.0.2.5-192.0.2.5', '192.0.2.5', true],
    ['9.255.255.255-10.0.0.1', '10.0.0.0', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.0.0.0', true],
    ['192.0.2.1/32', '192.0.2.1', true],
    ['192.0.2.1/32', '192.0.2.0', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['::/0', '203.0.113.1', false],
    ['::/0', '::ffff:203.0.113.1', false],
    ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '203.0.113.1', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:0:0/96', '203.0.113.1', true],
    ['::ffff:10.0.0.1/128', '10.0.0.1', true],
    ['::ffff:10.0.0.1-10.0.0.3', '10.0.0.2', true],
    ['2001:db8::/32', '2001:DB8:1::', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::1-2001:db8::f', '2001:db8::a', true],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['fe80::%eth0/10', 'febf::1%wlan0', true],
  ])('of %s and the address %s', (range, address, expected) => {
    expect(holds(range, address)).toBe(expected);
    expect(holds([range], address)).toBe(expected);
  });

  it('are read from a file, with comments and blank lines, whatever its line ends', () => {
    const file = [
      '\uFEFF# Exceptions from the check',
      '',
      '   # the office',
      '  192.0.2.1  ',
      '\t198.51.100.0/24# branch',
      '203.0.113.1 - 203.0.113.9 # VPN - new',
      '',
    ];
    for (const ranges of [file, file.join('\n'), file.join('\r\n'), file.join('\r'), [file.join('\n')]]) {
      const inside = ['192.0.2.1', '198.51.100.7', '203.0.113.5'];
      expect(inside.filter((address) => holds(ranges, address))).toEqual(inside);
      expect(['192.0.2.2', '203.0.113.10'].filter((address) => holds(ranges, address))).toEqual([]);
    }
  });

  it.each(['', '\n\n', '# nothing\n', [] as string[]])('of %j hold nothing', (ranges) => {
    expect(holds(ranges, '192.0.2.1')).toBe(false);
  });

  it('hold the new address, not the old', () => {
    const check = compileIpCheck({ mode: 'strict', ranges: '10.0.0.0/8' });
    expect(check('192.0.2.1', '10.0.0.1', null)).toEqual(STAYS);
    expect(check('10.0.0.1', '192.0.2.1', null)).toEqual(REFUSED);
  });

  it('hold what a BlockList of the same networks, ranges and addresses holds', () => {
    fc.assert(
      fc.property(twoAddresses(), fc.nat(), (two, size) => {
        const prefix = size % (two.width + 1);
        const list = new BlockList();
        list.addSubnet(two.one, prefix, two.family);
        expect(holds(`${two.one}/${prefix}`, two.other)).toBe(list.check(two.other, two.family));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(twoAddresses(), twoAddresses(), (two, { one, family }) => {
        const list = new BlockList();
        fc.pre(two.family === family && canBeRange(list, two.one, two.other, family));
        expect(holds(`${two.one}-${two.other}`, one)).toBe(list.check(one, family));
        expect(holds(`${two.one}-${two.other}`, two.one)).toBe(true);
        expect(holds(`${two.one}-${two.other}`, two.other)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('subnets', () => {
  it.each<[IpCheckOptions, string, string, boolean]>([
    [{ maskV4: '/24' }, '192.0.2.1', '192.0.2.254', true],
    [{ maskV4: '/24' }, '192.0.2.1', '192.0.3.1', false],
    [{ maskV4: '/24' }, '192.0.2.1', '::ffff:192.0.2.9', true],
    [{ maskV4: '255.255.255.0' }, '192.0.2.1', '192.0.2.254', true],
    [{ maskV4: '255.255.255.0' }, '192.0.2.1', '192.0.3.1', false],
    [{ maskV4: '255.255.252.0' }, '192.0.0.1', '192.0.3.1', true],
    [{ maskV4: '128.0.0.0' }, '1.0.0.1', '127.0.0.1', true],
    [{ maskV4: '/1' }, '1.0.0.1', '128.0.0.1', false],
    [{ maskV4: '/32' }, '192.0.2.0', '192.0.2.1', false],
    [{ maskV4: '255.255.255.255' }, '192.0.2.0', '192.0.2.1', false],
    [{ maskV4: '/1' }, '2001:db8::1', '2001:db8::2', false],
    [{ maskV6: '/1' }, '192.0.2.1', '192.0.2.2', false],
    [{ maskV6: '/60' }, '2001:db8::1', '2001:db8:0:f::1', true],
    [{ maskV6: '/60' }, '2001:db8::1', '2001:db8:0:10::1', false],
    [{ maskV6: '/64' }, '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff', true],
    [{ maskV6: '/128' }, '2001:db8::1', '2001:db8::2', false],
    [{ maskV4: '/1', maskV6: '/1' }, '192.0.2.1', '2001:db8::1', false],
    [{ maskV4: '/1', maskV6: '/1' }, '0.0.0.1', '::1', false],
    [{}, '192.0.2.1', '192.0.2.2', false],
  ])('of %j: %s, then %s', (masks, was, is, expected) => {
    for (const mode of ['strict', 'countrycode'] as const) {
      expect(compileIpCheck({ mode, ...masks })(was, is, null)).toEqual(expected ? STAYS : REFUSED);
      expect(compileIpCheck({ mode, ...masks })(is, was, null)).toEqual(expected ? STAYS : REFUSED);
    }
  });

  it('are those of a BlockList', () => {
    fc.assert(
      fc.property(twoAddresses(), fc.nat(), ({ one, other, family, width }, size) => {
        const prefix = 1 + (size % width);
        const list = new BlockList();
        list.addSubnet(one, prefix, family);
        const mask = { [family === 'ipv4' ? 'maskV4' : 'maskV6']: `/${prefix}` };
        const verdict = compileIpCheck({ mode: 'strict', ...mask })(one, other, null);
        expect(verdict).toEqual(list.check(other, family) ? STAYS : REFUSED);
      }),
      { numRuns: 500 },
    );
  });

  it('are the same with dots', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.ipV4(), fc.ipV4(), (prefix, was, is) => {
        const bits = '1'.repeat(prefix).padEnd(32, '0');
        const maskV4 = [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
        const dotted = compileIpCheck({ mode: 'strict', maskV4 })(was, is, null);
        expect(dotted).toEqual(compileIpCheck({ mode: 'strict', maskV4: `/${prefix}` })(was, is, null));
      }),
    );
  });
});

describe('the check', () => {
  const options = fc.record<IpCheckOptions>(
    {
      mode: fc.constantFrom('none', 'strict', 'countrycode'),
      ranges: fc.constantFrom('10.0.0.0/8', '2001:db8::/32\n192.0.2.0/24', '::/0'),
      clients: fc.constantFrom([], ['*'], ['my-app']),
      maskV4: fc.constantFrom('/8', '255.255.255.0'),
      maskV6: fc.constantFrom('/60', '/128'),
    },
    { requiredKeys: [] },
  );
  const address = fc.option(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string()));
  const client = fc.option(fc.oneof(fc.constantFrom('my-app', 'USM-EAS'), fc.string()));

  it('always answers, and whoever is refused leaves no address behind', () => {
    fc.assert(
      fc.property(options, address, address, client, (given, was, is, clientId) => {
        const { allowed, follow } = compileIpCheck(given)(was, is, clientId, () => 'DE');
        expect(allowed || !follow).toBe(true);
        expect(allowed || given.mode === 'strict' || given.mode === 'countrycode').toBe(true);
        expect(follow && is === null).toBe(false);
      }),
    );
  });

  it('answers the same twice, and nothing that could be changed', () => {
    const check = compileIpCheck({ mode: 'strict' });
    expect(check('192.0.2.1', '192.0.2.2', null)).toBe(check('192.0.2.1', '192.0.2.2', null));
    expect(Object.isFrozen(check('192.0.2.1', '192.0.2.2', null))).toBe(true);
  });

  it('remembers its options as they were', () => {
    const given = { mode: 'strict' as const, ranges: ['10.0.0.0/8'], clients: ['my-app'] };
    const check = compileIpCheck(given);
    given.ranges.push('192.0.2.0/24');
    given.clients.push('*');
    expect(check('203.0.113.1', '192.0.2.1', 'other-app')).toEqual(REFUSED);
  });
});

describe('options that cannot be used', () => {
  it.each<[object, RegExp]>([
    [{ mode: 'Strict' }, /`mode` is "Strict": it must be "none" or "strict" or "countrycode"/],
    [{ mode: '' }, /`mode` is "":/],
    [{ mode: null }, /`mode` is null:/],
    [{ mode: true }, /`mode` is true:/],
    [{ ranges: '192.0.2.0/24\n10.0.0' }, /`ranges` holds "10.0.0": write an address, two .* or a network/],
    [{ clients: ['my-app', ''] }, /`clients` holds "": .* leave it out/],
    ...[
      '/etc/noipcheck.cnf',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/',
      '10.0.0.0/255.0.0.0',
      '2001:db8::/129',
      '::ffff:10.0.0.0/95',
      '::ffff:10.0.0.0/129',
      '10.0.0.9-10.0.0.1',
      '10.0.0.1-',
      '-10.0.0.1',
      '10.0.0.1-10.0.0.2-10.0.0.3',
      '10.0.0.1-10.0.0.0/8',
      '10.0.0.1-2001:db8::1',
      '::1-10.0.0.1',
      '10.0.0.1 10.0.0.2',
      '10.0.0.1,10.0.0.2',
      '010.0.0.1',
      '10.0.0.*',
      'localhost',
      'localhost/8',
    ].map((range): [object, RegExp] => [{ ranges: [range] }, /`ranges` holds ".*": write/]),
    ...['/0', '/33', '24', '/024', '/-1', '/1.5', '', ' /24', '0.0.0.0', '255.0.255.0', '255.255.255.1'].map(
      (maskV4): [object, RegExp] => [{ maskV4 }, /`maskV4` is ".*": it must be such as "\/24" or/],
    ),
    ...['/0', '/129', '60', 'ffff::', '255.255.255.0', ''].map((maskV6): [object, RegExp] => [
      { maskV6 },
      /`maskV6` is ".*": it must be such as "\/60"/,
    ]),
  ])('%j are named, with the cure', (options, message) => {
    expect(() => compileIpCheck(options)).toThrow(RangeError);
    expect(() => compileIpCheck(options)).toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [{ maskv4: '/24' }, /has no option `maskv4`, it has `mode`, `ranges`, `clients`, `maskV4`, `maskV6`/],
    ['strict', /the IP check is "strict": give an object/],
    [null, /the IP check is null: give an object/],
    [[], /the IP check is \[\]: give an object/],
    [{ ranges: null }, /`ranges` is null: give the text/],
    [{ clients: null }, /`clients` is null: give a list/],
    [{ maskV4: null }, /`maskV4` is null: give text/],
    [{ ranges: 7 }, /`ranges` is 7: give the text of the file, or a list of its lines/],
    [{ ranges: ['10.0.0.1', null] }, /`ranges` is \["10.0.0.1",null\]:/],
    [{ clients: 'my-app' }, /`clients` is "my-app": give a list of client ids/],
    [{ clients: [/my-app/] }, /`clients` is .*: give a list/],
    [{ maskV4: 24 }, /`maskV4` is 24: give text such as "\/24"/],
    [{ maskV6: () => 60 }, /`maskV6` is .*: give text such as "\/60"/],
  ])('%j are of the wrong type', (options, message) => {
    expect(() => compileIpCheck(options as IpCheckOptions)).toThrow(TypeError);
    expect(() => compileIpCheck(options as IpCheckOptions)).toThrow(message);
  });
});

interface TwoAddresses {
  readonly one: string;
  readonly other: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly width: number;
}

/** Two that differ from some bit on: random addresses would hardly ever be in one network. None is IPv4 in IPv6 clothes. */
function twoAddresses(): fc.Arbitrary<TwoAddresses> {
  const groups = fc.constantFrom(2, 8).chain((length) =>
    fc.array(fc.oneof(fc.constantFrom(0, 0xffff), fc.nat(0xffff)), {
      minLength: length,
      maxLength: length,
    }),
  );
  const pairs = fc.tuple(groups, fc.nat(), fc.nat(0xffff)).map(([one, at, noise]) => {
    const bit = at % (16 * one.length);
    const other = one.map((group, index) => {
      if (index < bit >> 4) return group;
      if (index === bit >> 4) return group ^ (0x8000 >> (bit & 15));
      return group ^ noise;
    });
    return [one, other] as const;
  });
  return pairs
    .filter((pair) => !pair.some(isMapped))
    .map(([one, other]) => {
      const isV4 = one.length === 2;
      return { one: text(one), other: text(other), family: isV4 ? 'ipv4' : 'ipv6', width: isV4 ? 32 : 128 };
    });
}

function isMapped(groups: readonly number[]): boolean {
  return groups.length === 8 && groups.slice(0, 6).join() === '0,0,0,0,0,65535';
}

function text(groups: readonly number[]): string {
  if (groups.length === 8) return groups.map((group) => group.toString(16)).join(':');
  return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}

/** Whether a BlockList takes the range, which it refuses when the first address comes after the last. */
function canBeRange(list: BlockList, first: string, last: string, family: 'ipv4' | 'ipv6'): boolean {
  try {
    list.addRange(first, last, family);
    return true;
  } catch {
    return false;
  }
}
