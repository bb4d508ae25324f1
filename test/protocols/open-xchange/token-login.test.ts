import { SessionError } from '../../../lib';
import type { Generation } from '../../../lib/protocols/open-xchange';
import {
  CHROME,
  type Client,
  expectError,
  FIREFOX,
  json,
  OpenXchangeApp,
  UI,
} from '../../support/open-xchange';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const CLIENT_TOKEN = 'a8f5f167f44f4964e6c998dee827110c';
const PORTAL = `client=portal&version=1&clientToken=${CLIENT_TOKEN}`;
const FROM_ELSEWHERE = ['X-Forwarded-For: 192.0.2.9'];

function tokenLogin(further = '&jsonResponse=true', headers: readonly string[] = []): Promise<RawAnswer> {
  const form = `login=alice&password=somePassword&${PORTAL}${further}`;
  return ox.client(FIREFOX, 'portal').send('POST', '/ajax/login?action=tokenLogin&authId=t1', form, headers);
}

async function serverTokenOf(further?: string): Promise<string> {
  return json(await tokenLogin(further))['serverToken'] as string;
}

function tokens(
  browser: Client,
  serverToken: string,
  { clientToken = CLIENT_TOKEN, headers = [] as readonly string[], further = '' } = {},
): Promise<RawAnswer> {
  const form = `action=tokens&client=${UI}&version=8.18.1&serverToken=${serverToken}&clientToken=${clientToken}${further}`;
  return browser.send('POST', '/appsuite/api/login', form, headers);
}

describe('tokenLogin', () => {
  it('returns a server token and the address of the user interface, and opens no session', async () => {
    await ox.arrange();
    const answer = await tokenLogin('&jsonResponse=true&autologin=true');
    const { serverToken, jsessionid, url, ...others } = json(answer) as Record<string, string>;
    expect(others).toEqual({ user: 'alice', user_id: 3 });
    expect(serverToken).toMatch(/^[\w-]{100,}$/);
    expect(jsessionid).toMatch(/^[0-9a-f]{32}$/);
    expect(url).toBe(
      `/appsuite/#jsessionid=${jsessionid}&serverToken=${serverToken}&user=alice&user_id=3&language=en_US&store=true`,
    );
    expect(valuesOf(answer, 'Set-Cookie')).toEqual([]);
    expect(await ox.database.knex('identity_sessions')).toEqual([]);
  });

  it('redirects unless JSON is requested', async () => {
    await ox.arrange({ protocol: { generation: '8' }, options: { nodeId: 'OX1' } });
    const answer = await tokenLogin('');
    expect([answer.status, answer.body]).toEqual([302, '']);
    expect(valuesOf(answer, 'Location')[0]).toMatch(
      /^\/appsuite\/#jsessionid=[0-9a-f]{32}\.OX1&serverToken=[\w-]+&user_id=3&language=en_US&locale=en_US$/,
    );
  });

  it.each([
    ['password=wrong', 'LGI-0006', []],
    ['clientToken=', 'SVL-0002', ['clientToken']],
    ['login=', 'SVL-0002', ['login']],
  ])('with %s is refused with %s', async (change, code, params) => {
    await ox.arrange();
    const [name = ''] = change.split('=');
    const form = new URLSearchParams(`login=alice&password=somePassword&${PORTAL}`);
    form.set(name, change.slice(name.length + 1));
    expectError(await ox.client().send('POST', '/ajax/login?action=tokenLogin', String(form)), code, params);
  });

  it('can be turned off', async () => {
    await ox.arrange({ router: { tokenLoginTimeout: 0 } });
    expectError(await tokenLogin(), 'LGI-0020');
  });

  it('with the right password is no failed attempt, although it opens no session', async () => {
    await ox.arrange({ router: { limits: { login: { limit: 2 } } } });
    for (let i = 0; i < 4; i++) expect((await tokenLogin()).status).toBe(200);
  });
});

describe('tokens', () => {
  it.each<[Generation, string, string[], boolean]>([
    ['6', '', ['secret'], true],
    ['6', '&autologin=true', ['secret', 'session'], true],
    ['6', '&autologin=false', ['secret', 'session'], false],
    ['7.10.3', '', ['secret', 'session'], false],
    ['8', '&staySignedIn=true', ['secret', 'session'], true],
  ])(
    'opens the session in the browser, in the generation %s with %j',
    async (generation, further, cookies, stays) => {
      await ox.arrange({ protocol: { generation } });
      const browser = ox.client(CHROME);
      const answer = await tokens(browser, await serverTokenOf(`&jsonResponse=true${further}`), {
        further: '&modules=1',
      });
      const { data } = json(answer) as { data: Record<string, unknown> };
      expect(data).toMatchObject({
        user: 'alice',
        user_id: 3,
        context_id: 1,
        locale: 'en_US',
        modules: { mail: true },
      });
      expect(valuesOf(answer, 'Set-Cookie').map((line) => line.split('-')[2])).toEqual(cookies);
      browser.session = data['session'] as string;
      expect(json(await browser.use())).toEqual({ data: 'alice' });
      const { sessions } = await ox.manager.list({ userId: 'alice' });
      // Client and user agent are those of the browser.
      expect(sessions).toMatchObject([
        { clientId: UI, userAgent: CHROME, authId: 't1', staySignedIn: stays },
      ]);
      await browser.act('store');
      if (generation === '6' || stays)
        expect(json(await browser.autologin())).toMatchObject({ user: 'alice' });
    },
  );

  it('works on another node and over a restart, once on all nodes together', async () => {
    await ox.arrange();
    const serverToken = await serverTokenOf();
    await ox.restart({});
    const answers = await Promise.all([
      tokens(ox.client(CHROME), serverToken),
      tokens(ox.client(CHROME), serverToken),
    ]);
    expect(answers.map((answer) => json(answer)['code'] ?? 'opened').sort()).toEqual(['SES-0210', 'opened']);
    await ox.restart({});
    expectError(await tokens(ox.client(CHROME), serverToken), 'SES-0210');
    expect(await ox.database.knex('identity_sessions')).toHaveLength(1);
  });

  it('refuses a used token also after its session has ended', async () => {
    await ox.arrange();
    const serverToken = await serverTokenOf();
    await tokens(ox.client(CHROME), serverToken);
    await ox.manager.revoke({ owner: { userId: 'alice' } });
    expectError(await tokens(ox.client(CHROME), serverToken), 'SES-0210');
  });

  it('refuses a token after the timeout', async () => {
    await ox.arrange();
    const serverToken = await serverTokenOf();
    ox.clock.advance(60_000);
    expectError(await tokens(ox.client(CHROME), serverToken), 'SES-0210');
  });

  it('refuses a wrong client token, and then the right one too', async () => {
    await ox.arrange();
    const serverToken = await serverTokenOf();
    const wrong = await tokens(ox.client(CHROME), serverToken, { clientToken: '0'.repeat(32) });
    expectError(wrong, 'SES-0211');
    expect(wrong.body).not.toContain(serverToken);
    // Decoders ignore such characters, so that these texts are the same token.
    for (const further of ['', '%3D', '%3D%3D', '%20', '!']) {
      expectError(await tokens(ox.client(CHROME), serverToken + further), 'SES-0210');
    }
    expect(await ox.database.knex('identity_sessions')).toEqual([]);
  });

  it.each(['', 'x', '0'.repeat(32)])('refuses the server token %j', async (serverToken) => {
    await ox.arrange();
    const answer = await tokens(ox.client(CHROME), serverToken);
    if (serverToken === '') expectError(answer, 'SVL-0002', ['serverToken']);
    else expectError(answer, 'SES-0210');
  });

  it('refuses a token of acquireToken, and redeemToken refuses a server token', async () => {
    const secret = 'a secret of a portal';
    await ox.arrange({ router: { tokenSecrets: [secret] } });
    const client = await ox.signedIn();
    const target = `/ajax/token?action=acquireToken&session=${client.session}`;
    const { data } = json(await client.send('GET', target)) as { data: { token: string } };
    expectError(await tokens(ox.client(CHROME), data.token), 'SES-0210');
    const form = `action=redeemToken&client=x&secret=${secret}&token=${await serverTokenOf()}`;
    expectError(await ox.client(CHROME).send('POST', '/ajax/login', form), 'TOKENLOGIN-0003');
  });

  it('refuses another address, so that a link cannot sign a victim in to the account of an attacker', async () => {
    await ox.arrange();
    const victim = ox.client(CHROME);
    expectError(await tokens(victim, await serverTokenOf(), { headers: FROM_ELSEWHERE }), 'SES-0205');
    expect(victim.jar.size).toBe(0);
    expect(await ox.database.knex('identity_sessions')).toEqual([]);
    await ox.restart({ options: { ipCheck: { mode: 'none' } } });
    const moved = await tokens(ox.client(CHROME), await serverTokenOf(), { headers: FROM_ELSEWHERE });
    expect(json(moved)).toHaveProperty('data.session');
  });

  it('refuses a sign-in whose password was changed in the meantime', async () => {
    await ox.arrange();
    const serverToken = await serverTokenOf();
    ox.clock.advance(1000);
    await ox.manager.onCredentialChange({ userId: 'alice', tenantId: null });
    ox.clock.advance(1000);
    expectError(await tokens(ox.client(CHROME), serverToken), 'LGI-0006');
  });

  it('opens the session of the user in the context, as a login does', async () => {
    await ox.arrange({ router: { authenticate: () => ({ userId: '3', userNumber: 3, contextNumber: 2 }) } });
    expect(json(await tokens(ox.client(CHROME), await serverTokenOf()))).toHaveProperty('data.context_id', 2);
    expect((await ox.manager.list({ userId: '3', tenantId: '2' })).sessions).toHaveLength(1);
    expect((await ox.manager.list({ userId: '3' })).sessions).toHaveLength(0);
  });

  it('reports limits with user and context, and outages as 503', async () => {
    await ox.arrange({ options: { maxSessionsPerUser: 1, onLimit: 'refuse' } });
    await ox.signedIn();
    expectError(await tokens(ox.client(CHROME), await serverTokenOf()), 'SES-0007', ['3', '1']);
    const serverToken = await serverTokenOf();
    jest.spyOn(ox.manager, 'open').mockRejectedValueOnce(new SessionError('store-unavailable', 'Not now.'));
    expectError(await tokens(ox.client(CHROME), serverToken), 'LGI-0005', [], 503);
  });
});
