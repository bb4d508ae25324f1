import { memory } from '../../lib';
import { OPTIONS } from '../../lib/options/options';
import { settingsOf } from '../../lib/options/settings';
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
      cookies: { name: 'identity', ttl: 604_800_000, secure: true, sameSite: 'lax' },
      origins: [],
      rules: { preventConcurrentLogin: 'Disabled', limits: [] },
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
      rules: { limits: [{ per: 'user', max: 5, onLimit: 'refuse' }] },
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

  it.each([
    [{ shortLifetime: '1w' }, '`shortLifetime` is "1w": it must be a duration from 1000 ms'],
    [{ shortLifetime: 5 }, '`shortLifetime` is 5'],
    [{ longLifetime: NaN }, '`longLifetime` is NaN'],
    [{ absoluteLifetime: true }, '`absoluteLifetime` is true'],
    [{ autologin: 'false' }, '`autologin` is "false": it must be true or false'],
    [{ autologin: null }, '`autologin` is null'],
    [{ cookies: { name: 'a b' } }, '`cookies.name` is "a b"'],
    [{ cookies: { sameSite: 'none' } }, '`cookies.sameSite` is "none": it must be "lax" or "strict"'],
    [{ cookies: { Secure: false } }, 'no option `cookies.Secure`, did you mean `cookies.secure`?'],
    [{ cookies: 5 }, '`cookies` is 5: it must be an object'],
    [{ origins: ['www.example.com'] }, '`origins` is ["www.example.com"]: it must be a list of origins'],
    [{ origins: ['https://example.com/'] }, '`origins` is ["https://example.com/"]'],
    [{ origins: 'https://example.com' }, '`origins` is "https://example.com": it must be a list'],
    [{ preventConcurrentLogin: 2 }, '`preventConcurrentLogin` is 2: it must be "Disabled" or'],
    [{ maxSessionsPerUser: 0 }, '`maxSessionsPerUser` is 0'],
    [{ maxSessionsPerUser: 1.5 }, '`maxSessionsPerUser` is 1.5'],
    [{ maxSessions: 0 }, '`maxSessions` is 0'],
    [{ updateAfterCacheHits: '10' }, '`updateAfterCacheHits` is "10"'],
    [{ cacheSize: Infinity }, '`cacheSize` is Infinity'],
    [{ lease: '1D' }, '`lease` is "1D"'],
    [{ requestBudget: 5 }, '`requestBudget` is 5'],
    [{ hint: 'redis://cache' }, '`hint` is "redis://cache": it must be a hint, such as `redisHint(client)`'],
    [{ changesConnection: 5432 }, '`changesConnection` is 5432: it must be a value for Knex'],
    [{ schema: '' }, '`schema` is "": it must be the name of a schema'],
    [{ schema: 'a.b' }, '`schema` is "a.b"'],
    [{ schema: 5 }, '`schema` is 5'],
    [{ nodeId: 'a b' }, '`nodeId` is "a b"'],
    [{ isCleanupEnabled: 1 }, '`isCleanupEnabled` is 1'],
    [{ cleanupPeriod: 59_999 }, '`cleanupPeriod` is 59999: it must be a duration from 60000 ms'],
    [{ inactiveTimeSpan: '1Y' }, '`inactiveTimeSpan` is "1Y"'],
    [{ endedRetention: -1 }, '`endedRetention` is -1'],
    [{ clientBlacklist: 'a,b' }, '`clientBlacklist` is "a,b": it must be a list of client ids'],
    [{ ipCheck: { mode: 'loose' } }, '`ipCheck.mode` is "loose"'],
    [{ location: 'Berlin' }, '`location` is "Berlin": it must be true or false or a function'],
    [{ describeDevice: {} }, '`describeDevice` is {}: it must be a function'],
    [{ translations: [] }, '`translations` is []: it must be an object'],
    [{ translations: { German: {} } }, '`translations` and `languages`: "German" is not a language tag'],
    [{ languages: 'de' }, '`languages` is "de": it must be a list of languages'],
    [{ languages: ['fr'] }, '`translations` and `languages`: there is no translation for "fr"'],
    [{ report: 'console' }, '`report` is "console"'],
    [{ clock: {} }, '`clock` is {}'],
    [{ LongLifetime: '1W' }, 'there is no option `LongLifetime`, did you mean `longLifetime`?'],
    [{ ttl: 5 }, 'there is no option `ttl`'],
  ])('reports the problem of the options %j', (options, problem) => {
    expect(() => settings(options)).toThrow(TypeError);
    expect(() => settings(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(problem) }),
    );
  });

  it('reports all invalid options in one error', () => {
    const many = { shortLifetime: 'x', lease: 'y', unknown: 1, cookies: { secure: 'z' } };
    expect(() => settings(many)).toThrow(/shortLifetime[^]*cookies\.secure[^]*lease/);
    expect(() => settings(many)).toThrow(/no option `unknown`/);
  });

  it.each<[string, object]>([
    ['give either `knex`', { store: undefined }],
    ['give either `knex`', { knex: () => undefined }],
    ['`schema` is for the database', { schema: 'sessions' }],
    ['`changesConnection` is for the database', { changesConnection: 'postgres://db' }],
    ['`hint` is for the database', { hint: { listen: () => () => undefined } }],
    ['`longLifetime` (3600000 ms) is shorter', { shortLifetime: '2H', longLifetime: '1H' }],
    ['`touchInterval` (60000 ms) is more than a tenth', { shortLifetime: '5M', touchInterval: '1M' }],
    ['give at most 30000 ms, or leave it out', { shortLifetime: '5M', touchInterval: 30_001 }],
    ['`inactiveTimeSpan` (2592000000 ms) is shorter than `longLifetime`', { longLifetime: '31D' }],
    ['`maxSessions` limits the sessions of this node, and the node has no name', { maxSessions: 5 }],
    [
      '`globalLookup: false` shows the sessions of this node, and the node has no name',
      { globalLookup: false },
    ],
    ['`lease` (500 ms) must be 0 or at least 1000 ms', { lease: 500 }],
  ])('reports the contradiction: %s', (problem, options) => {
    expect(() => settings(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(problem) }),
    );
  });

  it('shows how to create a manager if the options are missing', () => {
    expect(() => settingsOf(undefined as never)).toThrow(/createIdentitySessionManager\(\{ knex \}\)/);
  });

  it('prints a warning for insecure cookies in development, and refuses them in production', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    settings({ cookies: { secure: false } });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('plain HTTP'), {
      code: 'EIS_INSECURE_COOKIES',
    });
    process.env['NODE_ENV'] = 'production';
    expect(() => settings({ cookies: { secure: false } })).toThrow(/NODE_ENV is "production"/);
  });

  it('prints a warning if cookies.ttl and longLifetime differ', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    settings({ cookies: { ttl: '1D' } });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('`longLifetime` differ'), {
      code: 'EIS_COOKIE_TTL',
    });
    settings({ cookies: { ttl: '2W' }, longLifetime: '2W' });
    expect(warn).toHaveBeenCalledTimes(1);
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
