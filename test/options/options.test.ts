import { memory } from '../../lib';
import { OPTIONS } from '../../lib/options/options';
import { readOptions } from '../../lib/options/reader';
import { settingsOf } from '../../lib/options/settings';

const settings = (options: object) => settingsOf({ store: memory(), ...options });

describe('the options of a manager', () => {
  it('have defaults that pass their own checks', () => {
    const values = readOptions({}, OPTIONS, { heading: 'No default is invalid' });
    expect(values).toMatchObject({ shortLifetime: 3_600_000, cookies: { sameSite: 'lax' }, lease: 2000 });
  });

  it.each([
    [{ shortLifetime: '1y' }, '`shortLifetime` is "1y": it must be a duration from 1000 ms'],
    [{ shortLifetime: 5 }, '`shortLifetime` is 5'],
    [{ longLifetime: NaN }, '`longLifetime` is NaN'],
    [{ absoluteLifetime: true }, '`absoluteLifetime` is true'],
    [{ autologin: 'false' }, '`autologin` is "false": it must be true or false'],
    [{ autologin: null }, '`autologin` is null'],
    [{ cookies: { name: 'a b' } }, '`cookies.name` is "a b"'],
    [{ cookies: { sameSite: 'all' } }, '`cookies.sameSite` is "all": it must be "lax" or "strict" or "none"'],
    [{ cookies: { partitioned: 'yes' } }, '`cookies.partitioned` is "yes": it must be true or false'],
    [{ cookies: { Secure: false } }, 'no option `cookies.Secure`, did you mean `cookies.secure`?'],
    [{ cookies: 5 }, '`cookies` is 5: it must be an object'],
    [{ origins: ['https://example.com/'] }, '`origins` is ["https://example.com/"]: browsers never send'],
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
  ])('refuse %j and name the invalid option', (options, problem) => {
    expect(() => settings(options)).toThrow(TypeError);
    expect(() => settings(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(problem) }),
    );
  });

  it.each([
    [{ absoluteLifetime: false }],
    [{ absoluteLifetime: '90D' }],
    [{ origins: ['https://www.example.com', 'http://localhost:3000'] }],
    [{ maxSessionsPerUser: Infinity, maxSessionsPerClient: 1, maxSessionsPerDevice: 1_000_000 }],
    [{ lease: '1M' }],
    [{ location: false }],
    [{ location: () => undefined }],
    [{ translations: { fr: { on: '{program} sur {system}' } }, languages: ['fr', 'en'] }],
    [{ nodeId: 'node-1.example_com' }],
  ])('accept %j', (options) => {
    expect(() => settings(options)).not.toThrow();
  });

  it.each([
    [{ schema: 'My "Schema"' }],
    [{ schema: 'ü'.repeat(31) }],
    [{ changesConnection: 'postgres://db' }],
    [{ changesConnection: { host: 'db' } }],
    [{ changesConnection: () => ({ host: 'db' }) }],
    [{ hint: { listen: () => () => undefined } }],
  ])('accept %j beside a Knex', (options) => {
    expect(() => settingsOf({ knex: {} as never, ...options } as never)).not.toThrow();
  });
});
