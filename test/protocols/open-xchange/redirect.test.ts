import { CHROME, expectError, json, OpenXchangeApp, UI, type Client } from '../../support/open-xchange';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const ON = { router: { randomToken: true } };

/** Logs in with one program and gives its random token to another program of the same client. */
async function handedOver(): Promise<{ from: Client; to: Client; random: string }> {
  const from = ox.client();
  const random = json(await from.login())['random'] as string;
  return { from, to: ox.client(), random };
}

async function take(client: Client, action: string, random: string, further = ''): Promise<RawAnswer> {
  return client.send('GET', `/ajax/login?action=${action}&client=${UI}&random=${random}${further}`);
}

describe('redirect', () => {
  it('moves the session to another browser', async () => {
    await ox.arrange(ON);
    const { from, to, random } = await handedOver();
    const answer = await take(to, 'redirect', random, '&store=true');
    expect([answer.status, answer.body]).toEqual([302, '']);
    expect(valuesOf(answer, 'Location')).toEqual([`/appsuite/#session=${from.session}&store=true`]);
    to.session = from.session;
    expect(json(await to.use())).toEqual({ data: 'alice' });
    await to.act('store');
    expect(json(await to.autologin())).toMatchObject({ session: from.session });
    expect((await to.act('logout')).status).toBe(200);
    expect(to.jar.size).toBe(0);
  });

  it.each([
    ['/appsuite/ui', '/appsuite/ui'],
    ['https://example.com/', '/appsuite/'],
    ['//example.com/', '/appsuite/'],
    ['/\\example.com/', '/appsuite/'],
    ['/x%0d%0aSet-Cookie:a=b', '/appsuite/'],
  ])('to %j goes to %s, never to another host', async (wanted, path) => {
    await ox.arrange(ON);
    const { from, to, random } = await handedOver();
    const encoded = wanted.includes('%') ? wanted : encodeURIComponent(wanted);
    const answer = await take(to, 'redirect', random, `&uiWebPath=${encoded}`);
    expect(valuesOf(answer, 'Location')).toEqual([`${path}#session=${from.session}`]);
  });

  it.each(['redirect', 'redeem'])('accepts a random token once, within half a minute: %s', async (action) => {
    await ox.arrange(ON);
    const statusOf = async (random: string) => {
      const client = ox.client();
      const { status } = await take(client, action, random);
      return [status, client.jar.size];
    };
    const { random } = await handedOver();
    expect(await statusOf('')).toEqual([400, 0]);
    expect(await statusOf('0'.repeat(32))).toEqual([403, 0]);
    expect(await statusOf(random)).toEqual([action === 'redirect' ? 302 : 200, 1]);
    expect(await statusOf(random)).toEqual([403, 0]);
    const late = await handedOver();
    ox.clock.advance(30_000);
    expect(await statusOf(late.random)).toEqual([403, 0]);
    const ended = await handedOver();
    await ended.from.act('logout');
    expect(await statusOf(ended.random)).toEqual([403, 0]);
  });

  it.each(['redirect', 'redeem'])(
    'accepts the random token of an autologin by the same rules: %s',
    async (action) => {
      await ox.arrange(ON);
      const from = ox.client();
      const first = json(await from.login())['random'] as string;
      await from.act('store');
      const random = json(await from.autologin())['random'] as string;
      expect(random).toMatch(/^[0-9a-f]{32}$/);
      expect(random).not.toBe(first);
      const to = ox.client();
      expect([200, 302]).toContain((await take(to, action, random)).status);
      expect(json(await to.use(from.session))).toEqual({ data: 'alice' });
      expect((await take(ox.client(), action, random)).status).toBe(403);
      const late = json(await from.autologin())['random'] as string;
      ox.clock.advance(30_000);
      expect((await take(ox.client(), action, late)).status).toBe(403);
    },
  );

  it.each(['redirect', 'redeem'])(
    'returns 400 by default, although logins return a random token: %s',
    async (action) => {
      await ox.arrange();
      const { to, random } = await handedOver();
      expect(random).toMatch(/^[0-9a-f]{32}$/);
      const { status } = await take(to, action, random);
      expect([status, to.jar.size]).toEqual([400, 0]);
    },
  );

  it.each(['redirect', 'redeem'])(
    'refuses the token of another address or user agent, once and for all: %s',
    async (action) => {
      await ox.arrange(ON);
      const attempts = [
        { agent: CHROME, headers: [] },
        { agent: undefined, headers: ['X-Forwarded-For: 192.0.2.1'] },
      ];
      for (const { agent, headers } of attempts) {
        const { to, random } = await handedOver();
        const victim = ox.client(agent);
        const target = `/ajax/login?action=${action}&client=${UI}&random=${random}`;
        expect((await victim.send('GET', target, '', headers)).status).toBe(403);
        expect((await take(to, action, random)).status).toBe(403);
        expect([victim.jar.size, to.jar.size]).toEqual([0, 0]);
      }
    },
  );

  it('hands a session over that a trusted program has opened on behalf of the browser', async () => {
    await ox.arrange({ router: { randomToken: true, trustedClients: '127.0.0.1' } });
    const portal = ox.client('a portal');
    const behalf = `&clientIP=192.0.2.1&clientUserAgent=${encodeURIComponent(CHROME)}`;
    const random = json(await portal.login('alice', behalf))['random'] as string;
    const browser = ox.client(CHROME);
    const from = ['X-Forwarded-For: 192.0.2.1'];
    const target = `/ajax/login?action=redirect&client=${UI}&random=${random}`;
    expect((await browser.send('GET', target, '', from)).status).toBe(302);
    const use = `/ajax/config/gui?session=${portal.session}`;
    expect(json(await browser.send('GET', use, '', from))).toEqual({ data: 'alice' });
  });

  it('reports neither tokens nor secrets in events', async () => {
    const report = jest.fn();
    await ox.arrange({ ...ON, options: { report } });
    const { from, to, random } = await handedOver();
    await take(to, 'redirect', random);
    await take(to, 'redirect', random);
    const events = JSON.stringify(report.mock.calls);
    expect(events).toContain(from.session);
    for (const secret of [random, ...from.jar.values()]) expect(events).not.toContain(secret);
  });

  it('reads the token from a form, so that no URL contains it', async () => {
    await ox.arrange(ON);
    const { to, random } = await handedOver();
    const form = `action=redirect&client=${UI}&random=${random}`;
    expect((await to.send('POST', '/ajax/login', form)).status).toBe(302);
  });

  it('is refused if a page of another site started it, except sites in `origins`', async () => {
    await ox.arrange({ ...ON, options: { origins: ['https://portal.example'] } });
    const cases: [string[], boolean][] = [
      [['Sec-Fetch-Site: cross-site'], false],
      [['Sec-Fetch-Site: cross-site', 'Referer: https://evil.example/'], false],
      [['Referer: https://evil.example/a?b'], false],
      [['Sec-Fetch-Site: same-site', 'Referer: https://localhost.example/'], false],
      [['Sec-Fetch-Site: cross-site', 'Referer: https://portal.example/start'], true],
      [['Sec-Fetch-Site: cross-site', 'Origin: https://portal.example'], true],
      [['Sec-Fetch-Site: none'], true],
      [['Sec-Fetch-Site: same-origin'], true],
      [['Referer: nonsense'], true],
      [[], true],
    ];
    for (const [headers, accepted] of cases) {
      const { to, random } = await handedOver();
      const target = `/ajax/login?action=redirect&client=${UI}&random=${random}`;
      const answer = await to.send('GET', target, '', headers);
      expect([headers, answer.status]).toEqual([headers, accepted ? 302 : 403]);
      if (!accepted) expectError(answer, 'LGI-0026', ['Another site started this request.'], 403);
    }
  });
});

describe('redeem', () => {
  it('returns the same answer as a login', async () => {
    await ox.arrange(ON);
    const { from, to, random } = await handedOver();
    const answer = json(await take(to, 'redeem', random, '&modules=true'));
    expect(answer).toMatchObject({ session: from.session, user: 'alice', modules: { mail: true } });
    expect(answer['random']).not.toBe(random);
    expect(json(await to.use(from.session))).toEqual({ data: 'alice' });
  });
});
