import express from 'express';

import { memory, openXchangeRouter, SessionError, type SessionStore } from '../../lib';
import {
  CHROME,
  expectError,
  FIREFOX,
  json,
  OpenXchangeApp,
  UI,
  type Arrangement,
  type Listed,
} from '../support/open-xchange';
import { DAY } from '../support/sessions';
import { Conversation, recorded, valuesOf } from '../support/transcript';

const ox = new OpenXchangeApp();

/** What the recorded server was told, and what nobody should tell a server of today. */
const asRecorded: Arrangement = {
  options: { nodeId: 'OX1', cookies: { secure: false } },
  wire: { cookieHashSalt: '', httpOnly: false, stickyCookie: true },
};

describe('the recorded life of a session', () => {
  it('begins with the recorded answer, at the recorded time to the second', async () => {
    await ox.arrange(asRecorded);
    const conversation = new Conversation(ox.wire);
    conversation.expectAnswer(await conversation.say('1-login.request'), '1-login.answer', {
      unrecorded: [/^JSESSIONID=[0-9a-f]{32}\.OX1; /],
    });
  });

  it('goes on and ends as recorded', async () => {
    await ox.arrange({ ...asRecorded, start: Date.UTC(2011, 4, 19, 12, 46, 59) });
    const inAWeek = 'Thu, 26-May-2011 12:46:59 GMT';
    const conversation = new Conversation(ox.wire);
    // The record leaves out how the client came to its JSESSIONID.
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

  it('is over for an expired session in the recorded words', async () => {
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

  it('does not begin with a wrong password, in the recorded words', async () => {
    await ox.arrange();
    const answer = await ox.client().send('POST', '/ajax/login?action=login', 'name=alice&password=wrong');
    const { error_id: _, ...expected } = JSON.parse(recorded('invalid-credentials.answer.json')) as object & {
      error_id: string;
    };
    expect(json(answer)).toMatchObject(expected);
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
  });

  it('is listed as documented, field by field and time by time', async () => {
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

describe('limits', () => {
  it('per user and per client refuse with their numbers', async () => {
    await ox.arrange({ options: { maxSessionsPerUser: 2, maxSessionsPerClient: 1, onLimit: 'refuse' } });
    await ox.signedIn();
    expectError(await ox.client(CHROME).login(), 'SES-0207', [UI, '3', '1']);
    await ox.signedIn('alice', CHROME, 'another');
    expectError(await ox.client(CHROME, 'third').login(), 'SES-0007', ['3', '1']);
  });

  it('of the node refuse everybody, until there is room again', async () => {
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

  it('of failed logins count failures alone, though their status is 200', async () => {
    await ox.arrange({ router: { limits: { login: { limit: 2 } } } });
    const fail = () => ox.client().send('POST', '/ajax/login?action=login', 'name=alice&password=wrong');
    for (let i = 0; i < 4; i++) await ox.signedIn();
    expectError(await fail(), 'LGI-0006');
    expectError(await fail(), 'LGI-0006');
    const refused = await fail();
    expectError(refused, 'SVL-0019', [], 429);
    expect(Number(valuesOf(refused, 'Retry-After')[0])).toBeGreaterThan(0);
  });
});

describe('a guarded request', () => {
  beforeEach(() => ox.arrange());

  it.each([
    ['without a session', '/ajax/config/gui', 'SES-0201', []],
    ['with an empty one', '/ajax/config/gui?session=', 'SES-0201', []],
    ['with what is no id', '/ajax/config/gui?session=x%00', 'SES-0203', ['<invalid_sessionid>']],
    ['with an unknown one', `/ajax/config/gui?session=${'0'.repeat(32)}`, 'SES-0203', ['0'.repeat(32)]],
    ['with two', `/ajax/config/gui?session=${'0'.repeat(32)}&session=1`, 'SES-0203', ['0'.repeat(32)]],
  ])('%s is refused', async (_, target, code, params) => {
    expectError(await ox.client().send('GET', target), code, params);
  });

  it('is refused in the same words for a secret that is missing, wrong or of another session', async () => {
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

  it('passes whatever junk stands among its cookies', async () => {
    const client = await ox.signedIn();
    client.jar.set('SameSite', 'Lax');
    client.jar.set('Expires', 'Thu, 01-Jan-1970');
    client.jar.set('"', '\u00e4;; ,=');
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it('is refused when the secret comes twice and differs', async () => {
    const client = await ox.signedIn();
    const [name] = client.jar.keys();
    client.jar.set(`x=1; ${name}`, '0'.repeat(32));
    expectError(await client.use(), 'SES-0203', [client.session]);
  });
});

describe('errors', () => {
  it.each([
    ['/ajax/login', 'SVL-0002', ['action']],
    ['/ajax/login?action=', 'SVL-0002', ['action']],
    ['/ajax/login?action=nonsense', 'SVL-0001', ['nonsense']],
    ['/ajax/login?action=__proto__', 'SVL-0001', ['__proto__']],
  ])('of %s are told with status 200, and kept by nobody', async (target, code, params) => {
    await ox.arrange();
    const answer = await ox.client().send('GET', target);
    expectError(answer, code, params);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=UTF-8',
      expires: 'Sat, 06 May 1995 12:00:00 GMT',
      pragma: 'no-cache',
    });
  });

  it('of the database are a 503 that no client takes for the end of its session', async () => {
    let away = false;
    const store = new Proxy(memory(), {
      get: (target, name: keyof SessionStore) => {
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

  it('of the app while it authenticates are the app’s', async () => {
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

describe('the router', () => {
  beforeEach(() => ox.arrange());

  it.each<[unknown, string]>([
    [undefined, 'authenticate'],
    [{ authenticate: () => undefined, uiWebPath: '//example.com' }, 'uiWebPath'],
    [{ authenticate: () => undefined, randomTokenTimeout: '1H' }, 'randomTokenTimeout'],
    [{}, 'authenticate'],
    [{ authenticate: () => undefined, modulse: 1 }, 'modulse'],
  ])('is not built with %j', (options, problem) => {
    expect(() => openXchangeRouter(ox.manager, options as never)).toThrow(problem);
  });

  it('works where the app has parsed forms before', async () => {
    await ox.restart({ before: [express.urlencoded({ extended: true }), express.json()] });
    expect(json(await (await ox.signedIn()).use())).toEqual({ data: 'alice' });
  });
});
