import express from 'express';

import { createSignIn } from '../../../lib';
import type { Generation } from '../../../lib/protocols/open-xchange';
import {
  CHROME,
  Client,
  expectError,
  json,
  OpenXchangeApp,
  type Arrangement,
  type Listed,
} from '../../support/open-xchange';
import { HOUR } from '../../support/sessions';
import { Conversation, listenToWire, valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const APP_SUITE = 'open-xchange-appsuite';

function purposes(answer: RawAnswer): (string | undefined)[] {
  return valuesOf(answer, 'Set-Cookie').map((line) => /^open-xchange-(.+)-\w+=/.exec(line)?.[1]);
}

describe.each(['7.10.3', '8'] as const)(
  'the recorded exchange of 7.10.3, in the generation %s',
  (generation) => {
    const TIME = Date.UTC(2019, 10, 13, 15, 40, 56);
    const recordedSettings: Arrangement = {
      start: TIME,
      options: { nodeId: 'OX1' },
      protocol: { generation, publicSession: true },
    };

    it.each(['7.10.3-1-login', '7.10.3-1-login-once'])('starts with the recorded login: %s', async (name) => {
      await ox.arrange(recordedSettings);
      const conversation = new Conversation(ox.wire);
      conversation.expectAnswer(await conversation.say(`${name}.request`), `${name}.answer`);
    });

    it('continues and ends as recorded', async () => {
      await ox.arrange(recordedSettings);
      const conversation = new Conversation(ox.wire);
      conversation.expectAnswer(await conversation.say('7.10.3-1-login.request'), '7.10.3-1-login.answer');
      const use = await conversation.say('7.10.3-2-use.request');
      expect([use.status, json(use)]).toEqual([200, { data: 'username' }]);
      ox.clock.advance(60_000);
      const autologin = await conversation.say('7.10.3-3-autologin.request');
      conversation.expectAnswer(autologin, '7.10.3-3-autologin.answer');
      conversation.expectAnswer(await conversation.say('7.10.3-4-store.request'), '7.10.3-4-store.answer');
      const logout = await conversation.say('7.10.3-5-logout.request');
      // The recorded server omits `Secure` when it clears cookies.
      const headers = logout.headers.map(
        ([header, value]) => [header, value.replace('; Secure', '')] as const,
      );
      conversation.expectAnswer({ ...logout, headers }, '7.10.3-5-logout.answer');
    });
  },
);

describe('the calls of App Suite', () => {
  const FORM = `client=${APP_SUITE}&version=8.18.1&timeout=10000&rampup=false&rampUpFor=${APP_SUITE}&language=en_US`;

  class Tab extends Client {
    constructor(jar: Map<string, string>) {
      super(ox.wire, CHROME, APP_SUITE, jar);
    }
    override login(name = 'alice', further = '') {
      return this.#kept(this.post(`action=login&name=${name}&password=somePassword&${FORM}${further}`));
    }
    load() {
      const target = `/appsuite/api/login?action=autologin&client=${APP_SUITE}&rampup=false&version=8.18.1`;
      return this.#kept(this.send('GET', target));
    }
    post(form: string) {
      return this.send('POST', '/appsuite/api/login', form);
    }
    async #kept(answered: Promise<RawAnswer>) {
      const answer = await answered;
      this.session = (json(answer)['session'] as string | undefined) ?? '';
      return answer;
    }
  }

  it.each<[Generation, string, boolean]>([
    ['6', '&staySignedIn=true', true],
    ['6', '&staySignedIn=false', false],
    ['7.10.3', '&staySignedIn=true', true],
    ['7.10.3', '&staySignedIn=false', false],
    ['7.10.3', '', false],
    ['8', '&staySignedIn=true', true],
    ['8', '', false],
  ])(
    'keep the user signed in over reloads and tabs in the generation %s with %j',
    async (generation, further, stays) => {
      await ox.arrange({ protocol: { generation } });
      const first = new Tab(new Map());
      expectError(await first.load(), 'SVL-0003');
      const login = await first.login('alice', further);
      expect(purposes(login)).toEqual(['secret', 'session']);
      for (const cookie of valuesOf(login, 'Set-Cookie')) expect(/expires=/i.test(cookie)).toBe(stays);
      const { session } = first;
      ox.clock.advance(59 * 60_000);
      expect(json(await first.load())).toMatchObject({ session, user: 'alice', user_id: 3, context_id: 1 });
      const second = new Tab(first.jar);
      expect(json(await second.load())).toMatchObject({ session });
      for (const tab of [first, second]) expect(json(await tab.use())).toEqual({ data: 'alice' });
      const list = `/appsuite/api/sessionmanagement?action=all&session=${session}`;
      const { data } = json(await second.send('GET', list)) as { data: Listed[] };
      expect(data.map(({ sessionId }) => sessionId)).toEqual([session]);

      ox.clock.advance(HOUR);
      const reopened = await second.load();
      if (!stays) return expectError(reopened, 'SVL-0003');
      expect(json(reopened)).toMatchObject({ session });
      const logout = await first.post(`action=logout&session=${session}`);
      expect([logout.status, logout.body, first.jar.size]).toEqual([200, '', 0]);
      expectError(await second.use(), 'SES-0203', [session]);
      expectError(await second.load(), 'SVL-0003');
    },
  );
});

describe('a generation', () => {
  it.each<[Generation, string, boolean, string]>([
    ['6', 'text/javascript; charset=UTF-8', true, 'SES-0205'],
    ['7.10.3', 'application/json; charset=UTF-8', false, 'SES-0205'],
    ['8', 'application/json; charset=UTF-8', false, 'SES-0203'],
  ])('determines content type, meaning of a missing staySignedIn and the IP error: %s', async (...row) => {
    const [generation, contentType, stays, code] = row;
    await ox.arrange({ protocol: { generation }, options: { ipCheck: { mode: 'strict' } } });
    const client = ox.client();
    const answers = [await client.login(), await client.act('refreshSecret'), await client.act('nonsense')];
    const all = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    answers.push(await client.send('GET', all), await client.use('x'));
    for (const answer of answers) expect(valuesOf(answer, 'Content-Type')).toEqual([contentType]);

    const { sessions } = await ox.manager.list({ userId: 'alice' });
    expect(sessions.map(({ staySignedIn }) => staySignedIn)).toEqual([stays]);
    const elsewhere = await client.send('GET', all, '', ['X-Forwarded-For: 192.0.2.9']);
    expectError(elsewhere, code, code === 'SES-0203' ? [client.session] : []);
    expectError(await client.use('0'.repeat(32)), 'SES-0203', ['0'.repeat(32)]);
  });

  it.each<[Generation, string[]]>([
    ['6', ['secret']],
    ['7.10.3', ['secret', 'session']],
    ['8', ['secret', 'session']],
  ])(
    'determines the cookies of a login without the parameter staySignedIn: %s',
    async (generation, cookies) => {
      await ox.arrange({ protocol: { generation } });
      expect(purposes(await ox.client().login())).toEqual(cookies);
    },
  );

  it('other than 6 sends the session cookie for createSignIn and redirect too, because clients do not call store', async () => {
    await ox.arrange({ protocol: { generation: '8' }, router: { randomToken: true } });
    const from = ox.client();
    const random = String(json(await from.login())['random']);
    const to = ox.client();
    await to.send('GET', `/ajax/login?action=redirect&random=${random}&client=${from.client}`);
    expect(json(await to.autologin())).toMatchObject({ session: from.session });

    const { manager, dialect } = ox;
    const app = express();
    app.post('/sign-in', (request, response, next) => {
      createSignIn(manager, { dialect })(request, response, { userId: 'bob' }).then(
        () => response.end(),
        next,
      );
    });
    const wire = await listenToWire(app);
    try {
      const client = new Client(wire, CHROME, APP_SUITE, new Map());
      expect(purposes(await client.send('POST', '/sign-in'))).toEqual(['secret', 'session']);
    } finally {
      await wire.close();
    }
  });

  it.each<[Generation, boolean, boolean]>([
    ['6', false, true],
    ['6', true, true],
    ['8', false, false],
    ['8', true, true],
  ])('%s with randomToken=%s sends a random: %s', async (generation, randomToken, sends) => {
    await ox.arrange({ protocol: { generation }, router: { randomToken } });
    expect('random' in json(await ox.client().login())).toBe(sends);
  });

  it('sets no session cookie if autologin is disabled, because nothing could use it', async () => {
    await ox.arrange({ protocol: { generation: '8' }, options: { autologin: false } });
    expect(purposes(await ox.client().login('alice', '&staySignedIn=true'))).toEqual(['secret']);
  });

  it('other than 6 does not add the session cookie when cookies are sent again', async () => {
    await ox.arrange({ protocol: { generation: '8' } });
    const client = ox.client();
    await client.login('alice', '&staySignedIn=true');
    for (const name of client.jar.keys()) if (name.includes('-session-')) client.jar.delete(name);
    ox.clock.advance(25 * HOUR);
    expect(
      purposes(await client.send('GET', `/ajax/sessionmanagement?action=all&session=${client.session}`)),
    ).toEqual(['secret']);
  });

  it.each(['7.10.3', '8'] as const)(
    '%s answers store without effect, with or without a session',
    async (generation) => {
      await ox.arrange({ protocol: { generation } });
      for (const client of [await ox.signedIn(), ox.client()]) {
        const answer = await client.act('store');
        expect([answer.status, answer.body, valuesOf(answer, 'Set-Cookie')]).toEqual([200, '', []]);
        expect(valuesOf(answer, 'Deprecation')).toEqual(['version="v7.10.3"']);
      }
    },
  );

  it.each([undefined, '7', 8, '7.10.5'])('must be one that is known, unlike %j', async (generation) => {
    await ox.arrange();
    if (generation === undefined) return expect(ox.dialect.settings.generation).toBe('6');
    await expect(ox.restart({ protocol: { generation: generation as never } })).rejects.toThrow('generation');
  });
});
