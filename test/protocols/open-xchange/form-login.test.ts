import type { Generation } from '../../../lib/protocols/open-xchange';
import { type Client, expectError, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

const FORM = `login=alice&password=somePassword&client=${UI}&version=1&autologin=true`;

function submit(client: Client, form = FORM): Promise<RawAnswer> {
  return client.send('POST', '/ajax/login?action=formlogin&authId=a1', form);
}

function sessionIn(answer: RawAnswer): string {
  return /#session=([0-9a-f]{32})/.exec(valuesOf(answer, 'Location')[0]!)![1]!;
}

describe('formlogin', () => {
  it.each<[Generation, string, string[]]>([
    ['6', '&user=alice&user_id=3&language=en_US&store=true', ['secret', 'session']],
    ['7.10.3', '&user_id=3&language=en_US&locale=en_US&context_id=1', ['secret', 'session']],
    ['8', '&user_id=3&language=en_US&locale=en_US&context_id=1', ['secret', 'session']],
  ])(
    'opens a session and redirects to the user interface of the generation %s',
    async (generation, further, cookies) => {
      await ox.arrange({ protocol: { generation } });
      const client = ox.client();
      const answer = await submit(client);
      client.session = sessionIn(answer);
      expect([answer.status, answer.body]).toEqual([302, '']);
      expect(valuesOf(answer, 'Location')).toEqual([`/appsuite/#session=${client.session}${further}`]);
      expect(valuesOf(answer, 'Set-Cookie').map((line) => line.split('-')[2])).toEqual(cookies);
      expect(json(await client.use())).toEqual({ data: 'alice' });
      expect(json(await client.autologin())).toMatchObject({ session: client.session });
      const { sessions } = await ox.manager.list({ userId: 'alice' });
      expect(sessions).toMatchObject([{ authId: 'a1', clientId: UI, staySignedIn: true }]);
    },
  );

  it('with autologin=false opens a session that ends with the browser session', async () => {
    await ox.arrange();
    const answer = await submit(ox.client(), FORM.replace('autologin=true', 'autologin=false'));
    for (const cookie of valuesOf(answer, 'Set-Cookie')) expect(cookie).not.toContain('expires');
    expect(valuesOf(answer, 'Location')[0]).toMatch(/&store=false$/);
    expect((await ox.manager.list({ userId: 'alice' })).sessions).toMatchObject([{ staySignedIn: false }]);
  });

  it.each([
    ['/other/', '/other/'],
    ['https://example.com/', '/appsuite/'],
    ['//example.com', '/appsuite/'],
  ])('with uiWebPath=%s redirects to %s', async (path, expected) => {
    await ox.arrange();
    const answer = await submit(ox.client(), `${FORM}&uiWebPath=${encodeURIComponent(path)}`);
    expect(valuesOf(answer, 'Location')[0]!.split('#')[0]).toBe(expected);
  });

  it('refuses a password in the URL', async () => {
    await ox.arrange();
    const target = '/ajax/login?action=formlogin&login=alice&password=somePassword';
    expectError(await ox.client().send('GET', target), 'SVL-0030', ['password']);
    expect(await ox.database.knex('identity_sessions')).toEqual([]);
  });
});
