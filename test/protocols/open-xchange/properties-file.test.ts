import { createIdentitySessionManager, memory } from '../../../lib';
import { openXchange, openXchangeRouter } from '../../../lib/protocols/open-xchange';
import { fromProperties } from '../../../lib/protocols/open-xchange/properties-file';

describe('fromProperties with the documented properties', () => {
  it('enables long-running sessions', async () => {
    const { manager, openXchange, unknown } = fromProperties(`
# sessiond.properties
#
# Maximum value in milliseconds a session is allowed to be kept without request.
com.openexchange.sessiond.sessionDefaultLifeTime=3600000
com.openexchange.sessiond.sessionLongLifeTime=1W
com.openexchange.sessiond.autologin=true
com.openexchange.cookie.ttl=1W
`);
    expect(manager).toEqual({ shortLifetime: 3_600_000, longLifetime: 604_800_000, autologin: true });
    expect(openXchange).toEqual({ cookieTtl: 604_800_000 });
    expect(unknown).toEqual([]);
    await createIdentitySessionManager({ store: memory(), location: false, ...manager }).close();
  });

  it.each(['clientBlacklist', 'blacklist'])('hides clients by the spelling %s', (spelling) => {
    const text = `com.openexchange.session.management.${spelling}=open-xchange-mobile-api-facade,open-xchange-mailapp,USM-EAS`;
    expect(fromProperties(text).manager.clientBlacklist).toEqual([
      'open-xchange-mobile-api-facade',
      'open-xchange-mailapp',
      'USM-EAS',
    ]);
  });
});

describe('fromProperties', () => {
  const said = (line: string) => {
    const { manager, openXchange, router } = fromProperties(`com.openexchange.${line}`);
    return { ...manager, ...openXchange, ...router };
  };

  it.each([
    ['session.management.globalLookup=false', { globalLookup: false }],
    ['sessiond.autologin = TRUE', { autologin: true }],
    ['sessiond.maxSessionPerUser=100', { maxSessionsPerUser: 100, onLimit: 'refuse' }],
    ['sessiond.maxSessionPerUser=0', { maxSessionsPerUser: Infinity, onLimit: 'refuse' }],
    ['sessiond.maxSessionPerClient=-1', { maxSessionsPerClient: Infinity, onLimit: 'refuse' }],
    ['sessiond.maxSession=50000', { maxSessions: 50_000 }],
    ['sessiond.maxSession=0', { maxSessions: Infinity }],
    ['cookie.ttl=web-browser', { cookieTtl: 'web-browser' }],
    ['cookie.httpOnly=false', { httpOnly: false }],
    ['cookie.hash=remember', { cookieHash: 'remember' }],
    ['cookie.hash.fields=Accept-Language, X-Device', { cookieHashFields: ['Accept-Language', 'X-Device'] }],
    ['cookie.hash.salt=a\\=b c', { cookieHashSalt: 'a=b c' }],
    ['ajax.login.http-auth.client=my-client', { defaultClient: 'my-client' }],
    ['sessiond.randomTokenTimeout=30000', { randomTokenTimeout: 30_000 }],
    ['ajax.login.randomToken=false', { randomToken: false }],
    ['ajax.login.randomToken=true', { randomToken: true }],
    ['tokenlogin.maxIdleTime=300000', { acquiredTokenTimeout: 300_000 }],
    ['ajax.login.maxRate=50', { limits: { login: { limit: 50 } } }],
    ['ajax.login.maxRateTimeWindow=5M', { limits: { login: { windowMs: 300_000 } } }],
    ['UIWebPath=/appsuite/', { uiWebPath: '/appsuite/' }],
    ['IPCheck=true', { ipCheck: { mode: 'strict' } }],
    ['IPCheck=false', { ipCheck: { mode: 'none' } }],
    ['ipcheck.mode=countrycode', { ipCheck: { mode: 'countrycode' } }],
    ['ipcheck.mode=none', { ipCheck: { mode: 'none' } }],
    ['ipcheck.mode=', {}],
    ['IPCheckWhitelist=', { ipCheck: { clients: [] } }],
    ['IPCheckWhitelist="open-xchange-mailapp"', { ipCheck: { clients: ['open-xchange-mailapp'] } }],
    ['IPCheckWhitelist="Mobile App*", "Foo*"', { ipCheck: { clients: ['Mobile App*', 'Foo*'] } }],
    ['IPCheckWhitelist="a, b*"', { ipCheck: { clients: ['a', 'b*'] } }],
    ['IPCheckWhitelist="a"*, b', { ipCheck: { clients: ['"a"*', 'b'] } }],
    ['sessiond.sessionDefaultLifeTime="8h"', { shortLifetime: 28_800_000 }],
    ['sessiond.autologin="true"', { autologin: true }],
    ['sessiond.maxSession=" 5 "', { maxSessions: 5 }],
    ['cookie.hash.salt="quoted"', { cookieHashSalt: '"quoted"' }],
    ['IPMaskV4=/24', { ipCheck: { maskV4: '/24' } }],
    ['IPMaskV6=', {}],
  ])('reads %s', (line, expected) => {
    expect(said(line)).toEqual(expected);
  });

  it('prefers IPCheck to the mode, in any order', () => {
    const lines = ['com.openexchange.IPCheck=true', 'com.openexchange.ipcheck.mode=none'];
    for (const text of [lines.join('\n'), lines.reverse().join('\n')]) {
      expect(fromProperties(text).manager.ipCheck).toEqual({ mode: 'strict' });
      const off = text.replace('IPCheck=true', 'IPCheck=false').replace('=none', '=countrycode');
      expect(fromProperties(off).manager.ipCheck).toEqual({ mode: 'countrycode' });
    }
  });

  it('returns options that the manager and the router accept', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const {
      manager,
      openXchange: protocol,
      router,
    } = fromProperties(`
com.openexchange.sessiond.maxSession=50000
com.openexchange.sessiond.maxSessionPerUser=100
com.openexchange.session.management.globalLookup=false
com.openexchange.IPCheckWhitelist="open-xchange-mailapp"
com.openexchange.cookie.ttl=web-browser
com.openexchange.cookie.hash=remember
com.openexchange.IPCheck=false
com.openexchange.IPMaskV4=/24
com.openexchange.ajax.login.maxRate=50
com.openexchange.sessiond.randomTokenTimeout=30000
com.openexchange.UIWebPath=/appsuite/`);
    const sessions = createIdentitySessionManager({ store: memory(), location: false, ...manager });
    const dialect = openXchange(sessions.settings, protocol);
    openXchangeRouter(sessions, { authenticate: () => undefined, dialect, ...router });
    await sessions.close();
  });

  it('returns usable options for a short lifetime alone', async () => {
    const { manager } = fromProperties('com.openexchange.sessiond.sessionDefaultLifeTime=5M');
    const sessions = createIdentitySessionManager({ store: memory(), location: false, ...manager });
    expect(sessions.settings).toMatchObject({ lifetimes: { short: 300_000 }, touchInterval: 30_000 });
    await sessions.close();
  });

  it.each([
    ['8h', 28_800_000],
    ['60m', 3_600_000],
    ['1W2D', 777_600_000],
    ['2D 1h 12ms', 176_400_012],
  ])('reads the duration %s as a server does', (value, expected) => {
    const { manager } = fromProperties(`com.openexchange.sessiond.sessionDefaultLifeTime=${value}`);
    expect(manager.shortLifetime).toBe(expected);
  });

  it.each([
    'ajax.login.maxRate=0',
    'sessiond.sessionDefaultLifeTime=1y',
    'sessiond.sessionLongLifeTime=',
    'sessiond.autologin=yes',
    'sessiond.maxSessionPerUser=many',
    'cookie.ttl=-1',
    'cookie.hash=guess',
    'ipcheck.mode=loose',
  ])('rejects %s with key and value in the message', (line) => {
    expect(() => said(line)).toThrow(TypeError);
    expect(() => said(line)).toThrow(`com.openexchange.${line}: `);
  });

  it('reports all wrong properties at once', () => {
    const text = 'com.openexchange.cookie.ttl=x\ncom.openexchange.sessiond.autologin=y';
    expect(() => fromProperties(text)).toThrow(/cookie\.ttl=x[^]*autologin=y/);
  });

  it('returns the names of unknown properties', () => {
    const text = 'com.openexchange.sessiond.redis.enabled=true\nother=1\ncom.openexchange.toString=x';
    expect(fromProperties(text).unknown).toEqual([
      'com.openexchange.sessiond.redis.enabled',
      'other',
      'com.openexchange.toString',
    ]);
  });
});

describe('the text of a properties file', () => {
  const salt = (text: string) => fromProperties(text).openXchange.cookieHashSalt;
  const KEY = 'com.openexchange.cookie.hash.salt';

  it.each([
    [`${KEY}=abc`, 'abc'],
    [`${KEY}: abc`, 'abc'],
    [`${KEY} abc`, 'abc'],
    [`  ${KEY}\t=\tabc  `, 'abc'],
    [`${KEY}=a\\\n   b`, 'ab'],
    [`${KEY}=a\\\\\n${KEY}=c`, 'c'],
    [`${KEY}=\\u00e9\\t!`, 'é\t!'],
    [`# ${KEY}=x\r\n! ${KEY}=y\r\n${KEY}=z`, 'z'],
    [`${KEY}=a\n${KEY}=b`, 'b'],
    [`${KEY}=`, ''],
    [`${KEY}`, ''],
  ])('%j is read as %j', (text, expected) => {
    expect(salt(text)).toBe(expected);
  });
});
