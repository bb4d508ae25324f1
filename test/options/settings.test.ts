import { inspect } from 'node:util';

import { memory } from '../../lib';
import { OPTIONS } from '../../lib/options/options';
import { settingsOf } from '../../lib/options/settings';
import { satisfies } from '../support/compliance';
import { turns } from '../support/gate';

const settings = (options: object = {}) => settingsOf({ store: memory(), ...options });

const environment = process.env['NODE_ENV'];
afterEach(() => {
  process.env['NODE_ENV'] = environment;
});

describe('settingsOf', () => {
  it('fills in the default of every option that is missing or undefined', () => {
    const expected = {
      lifetimes: { short: 3_600_000, long: 604_800_000, absolute: Infinity, autologin: true },
      cookies: { name: 'identity', ttl: 604_800_000, secure: true, sameSite: 'lax', partitioned: false },
      origins: [],
      preventConcurrentLogin: 'Disabled',
      maxSessionsPerUser: Infinity,
      updateAfterCacheHits: 10,
      touchInterval: 60_000,
      cacheSize: 50_000,
      lease: 2000,
      requestBudget: 3000,
      location: true,
    };
    expect(settings()).toMatchObject(expected);
    expect([...settings().translations.keys()]).toEqual(['en', 'de']);
    const { store: _, ...others } = OPTIONS;
    const nothing = Object.fromEntries(Object.keys(others).map((name) => [name, undefined]));
    expect(settings(nothing)).toMatchObject(expected);
  });

  it('returns the given options, with durations in milliseconds', () => {
    expect(
      settings({
        shortLifetime: '30M',
        longLifetime: '30D',
        absoluteLifetime: '90D',
        cookies: { name: 'sid', ttl: '30D', sameSite: 'strict' },
        maxSessionsPerUser: 5,
        onLimit: 'refuse',
        lease: 0,
      }),
    ).toMatchObject({
      lifetimes: { short: 1_800_000, long: 2_592_000_000, absolute: 7_776_000_000 },
      cookies: { name: 'sid', ttl: 2_592_000_000, secure: true, sameSite: 'strict' },
      maxSessionsPerUser: 5,
      onLimit: 'refuse',
      lease: 0,
    });
  });

  it.each([
    [{ shortLifetime: '5M' }, 30_000],
    [{ shortLifetime: 1009 }, 100],
    [{ shortLifetime: '10M' }, 60_000],
    [{ shortLifetime: '1D', longLifetime: '1W' }, 60_000],
    [{ shortLifetime: '5M', touchInterval: undefined }, 30_000],
    [{ shortLifetime: '5M', touchInterval: 500 }, 500],
    [{ touchInterval: '6M' }, 360_000],
  ])('computes the touch interval of %j as %d ms', (options, expected) => {
    expect(settings(options).touchInterval).toBe(expected);
  });

  it('reports all invalid options in one error', () => {
    const many = { shortLifetime: 'x', lease: 'y', unknown: 1, cookies: { secure: 'z' } };
    expect(() => settings(many)).toThrow(/shortLifetime[^]*cookies\.secure[^]*lease/);
    expect(() => settings(many)).toThrow(/no option `unknown`/);
  });

  it.each<[string, object]>([
    ['give exactly one of `knex`', { store: undefined }],
    ['give exactly one of `knex`', { knex: () => undefined }],
    ['give exactly one of `knex`', { connection: 'postgres://db' }],
    ['`cookies.sameSite: "none"` lets every site', { cookies: { sameSite: 'none' } }],
    ['set `cookies.sameSite: "none"` too', { cookies: { partitioned: true } }],
    ['set `cookies.sameSite: "none"` too', { cookies: { sameSite: 'strict', partitioned: true } }],
    [
      '`cookies.sameSite: "none"` needs `cookies.secure: true`',
      { cookies: { sameSite: 'none', partitioned: true, secure: false } },
    ],
    ['`schema` is for the database', { schema: 'sessions' }],
    ['`changesConnection` is for the database', { changesConnection: 'postgres://db' }],
    ['`hint` is for the database', { hint: { listen: () => () => undefined } }],
    ['`longLifetime` (3600000 ms) is shorter', { shortLifetime: '2H', longLifetime: '1H' }],
    ['`touchInterval` (60000 ms) is more than a tenth', { shortLifetime: '5M', touchInterval: '1M' }],
    ['give at most 30000 ms, or leave it out', { shortLifetime: '5M', touchInterval: 30_001 }],
    ['`inactiveTimeSpan` (2592000000 ms) is shorter than `longLifetime`', { longLifetime: '31D' }],
    [
      '`ipAddresses: "none"` keeps no address that `ipCheck.mode: "strict"` could compare',
      { ipAddresses: 'none', ipCheck: { mode: 'strict' } },
    ],
    [
      '`clearSiteData` is ["history"]: it must be a list of "cookies", "storage", "cache"',
      { clearSiteData: ['history' as never] },
    ],
    ['`lease` (500 ms) must be 0 or at least 1000 ms', { lease: 500 }],
    ['`onSignal` is never called with `signals: []`', { signals: [], onSignal: () => undefined }],
    ['`signals`', { signals: ['password-changed'] }],
  ])('reports the contradiction: %s', (problem, options) => {
    expect(() => settings(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(problem) }),
    );
  });

  it.each([{ maxSessions: 5 }, { globalLookup: false }])(
    'names the node after its host if an option needs a name: %j',
    (options) => {
      expect(settings(options).nodeId).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
      expect(settings({ ...options, nodeId: 'node-1' }).nodeId).toBe('node-1');
      expect(settings().nodeId).toBeNull();
    },
  );

  it('shows secret keys neither in errors nor in logged or copied settings', () => {
    const key = 'a secret key of an installation, long enough';
    const { keys, ...copied } = settings({ keys: [key] });
    expect(keys).toEqual([key]);
    expect(inspect([settings({ keys: [key] }), copied], { depth: 5 })).not.toContain('a secret key');
    const refused = () => settings({ keys: ['a secret key'] });
    expect(refused).toThrow('`keys` cannot be used: it must be a list of texts of at least 32 characters');
    expect(refused).not.toThrow('a secret key');
  });

  it('shows how to create a manager if the options are missing', () => {
    expect(() => settingsOf(undefined as never)).toThrow(/createIdentitySessionManager\(\{ knex \}\)/);
  });

  it(
    satisfies(
      'accepts insecure cookies in tests, warns of them in development, and refuses them in production',
      'NIST 5.1 channel',
      'NIST 5.1 fallback',
    ),
    () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      settings({ cookies: { secure: false } });
      expect(warn).not.toHaveBeenCalled();
      process.env['NODE_ENV'] = 'development';
      settings({ cookies: { secure: false } });
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('plain HTTP'), {
        code: 'EIS_INSECURE_COOKIES',
      });
      process.env['NODE_ENV'] = 'production';
      expect(() => settings({ cookies: { secure: false } })).toThrow(/NODE_ENV is "production"/);
    },
  );

  it('prints a warning if cookies.ttl and longLifetime differ', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    settings({ cookies: { ttl: '1D' } });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('`longLifetime` differ'), {
      code: 'EIS_COOKIE_TTL',
    });
    settings({ cookies: { ttl: '2W' }, longLifetime: '2W' });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('removes invisible characters from the device that the function of the app describes', () => {
    const { describeDevice } = settings({
      describeDevice: (userAgent: string | null) => ({
        type: 'other',
        family: null,
        os: null,
        client: { name: userAgent!, version: '1\u200b' },
        name: { program: userAgent! },
      }),
    });
    expect(describeDevice('cu\u202erl', null)).toMatchObject({
      os: null,
      client: { name: 'curl', version: '1' },
    });
  });

  const threw = () => {
    throw new Error('no');
  };

  it.each<[string, () => unknown]>([
    ['throws', threw],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['returns a thenable that throws', () => ({ then: threw })],
  ])('ignores the failure of a report that %s', async (_, app) => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const { report } = settings({ report: app });
    expect(() => report({ type: 'failed', task: 'touches', error: new Error() })).not.toThrow();
    await turns();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
