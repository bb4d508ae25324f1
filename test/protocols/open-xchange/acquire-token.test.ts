import type { OpenXchangeRouterOptions } from '../../../lib/protocols/open-xchange';
import { CHROME, type Client, expectError, json, OpenXchangeApp } from '../../support/open-xchange';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const SECRET = 'the secret of a calendar';
const router: Partial<OpenXchangeRouterOptions> = { tokenSecrets: [SECRET, 'the secret of another'] };

async function acquired(client: Client): Promise<string> {
  const answer = await client.send(
    'GET',
    `/appsuite/api/token?action=acquireToken&session=${client.session}`,
  );
  return (json(answer) as { data: { token: string } }).data.token;
}

function redeem(token: string, { secret = SECRET, further = '' } = {}): Promise<RawAnswer> {
  const form = new URLSearchParams({ token, client: 'calendar', secret });
  return ox
    .client(CHROME, 'calendar')
    .send('POST', `/ajax/login?action=redeemToken&authId=r1${further}`, String(form));
}

describe('acquireToken', () => {
  it('returns a token and the time', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    const answer = await client.send('GET', `/ajax/token?action=acquireToken&session=${client.session}`);
    expect(json(answer)).toEqual({
      data: { token: expect.stringMatching(/^[\w-]{100,}$/) },
      timestamp: ox.clock.now(),
    });
  });

  it('needs a session and a known action', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    expectError(await client.send('GET', '/ajax/token?action=acquireToken'), 'SES-0201');
    const stranger = ox.client();
    const target = `/ajax/token?action=acquireToken&session=${client.session}`;
    expectError(await stranger.send('GET', target), 'SES-0203', [client.session]);
    const unknown = await client.send('GET', `/ajax/token?action=x&session=${client.session}`);
    expectError(unknown, 'SVL-0021', ['x', 'token']);
  });
});

describe('redeemToken', () => {
  it('opens a session of the same user for the other system', async () => {
    await ox.arrange({ router });
    const client = await ox.signedIn('anton');
    const answer = await redeem(await acquired(client));
    const login = json(answer);
    expect(login).toMatchObject({ user: 'anton', user_id: 3, context_id: 1, locale: 'de_DE' });
    expect(login).not.toHaveProperty('password');
    expect(login['session']).not.toBe(client.session);
    expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(1);
    const { sessions } = await ox.manager.list({ userId: 'anton' });
    expect(sessions).toHaveLength(2);
    expect(sessions.find(({ clientId }) => clientId === 'calendar')).toMatchObject({
      userAgent: CHROME,
      authId: 'r1',
    });
    expect(json(await client.use())).toEqual({ data: 'anton' });
  });

  it('opens a session with the time of the first authentication, because the user was not asked again', async () => {
    await ox.arrange({ router });
    const client = await ox.signedIn('anton');
    const at = ox.clock.now();
    ox.clock.advance(1000);
    await redeem(await acquired(client));
    const { sessions } = await ox.manager.list({ userId: 'anton' });
    expect(sessions.map(({ authenticatedAt }) => authenticatedAt)).toEqual([at, at]);
  });

  it('accepts a token once, on all nodes together, and several tokens of one session', async () => {
    await ox.arrange({ router });
    const client = await ox.signedIn();
    const [one, two] = [await acquired(client), await acquired(client)];
    await ox.restart({ router });
    const answers = await Promise.all([redeem(one), redeem(one)]);
    expect(answers.map((answer) => json(answer)['code'] ?? 'opened').sort()).toEqual([
      'TOKENLOGIN-0003',
      'opened',
    ]);
    expectError(await redeem(one), 'TOKENLOGIN-0003');
    expect(json(await redeem(two, { further: '2' }))).toHaveProperty('session');
  });

  it('refuses a token after five minutes, and after its session has ended or expired', async () => {
    await ox.arrange({ router });
    const late = await acquired(await ox.signedIn());
    ox.clock.advance(300_000);
    expectError(await redeem(late), 'TOKENLOGIN-0003');
    const client = await ox.signedIn();
    const ended = await acquired(client);
    await client.act('logout');
    expectError(await redeem(ended), 'TOKENLOGIN-0005');
    await ox.restart({ router, options: { shortLifetime: '60s', autologin: false } });
    const expired = await acquired(await ox.signedIn());
    ox.clock.advance(60_000);
    expectError(await redeem(expired), 'TOKENLOGIN-0005');
  });

  it.each([
    ['of a system that is not known', router, 'another secret of 24 characters'],
    ['if no system is known', {}, SECRET],
  ])('refuses a secret %s, and the token stays valid', async (_, options, secret) => {
    await ox.arrange({ router: options });
    const token = await acquired(await ox.signedIn());
    expectError(await redeem(token, { secret }), 'TOKENLOGIN-0006');
    await ox.restart({ router });
    expect(json(await redeem(token))).toHaveProperty('session');
  });

  it.each(['token', 'client', 'secret'])('requires the parameter %s', async (name) => {
    await ox.arrange({ router });
    const form = new URLSearchParams({ token: 'x', client: 'calendar', secret: SECRET });
    form.delete(name);
    expectError(await ox.client().send('POST', '/ajax/login?action=redeemToken', String(form)), 'SVL-0002', [
      name,
    ]);
  });

  it('refuses a secret in the URL, which would be logged, and an invalid token', async () => {
    await ox.arrange({ router });
    const inUrl = await redeem('x', { further: `&secret=${encodeURIComponent(SECRET)}` });
    expectError(inUrl, 'SVL-0030', ['secret']);
    expect(inUrl.body).not.toContain(SECRET);
    expectError(await redeem('phantasy'), 'TOKENLOGIN-0003');
  });

  it('does not open a session after the user changed the password', async () => {
    await ox.arrange({ router });
    const client = await ox.signedIn();
    const token = await acquired(client);
    ox.clock.advance(1000);
    await ox.manager.onCredentialChange({ userId: 'alice', tenantId: null });
    expectError(await redeem(token), 'TOKENLOGIN-0005');
  });

  it.each([[['short']], ['text'], [[1]]])(
    'is not built with tokenSecrets %j, and the error does not show them',
    async (secrets) => {
      const build = ox.arrange({ router: { tokenSecrets: secrets as never } });
      await expect(build).rejects.toThrow('tokenSecrets');
      await expect(build).rejects.not.toThrow('short');
    },
  );
});
