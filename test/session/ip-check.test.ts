import fc from 'fast-check';

import { readOptions } from '../../lib/options/reader';
import { buildIpCheck, IP_CHECK, type IpCheckOptions, type IpVerdict } from '../../lib/session/ip-check';

const ipCheck = (options: IpCheckOptions = {}) =>
  buildIpCheck(readOptions(options, IP_CHECK, { heading: 'the IP check' }));

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

describe('buildIpCheck', () => {
  it.each<[string, IpCheckOptions, string | null, string | null, string | null, IpVerdict]>([
    ['accepts the same address', { mode: 'strict' }, '192.0.2.1', '192.0.2.1', null, STAYS],
    ['refuses another address', { mode: 'strict' }, '192.0.2.1', '192.0.2.2', null, REFUSED],
    [
      'refuses an IPv6 address after an IPv4 address',
      { mode: 'strict' },
      '192.0.2.1',
      '2001:db8::1',
      null,
      REFUSED,
    ],
    ['follows another address by default', {}, '192.0.2.1', '192.0.2.2', null, FOLLOWS],
    ['follows another address in mode none', { mode: 'none' }, '192.0.2.1', '2001:db8::1', 'my-app', FOLLOWS],
    ['accepts the same address by default', {}, '192.0.2.1', '192.0.2.1', null, STAYS],
  ])('%s', (_title, options, was, is, client, expected) => {
    expect(ipCheck(options)(was, is, client, countryOf)).toEqual(expected);
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
  ])('treats %s and %s as the same address in every mode', (was, is) => {
    for (const mode of ['none', 'strict', 'countrycode'] as const) {
      expect(ipCheck({ mode })(was, is, null)).toEqual(STAYS);
    }
  });

  it('refuses another IPv4 address that is written as an IPv4-mapped address', () => {
    expect(ipCheck({ mode: 'strict' })('192.0.2.1', '::ffff:192.0.2.2', null)).toEqual(REFUSED);
  });
});

describe('buildIpCheck with an unknown address', () => {
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
  ])('with %j, from %j to %j, client %j, returns %j', (options, was, is, client, expected) => {
    expect(ipCheck(options)(was, is, client, countryOf)).toEqual(expected);
  });
});

describe('buildIpCheck with mode countrycode', () => {
  const check = ipCheck({ mode: 'countrycode', ranges: ['10.0.0.0/8'] });

  it.each([
    ['accepts a change within a country', '192.0.2.1', '192.0.2.2', STAYS],
    ['accepts a change within a country', '192.0.2.1', '2001:DB8:0::DE', STAYS],
    ['refuses a change to another country', '192.0.2.1', '198.51.100.1', REFUSED],
    ['refuses a change to an unknown country', '192.0.2.1', '203.0.113.99', REFUSED],
    ['refuses a change from an unknown country', '203.0.113.99', '192.0.2.1', REFUSED],
    ['refuses a change between unknown countries', '203.0.113.98', '203.0.113.99', REFUSED],
    ['refuses a change between countries with an empty code', '203.0.113.1', '203.0.113.2', REFUSED],
    ['refuses a change to a private address', '192.0.2.1', '192.168.0.1', REFUSED],
    ['accepts a change to a private address in a range', '192.0.2.1', '10.1.2.3', STAYS],
  ])('%s: from %s to %s', (_title, was, is, expected) => {
    expect(check(was, is, null, countryOf)).toEqual(expected);
  });

  it('refuses a change if countries cannot be looked up', () => {
    expect(check('192.0.2.1', '192.0.2.2', null)).toEqual(REFUSED);
  });

  it('looks up countries by canonical address, and only if no other rule decides', () => {
    const asked = jest.fn(() => 'DE');
    check('192.0.2.1', '10.1.2.3', null, asked);
    check('192.0.2.1', '::ffff:192.0.2.1', null, asked);
    ipCheck({ mode: 'strict' })('192.0.2.1', '192.0.2.2', null, asked);
    expect(asked).not.toHaveBeenCalled();
    check('::ffff:192.0.2.1', '2001:DB8::0:1', null, asked);
    expect(asked.mock.calls).toEqual([['192.0.2.1'], ['2001:db8::1']]);
  });

  it('throws the error of a failed lookup, so that a broken database signs out no user', () => {
    const broken = () => {
      throw new Error('no database');
    };
    expect(() => check('192.0.2.1', '192.0.2.2', null, broken)).toThrow('no database');
  });
});

describe('buildIpCheck with clients', () => {
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
  ])('with clients %j and the client id %j returns %j', (clients, clientId, expected) => {
    const options = clients === undefined ? {} : { clients };
    const check = ipCheck({ mode: 'strict', ...options });
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
  ])('with default options and the client id %j returns %j', (clientId, expected) => {
    expect(ipCheck()('192.0.2.1', '203.0.113.1', clientId)).toEqual(expected);
  });

  it('follows a USM client that may change its address, and refuses one that may not', () => {
    for (const mode of ['none', 'strict', 'countrycode'] as const) {
      expect(ipCheck({ mode, clients: ['USM*'] })('192.0.2.1', '203.0.113.1', 'USM-EAS')).toEqual(FOLLOWS);
    }
    expect(ipCheck({ mode: 'strict' })('192.0.2.1', '203.0.113.1', 'USM-EAS')).toEqual(REFUSED);
  });

  it('matches patterns as the equivalent regular expression does', () => {
    const form = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 });
    const id = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '*', '?'), maxLength: 10 });
    fc.assert(
      fc.property(form, id, (pattern, clientId) => {
        const check = ipCheck({ mode: 'strict', clients: [pattern] });
        const expected = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`, 'i');
        expect(check('192.0.2.1', '203.0.113.1', clientId).allowed).toBe(expected.test(clientId));
      }),
      { numRuns: 1000 },
    );
  });

  it('matches a pattern with many asterisks quickly', () => {
    const check = ipCheck({ mode: 'strict', clients: ['a*'.repeat(200) + 'b'] });
    const start = process.cpuUsage();
    expect(check('192.0.2.1', '203.0.113.1', 'a'.repeat(2000)).allowed).toBe(false);
    expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
  });
});

describe('buildIpCheck with ranges', () => {
  const holds = (ranges: string | readonly string[], address: string) => {
    const verdict = ipCheck({ mode: 'strict', ranges })(null, address, null);
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
  ])('with the range %s, a change to %s has allowed: %j', (range, address, expected) => {
    expect(holds(range, address)).toBe(expected);
    expect(holds([range], address)).toBe(expected);
  });

  it('reads a file with comments, blank lines and any line ends', () => {
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

  it.each(['', '\n\n', '# nothing\n', [] as string[]])(
    'accepts no address if the ranges are %j',
    (ranges) => {
      expect(holds(ranges, '192.0.2.1')).toBe(false);
    },
  );

  it('accepts a new address in a range, but not a change away from a range', () => {
    const check = ipCheck({ mode: 'strict', ranges: '10.0.0.0/8' });
    expect(check('192.0.2.1', '10.0.0.1', null)).toEqual(STAYS);
    expect(check('10.0.0.1', '192.0.2.1', null)).toEqual(REFUSED);
  });

  it('contains the same addresses as networks and ranges of numbers', () => {
    fc.assert(
      fc.property(twoAddresses(), fc.nat(), ({ one, other, width }, size) => {
        const prefix = size % (width + 1);
        expect(holds(`${one.text}/${prefix}`, other.text)).toBe(isSameNetwork(one, other, width - prefix));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        twoAddresses(),
        twoAddresses(),
        ({ one: first, other: last, width }, { one, width: its }) => {
          fc.pre(first.number <= last.number);
          const range = `${first.text}-${last.text}`;
          const isInside = width === its && first.number <= one.number && one.number <= last.number;
          expect(holds(range, one.text)).toBe(isInside);
          expect(holds(range, first.text)).toBe(true);
          expect(holds(range, last.text)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('buildIpCheck with subnets', () => {
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
  ])('with %j, a change from %s to %s has allowed: %j', (masks, was, is, expected) => {
    for (const mode of ['strict', 'countrycode'] as const) {
      expect(ipCheck({ mode, ...masks })(was, is, null)).toEqual(expected ? STAYS : REFUSED);
      expect(ipCheck({ mode, ...masks })(is, was, null)).toEqual(expected ? STAYS : REFUSED);
    }
  });

  it('contains the same addresses as subnets of numbers', () => {
    fc.assert(
      fc.property(twoAddresses(), fc.nat(), ({ one, other, width }, size) => {
        const prefix = 1 + (size % width);
        const mask = { [width === 32 ? 'maskV4' : 'maskV6']: `/${prefix}` };
        const verdict = ipCheck({ mode: 'strict', ...mask })(one.text, other.text, null);
        expect(verdict).toEqual(isSameNetwork(one, other, width - prefix) ? STAYS : REFUSED);
      }),
      { numRuns: 500 },
    );
  });

  it('decides the same for a mask with dots and a prefix length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.ipV4(), fc.ipV4(), (prefix, was, is) => {
        const bits = '1'.repeat(prefix).padEnd(32, '0');
        const maskV4 = [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
        const dotted = ipCheck({ mode: 'strict', maskV4 })(was, is, null);
        expect(dotted).toEqual(ipCheck({ mode: 'strict', maskV4: `/${prefix}` })(was, is, null));
      }),
    );
  });
});

describe('buildIpCheck with any options', () => {
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

  it('returns a verdict for any input, and follows no address of a refused request', () => {
    fc.assert(
      fc.property(options, address, address, client, (given, was, is, clientId) => {
        const { allowed, follow } = ipCheck(given)(was, is, clientId, () => 'DE');
        expect(allowed || !follow).toBe(true);
        expect(allowed || given.mode === 'strict' || given.mode === 'countrycode').toBe(true);
        expect(follow && is === null).toBe(false);
      }),
    );
  });

  it('returns the same frozen object each time', () => {
    const check = ipCheck({ mode: 'strict' });
    expect(check('192.0.2.1', '192.0.2.2', null)).toBe(check('192.0.2.1', '192.0.2.2', null));
    expect(Object.isFrozen(check('192.0.2.1', '192.0.2.2', null))).toBe(true);
  });

  it('ignores changes to the options object after it was built', () => {
    const given = { mode: 'strict' as const, ranges: ['10.0.0.0/8'], clients: ['my-app'] };
    const check = ipCheck(given);
    given.ranges.push('192.0.2.0/24');
    given.clients.push('*');
    expect(check('203.0.113.1', '192.0.2.1', 'other-app')).toEqual(REFUSED);
  });
});

describe('IP_CHECK', () => {
  it.each<[unknown, RegExp]>([
    [{ mode: 'Strict' }, /`mode` is "Strict": it must be "none" or "strict" or "countrycode"/],
    [{ mode: '' }, /`mode` is "":/],
    [{ mode: null }, /`mode` is null:/],
    [{ mode: true }, /`mode` is true:/],
    [{ maskv4: '/24' }, /there is no option `maskv4`, did you mean `maskV4`\?/],
    ['strict', /the options are "strict": they must be an object/],
    [null, /the options are null:/],
    [[], /the options are \[\]:/],
    [{ ranges: null }, /`ranges` is null: it must be the text of a file, or a list of its lines/],
    [{ ranges: 7 }, /`ranges` is 7:/],
    [{ ranges: ['10.0.0.1', null] }, /`ranges` is \["10.0.0.1",null\]:/],
    [
      { ranges: '192.0.2.0/24\n10.0.0' },
      /`ranges` is .*: it contains "10.0.0": write an address, two .* or a network/,
    ],
    [
      { clients: ['my-app', ''] },
      /`clients` is \["my-app",""\]: it must be a list of client ids that are not empty/,
    ],
    [{ clients: null }, /`clients` is null: it must be a list/],
    [{ clients: 'my-app' }, /`clients` is "my-app": it must be a list/],
    [{ clients: [/my-app/] }, /`clients` is .*: it must be a list/],
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
    ].map((range): [object, RegExp] => [{ ranges: [range] }, /`ranges` is .*: it contains ".*": write/]),
    ...[
      '/0',
      '/33',
      '24',
      '/024',
      '/-1',
      '/1.5',
      '',
      ' /24',
      '0.0.0.0',
      '255.0.255.0',
      '255.255.255.1',
      24,
      null,
    ].map((maskV4): [object, RegExp] => [{ maskV4 }, /`maskV4` is .*: it must be text such as "\/24" or/]),
    ...['/0', '/129', '60', 'ffff::', '255.255.255.0', '', () => 60].map((maskV6): [object, RegExp] => [
      { maskV6 },
      /`maskV6` is .*: it must be text such as "\/60"/,
    ]),
  ])('throws a TypeError that names the problem of %j', (options, message) => {
    expect(() => ipCheck(options as IpCheckOptions)).toThrow(TypeError);
    expect(() => ipCheck(options as IpCheckOptions)).toThrow(message);
  });

  it('lists all problems in one error', () => {
    const options = { mode: 'loose', maskV4: '/0', maskV6: '/0' } as unknown as IpCheckOptions;
    expect(() => ipCheck(options)).toThrow(/`mode`[^]*`maskV4`[^]*`maskV6`/);
  });
});

interface Address {
  readonly text: string;
  readonly number: bigint;
}

/** Two addresses of one family. */
interface TwoAddresses {
  readonly one: Address;
  readonly other: Address;
  /** The length of the addresses in bits. */
  readonly width: number;
}

/**
 * Two addresses that differ from some bit on, because random addresses are hardly ever in one network. Neither is
 * IPv4-mapped.
 */
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
    .map(([one, other]) => ({ one: addressOf(one), other: addressOf(other), width: 16 * one.length }));
}

function isMapped(groups: readonly number[]): boolean {
  return groups.length === 8 && groups.slice(0, 6).join() === '0,0,0,0,0,65535';
}

function addressOf(groups: readonly number[]): Address {
  const text =
    groups.length === 8
      ? groups.map((group) => group.toString(16)).join(':')
      : groups.flatMap((group) => [group >> 8, group & 0xff]).join('.');
  return { text, number: groups.reduce((number, group) => (number << 16n) | BigInt(group), 0n) };
}

function isSameNetwork(one: Address, other: Address, hostBits: number): boolean {
  return (one.number ^ other.number) >> BigInt(hostBits) === 0n;
}
