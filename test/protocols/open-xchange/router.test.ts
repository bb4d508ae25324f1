import express from 'express';

import { memory, SessionError, sessionSecretGuard } from '../../../lib';
import type { AdministeredStore } from '../../../lib/store';
import { openXchangeRouter } from '../../../lib/protocols/open-xchange';
import {
  CHROME,
  Client,
  expectError,
  FIREFOX,
  json,
  OpenXchangeApp,
  UI,
  type Arrangement,
  type Listed,
} from '../../support/open-xchange';
import { DAY, HOUR } from '../../support/sessions';
import { Conversation, listenToWire, recorded, valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

const MINUTE = 60_000;
const FORM = 'application/x-www-form-urlencoded';
const UNREADABLE = ['The body cannot be read.'];
const TOO_LONG = ['"authId" must be text of 1 to 128 characters.'];
const CLIENT_TOO_LONG = ['"client" must be text of 1 to 64 characters.'];

/** The settings of the recorded server. They are not safe today. */
const asRecorded: Arrangement = {
  options: { nodeId: 'OX1', cookies: { secure: false } },
  protocol: { cookieHashSalt: '', httpOnly: false, stickyCookie: true },
};

describe('the recorded exchange of a session', () => {
  it('starts with the recorded login, with the recorded time to the second', async () => {
    await ox.arrange(asRecorded);
    const conversation = new Conversation(ox.wire);
    conversation.expectAnswer(await conversation.say('1-login.request'), '1-login.answer', {
      unrecorded: [/^JSESSIONID=[0-9a-f]{32}\.OX1; /],
    });
  });

  it('continues and ends as recorded', async () => {
    await ox.arrange({ ...asRecorded, start: Date.UTC(2011, 4, 19, 12, 46, 59) });
    const inAWeek = 'Thu, 26-May-2011 12:46:59 GMT';
    const conversation = new Conversation(ox.wire);
    // The record does not contain the response that set the client's JSESSIONID.
    const unrecorded = [/^JSESSIONID=[0-9a-f]{32}\.OX1; expires=Thu, 26-May-2011 12:46:59 GMT; path=\/$/];
    const login = await conversation.say('1-login.request');
    conversation.expectAnswer(login, '1-login.answer', { date: inAWeek, unrecorded });
    expect(json(login)).toMatchObject({ user: 'username@contextname', user_id: 3, context_id: 1 });

    const use = await conversation.say('2-use.request');
    expect([use.status, json(use)]).toEqual([200, { data: 'username' }]);

    conversation.expectAnswer(await conversation.say('3-store.request'), '3-store.answer');
    ox.clock.advance(43_000);
    const autologin = await conversation.say('4-autologin.request');
    conversation.expectAnswer(autologin, '4-autologin.answer');
    expect(json(autologin)).toMatchObject({ modules: { mail: true }, user: 'username@contextname' });
    ox.clock.advance(10_000);
    conversation.expectAnswer(await conversation.say('5-logout.request'), '5-logout.answer');

    expectError(await conversation.say('2-use.request'), 'SES-0203', [
      conversation.now('4bb7202edae54094855b5a545d7123c3'),
    ]);
  });

  it('returns the recorded error for an expired session', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    ox.clock.advance(8 * DAY);
    const { error_id: id, ...error } = json(await client.use());
    const { error_id: _, ...expected } = JSON.parse(
      recorded('expired.answer.json').replaceAll('<sessionId>', client.session),
    ) as Record<string, unknown>;
    expect(error).toEqual(expected);
    expect(id).toMatch(/^-?\d+-\d+$/);
  });

  it('returns the recorded error for a wrong password', async () => {
    await ox.arrange();
    const answer = await ox.client().send('POST', '/ajax/login?action=login', 'name=alice&password=wrong');
    const { error_id: _, ...expected } = JSON.parse(recorded('invalid-credentials.answer.json')) as object & {
      error_id: string;
    };
    expect(json(answer)).toMatchObject(expected);
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
  });

  it('lists the session with the documented fields and times', async () => {
    const { data } = JSON.parse(recorded('all.answer.json')) as { data: [Listed, Listed] };
    const [browser, activeSync] = data;
    await ox.arrange({ start: activeSync.loginTime });
    const from = (documented: Listed) => [`X-Forwarded-For: ${documented.ipAddress}`];
    const until = (time: number) => ox.clock.advance(time - ox.clock.now());
    const login = async (documented: Listed) => {
      const client = ox.client(documented.userAgent, documented.client);
      const target = `/ajax/login?action=login&client=${client.client}`;
      const form = 'name=anton&password=somePassword';
      client.session = json(await client.send('POST', target, form, from(documented)))['session'] as string;
      return client;
    };

    const second = await login(activeSync);
    until(browser.loginTime);
    const first = await login(browser);
    until(activeSync.lastActive);
    await second.send('GET', `/ajax/config/gui?session=${second.session}`, '', from(activeSync));
    until(browser.lastActive);
    const target = `/ajax/sessionmanagement?action=all&session=${first.session}`;
    const answer = await first.send('GET', target, '', from(browser));

    expect(json(answer)).toEqual({
      data: [
        { ...browser, sessionId: first.session },
        { ...activeSync, sessionId: second.session },
      ],
    });
  });
});

describe('the actions of /login', () => {
  const DONE_BODY = '{"data":"1"}';

  /** Name, status, body, and purposes of the cookies that it sets. The client has stored its session. */
  const rows: readonly [action: string, status: number, body: string | RegExp, cookies: string[]][] = [
    ['store', 200, DONE_BODY, ['session']],
    ['refreshSecret', 200, DONE_BODY, ['secret']],
    ['changeip', 200, DONE_BODY, []],
    ['hasAutologin', 200, '{"data":true}', []],
    ['autologin', 200, /^\{"session":"[0-9a-f]{32}","random":"[0-9a-f]{32}","user":"alice",/, []],
    [
      'redeem',
      200,
      /^\{"session":"[0-9a-f]{32}","random":"[0-9a-f]{32}","user":"alice",/,
      ['secret', 'session'],
    ],
    ['redirect', 302, '', ['secret', 'session']],
    ['logout', 200, '', ['secret', 'session']],
  ];

  it.each(rows)(
    'respond to %s with %d and %s, by GET and POST, under both paths',
    async (action, status, body, cookies) => {
      await ox.arrange({ router: { randomToken: true, trustedClients: '127.0.0.1' } });
      for (const path of ['/ajax/login', '/appsuite/api/login']) {
        for (const method of ['GET', 'POST']) {
          const client = ox.client();
          const random = String(json(await client.login())['random']);
          await client.act('store');
          const parameters = `action=${action}&session=${client.session}&client=${UI}&random=${random}&clientIP=192.0.2.1`;
          const answer =
            method === 'GET'
              ? await client.send('GET', `${path}?${parameters}`)
              : await client.send('POST', path, parameters);
          expect([answer.status, answer.body]).toEqual([
            status,
            typeof body === 'string' ? body : expect.stringMatching(body),
          ]);
          const names = valuesOf(answer, 'Set-Cookie').map((line) => line.split('-')[2]);
          expect(names).toEqual(cookies);
          expect(Object.fromEntries(answer.headers)).toMatchObject({
            expires: 'Sat, 06 May 1995 12:00:00 GMT',
            pragma: 'no-cache',
            'cache-control': 'no-store, post-check=0, pre-check=0',
            'x-content-type-options': 'nosniff',
            'referrer-policy': 'no-referrer',
          });
        }
      }
    },
  );

  it('respond to the calls of the App Suite front end in their order', async () => {
    await ox.arrange();
    const client = ox.client(CHROME, 'open-xchange-appsuite');
    const api = (target: string) => client.send('GET', `/appsuite/api/${target}`);
    const post = (form: string) => client.send('POST', '/appsuite/api/login', form);
    const rampUp = 'rampup=true&rampUpFor=open-xchange-appsuite&version=7.10.2';

    const first = await api(`login?action=autologin&client=${client.client}&${rampUp}`);
    expectError(first, 'SVL-0003');
    const login = json(
      await post(
        `action=login&name=alice&password=somePassword&language=en_US&client=${client.client}&version=7.10.2&timeout=10000&${rampUp}&staySignedIn=true`,
      ),
    );
    expect(login).toMatchObject({ user: 'alice', user_id: 3, context_id: 1, locale: 'en_US' });
    const session = String(login['session']);
    expect((await post(`action=store&session=${session}`)).body).toBe(DONE_BODY);
    const again = json(await api(`login?action=autologin&client=${client.client}&${rampUp}`));
    expect(again).toMatchObject({ session, user: 'alice' });

    ox.clock.advance(1000);
    const other = await ox.signedIn();
    const pane = json(await api(`sessionmanagement?action=all&session=${session}`));
    expect((pane['data'] as Listed[]).map(({ sessionId }) => sessionId)).toEqual([other.session, session]);
    const put = `/appsuite/api/sessionmanagement?action=delete&session=${session}`;
    const type = 'Content-Type: text/javascript; charset=UTF-8';
    expect((await client.send('PUT', put, `["${other.session}"]`, [type])).body).toBe('{}');
    expect((await api(`sessionmanagement?action=clear&session=${session}`)).body).toBe('{}');
    const logout = await post(`action=logout&session=${session}`);
    expect([logout.status, logout.body, client.jar.size]).toEqual([200, '', 0]);
  });
});

describe('the lifetimes', () => {
  it.each<[string, string, number, boolean, object]>([
    ['without stay signed in, after 53 minutes', 'false', 53 * MINUTE, true, { draft: 1 }],
    ['without stay signed in, after an hour', 'false', HOUR, false, {}],
    ['with stay signed in, after 53 minutes', 'true', 53 * MINUTE, true, { draft: 1 }],
    ['with stay signed in, after an hour, without its data', 'true', HOUR, true, {}],
    ['with stay signed in, just before a week', 'true', 7 * DAY - 1, true, {}],
    ['with stay signed in, after a week', 'true', 7 * DAY, false, {}],
  ])('decide if a session is live: %s', async (_, stays, idle, lives, data) => {
    await ox.arrange();
    const client = ox.client();
    await client.login('alice', `&staySignedIn=${stays}`);
    await client.act('store');
    await ox.manager.update(client.session, { data: { draft: 1 } });
    ox.clock.advance(idle);
    const answer = await client.autologin();
    if (!lives) return expectError(answer, 'SVL-0003');
    expect(json(answer)).toMatchObject({ session: client.session });
    expect((await ox.manager.list({ userId: 'alice' })).sessions[0]!.data).toEqual(data);
  });
});

describe('invalid input', () => {
  it.each([
    ['action[]=all', 'SVL-0002', ['action']],
    ['action=%', 'SVL-0001', ['%']],
    ['action=%C0%80', 'SVL-0001', ['\ufffd\ufffd']],
    ['action=store&session[]=ID', 'SES-0201', []],
    ['action=store&session=%ZZ', 'SES-0203', ['<invalid_sessionid>']],
    ['action=store&session=ID%00', 'SES-0203', ['<invalid_sessionid>']],
    ['action=store&session=BOB', 'SES-0203', ['BOB']],
    ['action=store&session=ID&password=x', 'SVL-0030', ['password']],
    ['action=changeip&session=ID&clientIP[]=192.0.2.1', 'SVL-0002', ['clientIP']],
    ['action=changeip&session=ID&clientIP=%E0%A4%A', 'SVL-0004', ['clientIP']],
    ['action=login&name[]=alice', 'SVL-0002', ['name']],
  ])('in the query %s gets the documented error and changes nothing', async (query, code, params) => {
    await ox.arrange({ router: { trustedClients: '127.0.0.1' } });
    const [client, bob] = [await ox.signedIn(), await ox.signedIn('bob', CHROME)];
    const filled = (text: string) => text.replace('ID', client.session).replace('BOB', bob.session);
    const before = await ox.database.knex('identity_sessions').orderBy('session_id');
    expectError(await client.send('GET', `/ajax/login?${filled(query)}`), code, params.map(filled));
    expect(await ox.database.knex('identity_sessions').orderBy('session_id')).toEqual(before);
    expect(json(await client.use())).toEqual({ data: 'alice' });
    expect(json(await bob.use())).toEqual({ data: 'bob' });
  });

  it.each([
    ['application/json', '{"name":"alice","password":"somePassword"}', 'SVL-0002', ['name']],
    ['multipart/form-data; boundary=x', '--x--', 'SVL-0002', ['name']],
    ['text/plain', 'name=alice&password=somePassword', 'SVL-0002', ['name']],
    [FORM, `${'a=1&'.repeat(2000)}name=alice&password=somePassword`, 'SVL-0004', UNREADABLE],
    ['application/x-www-form-urlencoded; charset=nonsense', 'name=alice', 'SVL-0004', UNREADABLE],
    [`${FORM}\r\nContent-Encoding: gzip`, 'name=alice', 'SVL-0004', UNREADABLE],
    [FORM, 'name=%E0%A4%A&password=%', 'LGI-0006', []],
    [FORM, 'name[]=alice&password=somePassword', 'SVL-0002', ['name']],
    [FORM, 'name=alice&password[x]=somePassword', 'SVL-0002', ['password']],
    [FORM, '__proto__[name]=alice&password=somePassword', 'SVL-0002', ['name']],
    [FORM, `name=alice&password=somePassword&authId=${'x'.repeat(129)}`, 'SVL-0004', TOO_LONG],
    [FORM, `name=alice&password=somePassword&client=${'x'.repeat(65)}`, 'SVL-0004', CLIENT_TOO_LONG],
  ])('in a body of the type %j gets the documented error (%#)', async (type, body, code, params) => {
    await ox.arrange();
    const headers = [`Content-Type: ${type}`];
    expectError(await ox.client().send('POST', '/ajax/login?action=login', body, headers), code, params);
    expect(await ox.database.knex('identity_sessions')).toEqual([]);
  });
});

describe('the limits', () => {
  it('per user and per client are reported with user and context', async () => {
    await ox.arrange({ options: { maxSessionsPerUser: 2, maxSessionsPerClient: 1, onLimit: 'refuse' } });
    await ox.signedIn();
    expectError(await ox.client(CHROME).login(), 'SES-0207', [UI, '3', '1']);
    await ox.signedIn('alice', CHROME, 'another');
    expectError(await ox.client(CHROME, 'third').login(), 'SES-0007', ['3', '1']);
  });

  it('of the node refuse all users until there is room again', async () => {
    await ox.arrange({ options: { nodeId: 'OX1', maxSessions: 2 } });
    const alice = await ox.signedIn('alice');
    await ox.signedIn('bob', CHROME);
    const refused = await ox.client(CHROME, 'third').login('carol');
    expectError(refused, 'SES-0002');
    expect(json(refused)).toMatchObject({ category: 8, error_desc: 'Maximum number of sessions elapsed' });
    expect(valuesOf(refused, 'Set-Cookie')).toEqual([]);
    expect(json(await alice.use())).toEqual({ data: 'alice' });
    await alice.act('logout');
    ox.clock.advance(1000);
    await ox.signedIn('carol', CHROME, 'third');
  });

  it('of failed logins count only failures, although their status is 200', async () => {
    await ox.arrange({ router: { limits: { login: { limit: 2 } } } });
    const fail = () => ox.client().send('POST', '/ajax/login?action=login', 'name=alice&password=wrong');
    for (let i = 0; i < 4; i++) await ox.signedIn();
    expectError(await fail(), 'LGI-0006');
    expectError(await fail(), 'LGI-0006');
    const refused = await fail();
    expectError(refused, 'SVL-0019', [], 429);
    expect(Number(valuesOf(refused, 'Retry-After')[0])).toBeGreaterThan(0);
  });

  it('of deletions count by session, so that others at the same address cannot use them up', async () => {
    await ox.arrange({ router: { limits: { delete: { limit: 2 } } } });
    const [alice, thief] = [await ox.signedIn(), await ox.signedIn('alice', CHROME)];
    for (let i = 0; i < 2; i++) await thief.delete('["x"]');
    expectError(await thief.delete('["x"]'), 'SVL-0019', [], 429);
    expect(json(await alice.delete(`["${thief.session}"]`))).toEqual({});
  });

  it('of failed logins do not count logins that fail because the database is down', async () => {
    const store = memory();
    await ox.arrange({ options: { store }, router: { limits: { login: { limit: 2 } } } });
    const away = new SessionError('store-unavailable', 'Not now.');
    const insert = jest.spyOn(store, 'insert').mockRejectedValue(away);
    for (let i = 0; i < 4; i++) expectError(await ox.client().login(), 'LGI-0005', [], 503);
    insert.mockRestore();
    await ox.signedIn();
  });
});

describe('a guarded request', () => {
  beforeEach(() => ox.arrange());

  it.each([
    ['has no session', '/ajax/config/gui', 'SES-0201', []],
    ['has an empty session id', '/ajax/config/gui?session=', 'SES-0201', []],
    ['has an invalid session id', '/ajax/config/gui?session=x%00', 'SES-0203', ['<invalid_sessionid>']],
    ['has an unknown session id', `/ajax/config/gui?session=${'0'.repeat(32)}`, 'SES-0203', ['0'.repeat(32)]],
    [
      'has two session ids',
      `/ajax/config/gui?session=${'0'.repeat(32)}&session=1`,
      'SES-0203',
      ['0'.repeat(32)],
    ],
  ])('is refused if it %s', async (_, target, code, params) => {
    expectError(await ox.client().send('GET', target), code, params);
  });

  it('gets the same error if the secret is missing, wrong or of another session', async () => {
    const [alice, bob] = [await ox.signedIn('alice'), await ox.signedIn('bob')];
    const name = [...alice.jar.keys()][0]!;
    const thieves = [{}, { [name]: '0'.repeat(32) }, { [name]: bob.jar.get(name)! }];
    const errors = [];
    for (const jar of thieves) {
      const answer = await ox.client(FIREFOX, UI, new Map(Object.entries(jar))).use(alice.session);
      const { error_id: _, ...error } = json(answer);
      errors.push(error);
      expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
    }
    expect(errors).toEqual([errors[0], errors[0], errors[0]]);
    expect(errors[0]).toMatchObject({ code: 'SES-0203', error_params: [alice.session] });
    expect(json(await alice.use())).toEqual({ data: 'alice' });
  });

  it('is accepted with any other cookies', async () => {
    const client = await ox.signedIn();
    client.jar.set('SameSite', 'Lax');
    client.jar.set('Expires', 'Thu, 01-Jan-1970');
    client.jar.set('"', '\u00e4;; ,=');
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it('is accepted if one of several secrets is right', async () => {
    const client = await ox.signedIn();
    const [name, secret] = [...client.jar][0]!;
    client.jar.set(`x=1; ${name}`, '0'.repeat(32));
    expect(json(await client.use())).toEqual({ data: 'alice' });
    client.jar.set(name, '1'.repeat(32));
    expectError(await client.use(), 'SES-0203', [client.session]);
    client.jar.set(`y=1; ${name}`, secret);
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it('is refused at another address by default, and accepted with the mode none', async () => {
    const from = ['X-Forwarded-For: 192.0.2.9'];
    const use = async (id: string) => {
      const client = await ox.signedIn('alice', FIREFOX, id);
      return client.send('GET', `/ajax/config/gui?session=${client.session}`, '', from);
    };
    expect(json(await use(UI))).toMatchObject({ code: 'SES-0205' });
    for (const id of ['open-xchange-mailapp', 'open-xchange-mobile-api-facade']) {
      expect(json(await use(id))).toEqual({ data: 'alice' });
    }
    await ox.restart({ options: { ipCheck: { mode: 'none' } } });
    expect(json(await use(UI))).toEqual({ data: 'alice' });
  });

  it.each(['refreshSecret', 'store', 'logout'])(
    'is refused at another address, and the session stays: %s',
    async (action) => {
      const client = await ox.signedIn();
      const from = ['X-Forwarded-For: 192.0.2.9'];
      const target = `/ajax/login?action=${action}&session=${client.session}`;
      const answer = await client.send('GET', target, '', from);
      if (action === 'logout') expect(answer.status).toBe(403);
      else expectError(answer, 'SES-0205');
      expect(json(await client.use())).toEqual({ data: 'alice' });
    },
  );

  it('reads the session from a form, on a route of the app without a body parser', async () => {
    const client = await ox.signedIn();
    const app = express();
    app.use(sessionSecretGuard(ox.manager, { dialect: ox.dialect }));
    app.post('/mail', (request, response) => {
      response.json({ body: request.body as unknown });
    });
    const wire = await listenToWire(app);
    try {
      const own = new Client(wire, client.userAgent, client.client, client.jar);
      const form = `session=${client.session}&data=a%20b`;
      expect(json(await own.send('POST', '/mail', form))).toEqual({
        body: { session: client.session, data: 'a b' },
      });
      // The body is left to the app if the query contains the session.
      const target = `/mail?session=${client.session}`;
      expect(json(await own.send('POST', target, `a=${'x'.repeat(100_000)}`))).toEqual({});
      expectError(await own.send('POST', '/mail', `session=${'0'.repeat(32)}`), 'SES-0203', ['0'.repeat(32)]);
      expectError(await own.send('POST', '/mail', `a=${'x'.repeat(100_000)}`), 'SVL-0004', UNREADABLE);
    } finally {
      await wire.close();
    }
  });

  it('can have `;jsessionid=` in the path', async () => {
    const client = await ox.signedIn();
    const path = (module: string) => `/ajax/${module};jsessionid=1157370816112.OX1`;
    const answer = await client.send('GET', `${path('login')}?action=store&session=${client.session}`);
    expect(answer.body).toBe('{"data":"1"}');
    const list = await client.send(
      'GET',
      `${path('sessionmanagement')}?action=all&session=${client.session}`,
    );
    expect(json(list)).toMatchObject({ data: [{ sessionId: client.session }] });
  });
});

describe('errors', () => {
  it.each([
    ['/ajax/login', 'SVL-0002', ['action']],
    ['/ajax/login?action=', 'SVL-0002', ['action']],
    ['/ajax/login?action=nonsense', 'SVL-0001', ['nonsense']],
    ['/ajax/login?action=__proto__', 'SVL-0001', ['__proto__']],
  ])('of %s have status 200 and are not stored by caches', async (target, code, params) => {
    await ox.arrange();
    const answer = await ox.client().send('GET', target);
    expectError(answer, code, params);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=UTF-8',
      expires: 'Sat, 06 May 1995 12:00:00 GMT',
      pragma: 'no-cache',
    });
  });

  it('of the database have status 503 and do not look like the end of a session', async () => {
    let away = false;
    const store = new Proxy(memory(), {
      get: (target, name: keyof AdministeredStore) => {
        if (away) throw new SessionError('store-unavailable', 'The database is away.', { retryAfter: 1 });
        return target[name].bind(target);
      },
    });
    await ox.arrange({ options: { store } });
    const client = await ox.signedIn();
    await client.act('store');
    const cookies = [...client.jar];
    away = true;
    const answers = [
      await client.use(),
      await client.autologin(),
      await client.act('logout'),
      await client.act('store'),
      await client.login(),
    ];
    away = false;
    for (const answer of answers) {
      expectError(answer, 'LGI-0005', [], 503);
      expect(valuesOf(answer, 'Retry-After')).toEqual(['1']);
    }
    expect([...client.jar]).toEqual(cookies);
  });

  it('that authenticate throws are passed on to the app', async () => {
    await ox.arrange({
      router: {
        authenticate: () => {
          throw new Error('directory is down');
        },
      },
    });
    const answer = await ox
      .client()
      .send('POST', '/ajax/login?action=login', 'name=a&password=b', ['Accept: text/html']);
    expect(answer.status).toBe(500);
  });
});

describe('openXchangeRouter', () => {
  beforeEach(() => ox.arrange());

  it.each<[unknown, string]>([
    [undefined, 'authenticate'],
    [{ authenticate: () => undefined, uiWebPath: '//example.com' }, 'uiWebPath'],
    [{ authenticate: () => undefined, randomTokenTimeout: '1H' }, 'randomTokenTimeout'],
    [{}, 'authenticate'],
    [{ authenticate: () => undefined, modulse: 1 }, 'modulse'],
  ])('throws TypeError when it is built with the options %j', (options, problem) => {
    expect(() => openXchangeRouter(ox.manager, options as never)).toThrow(problem);
  });

  it('works behind a form parser of the app', async () => {
    await ox.restart({ before: [express.urlencoded({ extended: true }), express.json()] });
    expect(json(await (await ox.signedIn()).use())).toEqual({ data: 'alice' });
  });
});
