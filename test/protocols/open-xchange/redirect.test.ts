import { CHROME, json, OpenXchangeApp, UI, type Client } from '../../support/open-xchange';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

/** Logs in with one client and gives its random token to another. */
async function handedOver(): Promise<{ from: Client; to: Client; random: string }> {
  const from = ox.client();
  const random = json(await from.login())['random'] as string;
  return { from, to: ox.client(CHROME), random };
}

async function take(client: Client, action: string, random: string, further = ''): Promise<RawAnswer> {
  return client.send('GET', `/ajax/login?action=${action}&client=${UI}&random=${random}${further}`);
}

describe('redirect', () => {
  it('moves the session to another browser', async () => {
    await ox.arrange();
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
    await ox.arrange();
    const { from, to, random } = await handedOver();
    const encoded = wanted.includes('%') ? wanted : encodeURIComponent(wanted);
    const answer = await take(to, 'redirect', random, `&uiWebPath=${encoded}`);
    expect(valuesOf(answer, 'Location')).toEqual([`${path}#session=${from.session}`]);
  });

  it.each(['redirect', 'redeem'])('accepts a random token once, within half a minute: %s', async (action) => {
    await ox.arrange();
    const statusOf = async (random: string) => {
      const client = ox.client(CHROME);
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
      await ox.arrange();
      const from = ox.client();
      const first = json(await from.login())['random'] as string;
      await from.act('store');
      const random = json(await from.autologin())['random'] as string;
      expect(random).toMatch(/^[0-9a-f]{32}$/);
      expect(random).not.toBe(first);
      const to = ox.client(CHROME);
      expect([200, 302]).toContain((await take(to, action, random)).status);
      expect(json(await to.use(from.session))).toEqual({ data: 'alice' });
      expect((await take(ox.client(CHROME), action, random)).status).toBe(403);
      const late = json(await from.autologin())['random'] as string;
      ox.clock.advance(30_000);
      expect((await take(ox.client(CHROME), action, late)).status).toBe(403);
    },
  );

  it('returns 400 if random tokens are disabled', async () => {
    await ox.arrange({ router: { randomTokenTimeout: 0 } });
    const { to, random } = await handedOver();
    expect(random).toBeUndefined();
    expect((await take(to, 'redirect', '0'.repeat(32))).status).toBe(400);
  });
});

describe('redeem', () => {
  it('returns the same answer as a login', async () => {
    await ox.arrange();
    const { from, to, random } = await handedOver();
    const answer = json(await take(to, 'redeem', random, '&modules=true'));
    expect(answer).toMatchObject({ session: from.session, user: 'alice', modules: { mail: true } });
    expect(answer['random']).not.toBe(random);
    expect(json(await to.use(from.session))).toEqual({ data: 'alice' });
  });
});
