import { OpenXchangeError, type OpenXchangeRouterOptions } from '../../../lib/protocols/open-xchange';
import { CHROME, expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { until } from '../../support/gate';
import { HOUR } from '../../support/sessions';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('login', () => {
  beforeEach(() => ox.arrange());

  it('sets HttpOnly and Secure cookies by default', async () => {
    const answer = await ox.client().login();
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([
      expect.stringMatching(
        /^open-xchange-secret-\w{10,22}=[0-9a-f]{32}; expires=Tue, 24-May-2011 13:28:59 GMT; path=\/; Secure; HttpOnly$/,
      ),
    ]);
  });

  it('stores the client hints of the request, but not those of a program that logs in on behalf of a client', async () => {
    await ox.restart({ router: { trustedClients: (request) => request.ip === '127.0.0.1' } });
    const hints = ['Sec-CH-UA-Platform: "Windows"', 'Sec-CH-UA-Platform-Version: "15.0.0"'];
    const target = `/ajax/login?action=login&client=${UI}`;
    const form = 'name=alice&password=somePassword';
    await ox.client().send('POST', target, form, hints);
    await ox.client().send('POST', `${target}&clientUserAgent=x`, form, hints);
    const { sessions } = await ox.manager.list({ userId: 'alice' });
    const hintsOf = (own: boolean) =>
      sessions.find(({ userAgent }) => (userAgent === 'x') !== own)?.clientHints;
    expect(hintsOf(true)).toEqual({ platform: 'Windows', platformVersion: '15.0.0' });
    expect(hintsOf(false)).toBeNull();
  });

  it('reads all parameters from the form too, including the action', async () => {
    const form = `action=login&client=${UI}&name=%20alice%20&password=somePassword&authId=a1`;
    for (const path of ['/ajax/login', '/appsuite/api/login']) {
      const answer = await ox.client().send('POST', path, form.replace('a1', path));
      expect(json(answer)).toMatchObject({ session: expect.any(String), user: 'alice' });
    }
  });

  it.each([
    ['name=alice', 'password'],
    ['password=somePassword', 'name'],
    ['name=&password=somePassword', 'name'],
    ['name[a]=alice&password=somePassword', 'name'],
    ['', 'name'],
  ])('with %j reports the missing parameter %s', async (form, missing) => {
    expectError(await ox.client().send('POST', '/ajax/login?action=login', form), 'SVL-0002', [missing]);
  });

  it('uses the first of repeated parameters, and invalid escapes as they are', async () => {
    const form = 'name=alice&name=bob&password=somePassword&authId=%ZZ';
    expect(json(await ox.client().send('POST', '/ajax/login?action=login', form))['user']).toBe('alice');
  });

  it('refuses a password in the URI and does not return it', async () => {
    for (const name of ['password', 'p%61ssword']) {
      const answer = await ox
        .client()
        .send('GET', `/ajax/login?action=login&name=alice&${name}=somePassword`);
      expectError(answer, 'SVL-0030', ['password']);
      expect(answer.body).not.toContain('somePassword');
    }
    expect(await ox.database.knex('identity_sessions')).toHaveLength(0);
  });

  it('ends the new session again if the answer cannot be built', async () => {
    await ox.restart({ router: { modules: () => Promise.reject(new Error('no modules')) } });
    await ox
      .client()
      .send('POST', '/ajax/login?action=login&modules=true', 'name=alice&password=somePassword');
    expect(await ox.database.knex('identity_sessions').pluck('end_reason')).toEqual(['revoked']);
  });

  it('ends the new session again if the client leaves before the answer', async () => {
    await ox.restart({
      router: {
        modules: (_session, request) => {
          request.socket.destroy();
          return new Promise((resolve) => request.res!.once('close', () => resolve({})));
        },
      },
    });
    const target = '/ajax/login?action=login&modules=true';
    await ox
      .client()
      .send('POST', target, 'name=alice&password=somePassword')
      .catch(() => undefined);
    await until(
      async () => (await ox.database.knex('identity_sessions').pluck('end_reason'))[0] === 'revoked',
    );
  });

  it('refuses a client whose id is its user agent', async () => {
    const target = `/ajax/login?action=login&client=${encodeURIComponent(FIREFOX)}`;
    expectError(await ox.client().send('POST', target, 'name=alice&password=somePassword'), 'LGI-0021');
  });

  it('refuses an authId that a live session of the user has, but not that of another user', async () => {
    await ox.client().login('alice', '&authId=one');
    const target = '/ajax/login?action=login&authId=one';
    const login = (name: string) =>
      ox.client(CHROME).send('POST', target, `name=${name}&password=somePassword`);
    expectError(await login('alice'), 'SES-0008', ['alice']);
    expect(json(await login('bob'))).toMatchObject({ user: 'bob' });
  });

  it('ignores the address and the user agent that a client claims to act for', async () => {
    const client = ox.client(FIREFOX, 'usm-json-x');
    await client.login('alice', '&clientIP=203.0.113.7&clientUserAgent=forged');
    expect(await client.all()).toMatchObject([{ ipAddress: '127.0.0.1', userAgent: FIREFOX }]);
  });

  it.each(['login', 'redeem', 'redirect', 'formlogin', 'tokenLogin', 'tokens', 'redeemToken'])(
    'is not possible for pages of other sites, by any action: %s',
    async (action) => {
      await ox.restart({ options: { origins: ['https://portal.example'] }, router: { randomToken: true } });
      const user = await ox.signedIn();
      await user.act('store');
      const cookies = [...user.jar];
      const form = `action=${action}&client=${UI}&name=mallory&login=mallory&password=somePassword`;
      const from = (headers: string[]) => user.send('POST', '/ajax/login', form, headers);
      for (const headers of [
        ['Sec-Fetch-Site: cross-site', 'Origin: https://evil.example'],
        ['Sec-Fetch-Site: same-site', 'Origin: https://blog.localhost'],
        ['Origin: https://evil.example'],
        ['Origin: null'],
      ]) {
        expect((await from(headers)).status).toBe(403);
      }
      expect([...user.jar]).toEqual(cookies);
      expect(json(await user.use())).toEqual({ data: 'alice' });
      if (action !== 'login') return;
      const portal = ['Sec-Fetch-Site: cross-site', 'Origin: https://portal.example'];
      for (const headers of [portal, ['Sec-Fetch-Site: same-origin'], ['Origin: http://localhost'], []]) {
        expect(json(await from(headers))).toMatchObject({ user: 'mallory' });
      }
    },
  );

  it.each<[string, object, string | null]>([
    ['the context by default', { contextNumber: 2 }, '2'],
    ['the tenant if there is one', { contextNumber: 2, tenantId: 'acme' }, 'acme'],
    ['no tenant if the app says so', { contextNumber: 2, tenantId: null }, null],
    ['no tenant without a context', {}, null],
  ])('opens the session in a tenant: %s', async (_, account, tenantId) => {
    await ox.restart({ router: { authenticate: (userId) => ({ userId, ...account }) } });
    await ox.signedIn();
    expect(await ox.database.knex('identity_sessions').pluck('tenant_id')).toEqual([tenantId]);
  });

  it('keeps users of two contexts with the same id apart', async () => {
    const context = { one: 1, two: 2 };
    const authenticate = (name: string) => ({ userId: '3', contextNumber: context[name as 'one'] });
    await ox.restart({ router: { authenticate } });
    const [one, two] = [await ox.signedIn('one'), await ox.signedIn('two', CHROME)];
    expect((await one.all()).map(({ sessionId }) => sessionId)).toEqual([one.session]);
    await one.send('GET', `/ajax/sessionmanagement?action=clear&session=${one.session}`);
    expect(json(await two.use())).toEqual({ data: '3' });
  });

  it('with staySignedIn=false sets a session cookie, and the session does not hibernate', async () => {
    const client = ox.client();
    const answer = await client.login('alice', '&staySignedIn=false');
    expect(valuesOf(answer, 'Set-Cookie')[0]).not.toContain('expires');
    ox.clock.advance(HOUR);
    expectError(await client.use(), 'SES-0203', [client.session]);
  });

  it('generates an authId if the client sends none', async () => {
    await ox.client().login('alice', '&authId=given');
    await ox.client(CHROME).login('bob');
    const {
      sessions: [given],
    } = await ox.manager.list({ userId: 'alice' });
    const {
      sessions: [own],
    } = await ox.manager.list({ userId: 'bob' });
    expect([given!.authId, own!.authId]).toEqual(['given', expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('returns no locale if it is unknown, and lists then follow Accept-Language', async () => {
    await ox.restart({ router: { authenticate: () => ({ userId: 'alice' }) } });
    const client = ox.client(CHROME, 'open-xchange-appsuite');
    const target = '/ajax/login?action=login&client=open-xchange-appsuite';
    const form = 'name=alice&password=somePassword';
    const answer = json(await client.send('POST', target, form));
    expect(Object.keys(answer)).toEqual(['session', 'random', 'user']);
    client.session = answer['session'] as string;
    const list = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    const listed = await client.send('GET', list, '', ['Accept-Language: de-AT,de;q=0.9,en;q=0.8']);
    expect(json(listed)).toMatchObject({
      data: [{ device: { displayName: 'OX App Suite, Chrome 65 auf Linux' } }],
    });
  });

  it.each([
    ['pt', 'OX App Suite, Chrome 65 no Linux'],
    ['pt-PT,pt;q=0.9,en;q=0.8', 'OX App Suite, Chrome 65 no Linux'],
    ['pt, pt-BR;q=0', 'OX App Suite, Chrome 65 on Linux'],
  ])('lists sessions for a reader with Accept-Language %s as %s', async (header, displayName) => {
    await ox.restart({
      options: { translations: { 'pt-BR': { on: '{program} no {system}' } } },
      router: { authenticate: () => ({ userId: 'alice' }) },
    });
    const client = ox.client(CHROME, 'open-xchange-appsuite');
    const form = 'name=alice&password=somePassword';
    const login = await client.send('POST', '/ajax/login?action=login&client=open-xchange-appsuite', form);
    client.session = json(login)['session'] as string;
    const list = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    const listed = await client.send('GET', list, '', [`Accept-Language: ${header}`]);
    expect(json(listed)).toMatchObject({ data: [{ device: { displayName } }] });
  });

  it('returns modules only if they are requested', async () => {
    expect(json(await ox.client().login())).not.toHaveProperty('modules');
    expect(json(await ox.client().login('alice', '&modules=1'))).toMatchObject({ modules: { mail: true } });
  });

  it('ends the session whose cookies it replaces', async () => {
    const client = await ox.signedIn();
    await client.act('store');
    const [before, secret] = [client.session, [...client.jar.values()]];
    await client.login();
    expect(secret).not.toEqual([...client.jar.values()]);
    expect(
      (await ox.manager.list({ userId: 'alice' })).sessions.map(({ sessionId }) => sessionId),
    ).not.toContain(before);
  });

  it('returns the secret only in the cookie', async () => {
    const client = await ox.signedIn();
    const [secret] = [...client.jar.values()] as [string];
    const answers = [await client.use(), await client.act('store'), await client.act('nonsense')];
    const list = await client.all();
    const rows = await ox.database.knex.raw<{ rows: unknown[] }>('select * from identity_sessions');
    for (const text of [...answers.map(({ body }) => body), JSON.stringify([list, rows.rows])]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('authenticate', () => {
  const attempt = (authenticate: unknown, action = 'login') => {
    const form = 'name=alice&login=alice&password=x&clientToken=c';
    return {
      options: { authenticate: authenticate as OpenXchangeRouterOptions['authenticate'] },
      form,
      action,
    };
  };
  const send = ({ form, action }: ReturnType<typeof attempt>) =>
    ox.client().send('POST', `/ajax/login?action=${action}`, form);

  it.each([null, undefined, false])(
    'refuses the credentials by returning %j, and the limit counts it',
    async (result) => {
      for (const authenticate of [() => result, async () => result]) {
        const one = attempt(authenticate);
        await ox.restart({ router: { ...one.options, limits: { login: { limit: 2 } } } });
        expectError(await send(one), 'LGI-0006');
        expectError(await send(one), 'LGI-0006');
        expectError(await send(one), 'SVL-0019', [], 429);
      }
    },
  );

  it.each([
    ['login', 'LGI-0001', ['alice'], 3],
    ['login', 'LGI-0011', ['https://example.com/password'], 3],
    ['login', 'LGI-0016', ['https://example.com/start'], 1],
    ['login', 'LGI-0027', ['Come back at nine.'], 3],
    ['login', 'MFA-0001', [], 1],
    ['tokenLogin', 'LGI-0011', ['https://example.com/password'], 3],
  ] as const)(
    'refuses %s with the code %s that it throws, and opens no session',
    async (action, code, params, category) => {
      const one = attempt(() => Promise.reject(new OpenXchangeError(code, params)), action);
      await ox.restart({ router: one.options });
      const answer = await send(one);
      expectError(answer, code, params);
      expect(json(answer)).toMatchObject({ category });
      expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
      expect(await ox.database.knex('identity_sessions')).toEqual([]);
    },
  );

  it.each([
    ['LGI-0006', true],
    ['LGI-0001', true],
    ['LGI-0027', true],
    ['LGI-0005', false],
    ['LGI-0011', false],
    ['LGI-0016', false],
    ['MFA-0001', false],
  ] as const)('throws %s, which counts as a failed attempt: %s', async (code, counts) => {
    const params = ['LGI-0001', 'LGI-0027', 'LGI-0011', 'LGI-0016'].includes(code) ? ['x'] : [];
    const one = attempt(() => {
      throw new OpenXchangeError(code, params);
    });
    await ox.restart({ router: { ...one.options, limits: { login: { limit: 2 } } } });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await send(one)).status);
    expect(statuses).toEqual(counts ? [200, 200, 429, 429] : [200, 200, 200, 200]);
  });
});

describe('loginFields', () => {
  const loginFields: OpenXchangeRouterOptions['loginFields'] = async ({ userId }, request) => ({
    requires_multifactor: true,
    greeting: `${userId} ${request.method}`,
    session: 'forged',
    user: 'forged',
  });

  it('adds members to the answers of login, autologin and redeem, but replaces none of the protocol', async () => {
    await ox.arrange({ router: { loginFields, randomToken: true } });
    const client = ox.client();
    const login = json(await client.login('alice', '&staySignedIn=true'));
    const random = String(login['random']);
    const target = `/ajax/login?action=redeem&client=${UI}&random=${random}`;
    const answers = [login, json(await client.autologin()), json(await ox.client().send('GET', target))];
    expect(answers.map(({ greeting }) => greeting)).toEqual(['alice POST', 'alice GET', 'alice GET']);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        session: client.session,
        user: 'alice',
        user_id: 3,
        requires_multifactor: true,
      });
      expect(Object.keys(answer)[0]).toBe('session');
    }
  });

  it('adds members to the answers of tokens and redeemToken', async () => {
    const secret = 'the secret of a calendar';
    await ox.arrange({ router: { loginFields, tokenSecrets: [secret] } });
    const client = ox.client();
    const post = (form: string) => client.send('POST', '/ajax/login', form);
    const form = 'action=tokenLogin&login=alice&password=somePassword&clientToken=c&jsonResponse=true';
    const serverToken = String(json(await post(form))['serverToken']);
    const answer = json(await post(`action=tokens&client=${UI}&clientToken=c&serverToken=${serverToken}`));
    expect(answer).toMatchObject({ data: { user: 'alice', requires_multifactor: true } });
    const { session } = answer['data'] as { session: string };
    const acquired = json(await client.send('GET', `/ajax/token?action=acquireToken&session=${session}`));
    const { token } = acquired['data'] as { token: string };
    const redeemed = json(await post(`action=redeemToken&client=x&secret=${secret}&token=${token}`));
    expect(redeemed).toMatchObject({ user: 'alice', requires_multifactor: true });
  });

  it('ends the new session again if it throws', async () => {
    await ox.arrange({ router: { loginFields: () => Promise.reject(new Error('no fields')) } });
    const form = 'name=alice&password=somePassword';
    expect((await ox.client().send('POST', '/ajax/login?action=login', form)).status).toBe(500);
    expect(await ox.database.knex('identity_sessions').pluck('end_reason')).toEqual(['revoked']);
  });
});
