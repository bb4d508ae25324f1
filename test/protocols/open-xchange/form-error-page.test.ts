import { OpenXchangeError, type OpenXchangeRouterOptions } from '../../../lib/protocols/open-xchange';
import { type Client, expectError, FIREFOX, OpenXchangeApp, UI } from '../../support/open-xchange';
import { until } from '../../support/gate';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const FORM = `login=alice&password=somePassword&client=${UI}&version=1&autologin=true`;

function submit(client: Client, form = FORM, headers: readonly string[] = []): Promise<RawAnswer> {
  return client.send('POST', '/ajax/login?action=formlogin', form, headers);
}

const options = { origins: ['https://portal.example'] };

describe('the errors of formlogin', () => {
  const WRONG = FORM.replace('somePassword', 'wrong');

  it('are pages that lead back to the form', async () => {
    await ox.arrange({ options });
    const answer = await submit(ox.client(), WRONG, ['Referer: https://portal.example/start?a=1&b=2#x']);
    expect([answer.status, valuesOf(answer, 'Set-Cookie')]).toEqual([200, []]);
    expect(valuesOf(answer, 'Content-Type')).toEqual(['text/html; charset=utf-8']);
    expect(valuesOf(answer, 'Content-Security-Policy')[0]).toContain("default-src 'none'");
    expect(answer.body).toContain('<p>Invalid credentials.</p>');
    const back = 'https://portal.example/start?a=1&amp;b=2&amp;login=failed#x';
    expect(answer.body).toContain(`content="5; url=${back}"`);
    expect(answer.body).toContain(`<a href="${back}">`);
    expect(answer.body).not.toContain('script');
  });

  it.each(['', 'not a url', '/start'])('have no link for the Referer %j', async (referer) => {
    await ox.arrange();
    const answer = await submit(ox.client(), WRONG, referer === '' ? [] : [`Referer: ${referer}`]);
    expect(answer.body).toContain('Invalid credentials.');
    expect(answer.body).not.toMatch(/href|refresh/);
  });

  it('escape everything that comes from the request or from the app', async () => {
    const authenticate: OpenXchangeRouterOptions['authenticate'] = (name) => {
      throw new OpenXchangeError('LGI-0027', [`<script>'${name}'`]);
    };
    await ox.arrange({ options, router: { authenticate } });
    const referer = `Referer: https://portal.example/?"><img src=x onerror='alert(1)'>`;
    const { body } = await submit(ox.client(), FORM.replace('alice', '%3Cb%3E'), [referer]);
    expect(body).toContain('&lt;script&gt;&#39;&lt;b&gt;&#39;');
    expect(body).not.toMatch(/<script|<b>|<img/);
  });

  it.each(['https://evil.example/', 'javascript:alert(1)', 'data:text/html,x'])(
    'are pages also for a form of another site, here %s',
    async (referer) => {
      await ox.arrange({ options });
      const answer = await submit(ox.client(), FORM, [`Referer: ${referer}`]);
      expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('The request was denied.')]);
      expect(answer.body).not.toContain('="javascript:');
      expect(await ox.database.knex('identity_sessions')).toEqual([]);
    },
  );

  it('are pages for missing parameters, limits and outages too, with their status', async () => {
    await ox.arrange({ router: { limits: { login: { limit: 2 } } } });
    const missing = await submit(ox.client(), 'login=alice');
    expect([missing.status, missing.body]).toEqual([200, expect.stringContaining('An error occurred.')]);
    await submit(ox.client(), WRONG);
    const limited = await submit(ox.client());
    expect(limited.status).toBe(429);
    expect(valuesOf(limited, 'Retry-After')).toHaveLength(1);
    expect(limited.body).toContain('Too many concurrent requests.');
  });

  it('share their limit with the other actions, so that another action allows no further attempts', async () => {
    await ox.arrange({ router: { limits: { login: { limit: 3 }, account: false } } });
    const attempt = (action: string, name: string) =>
      ox.client().send('POST', `/ajax/login?action=${action}`, `${name}=alice&password=wrong&clientToken=c`);
    expectError(await attempt('login', 'name'), 'LGI-0006');
    expectError(await attempt('tokenLogin', 'login'), 'LGI-0006');
    expect((await attempt('formlogin', 'login')).body).toContain('Invalid credentials.');
    for (const [action, name] of [
      ['login', 'name'],
      ['tokenLogin', 'login'],
      ['formlogin', 'login'],
      ['tokens', 'x'],
      ['redeemToken', 'x'],
    ] as const) {
      expect((await attempt(action, name)).status).toBe(429);
    }
  });

  it('count for the account whose password was tried, whatever other names the request contains', async () => {
    await ox.arrange();
    const attempt = (form: string) => ox.client().send('POST', '/ajax/login?action=formlogin', form);
    for (let i = 0; i < 20; i++) {
      expect((await attempt('login=alice&name=bob&password=wrong')).status).toBe(200);
    }
    await until(async () => (await attempt('login=alice&name=carol&password=wrong')).status === 429);
    expect((await ox.client(FIREFOX).login('bob')).body).toContain('"session"');
  });
});
