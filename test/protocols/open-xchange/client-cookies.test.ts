import {
  CHROME,
  type Client,
  expectError,
  FIREFOX,
  json,
  OpenXchangeApp,
  UI,
} from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { valuesOf, type RawAnswer } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('the cookies of a session', () => {
  it('are session cookies of the browser if cookieTtl says so', async () => {
    await ox.arrange({ protocol: { cookieTtl: 'web-browser' } });
    const client = ox.client();
    const cookies = [await client.login(), await client.act('store')].flatMap((answer) =>
      valuesOf(answer, 'Set-Cookie'),
    );
    expect(cookies).toHaveLength(2);
    expect(cookies.join()).not.toContain('expires');
  });

  it('are sent again with the same values once a seventh of their lifetime has passed', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    const before = [...client.jar];
    const refreshed = async () => {
      const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
      return valuesOf(await client.send('GET', target), 'Set-Cookie');
    };
    ox.clock.advance(DAY);
    expect(await refreshed()).toEqual([]);
    ox.clock.advance(1);
    const cookies = await refreshed();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) expect(cookie).toContain('; expires=Wed, 25-May-2011 13:28:59 GMT; ');
    expect([...client.jar]).toEqual(before);
    expect(await refreshed()).toEqual([]);
  });

  it('do not include the session cookie when they are sent again to a client that did not store it', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    ox.clock.advance(DAY + 1);
    await client.all();
    expect([...client.jar.keys()].map((name) => name.split('-')[2])).toEqual(['secret']);
  });
});

describe('the public-session cookie', () => {
  const protocol = { publicSession: true };
  const FIREFOX_70 = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:70.0) Gecko/20100101 Firefox/70.0';
  const namesOf = (answer: RawAnswer) =>
    valuesOf(answer, 'Set-Cookie').map((line) => /^open-xchange-(.+)-\w+=/.exec(line)?.[1]);
  const image = (client: Client, method = 'GET', parameters = '') =>
    client.send(method, `/ajax/image${parameters}`);

  it('is set at login under the published name with the lifetime of the secret, if the option is on', async () => {
    await ox.arrange();
    expect(namesOf(await ox.client().login())).toEqual(['secret']);
    await ox.restart({ protocol });
    const client = ox.client(FIREFOX_70, 'open-xchange-appsuite');
    const [secret = '', publicly = ''] = valuesOf(await client.login(), 'Set-Cookie');
    expect(secret).toContain('open-xchange-secret-IaxgQLSrL7j1zE1Yceasg=');
    expect(publicly).toBe(
      `open-xchange-public-session-OF7B6xxx3jbjvxmcsELGdA=${client.session}; ${secret.split('; ').slice(1).join('; ')}`,
    );
  });

  it('is sent again with the secret, and immediately if it is missing', async () => {
    await ox.arrange({ protocol });
    const client = await ox.signedIn();
    expect(namesOf(await client.act('refreshSecret'))).toEqual(['secret', 'public-session']);
    const list = () => client.send('GET', `/ajax/sessionmanagement?action=all&session=${client.session}`);
    expect(namesOf(await list())).toEqual([]);
    for (const name of client.jar.keys()) if (name.includes('public')) client.jar.delete(name);
    expect(namesOf(await list())).toEqual(['public-session']);
    expect(namesOf(await list())).toEqual([]);
    ox.clock.advance(DAY + 1);
    expect(namesOf(await list())).toEqual(['secret', 'public-session']);
  });

  it('is not sent immediately to the gateway of ActiveSync, which never returns it', async () => {
    await ox.arrange({ protocol });
    const client = await ox.signedIn('alice', 'Open-Xchange USM HTTP Client', 'USM-EAS');
    for (const name of client.jar.keys()) if (name.includes('public')) client.jar.delete(name);
    const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    expect(namesOf(await client.send('GET', target))).toEqual([]);
  });

  it('is cleared by a logout and by a failed autologin', async () => {
    await ox.arrange({ protocol });
    const client = await ox.signedIn();
    expect(namesOf(await client.act('logout'))).toEqual(['secret', 'public-session']);
    expect(client.jar.size).toBe(0);

    const stale = await ox.signedIn();
    const other = ox.client(CHROME, UI, stale.jar);
    await other.login('bob');
    await stale.act('store');
    await ox.manager.revoke({ owner: { userId: 'alice' } });
    expect(namesOf(await stale.autologin())).toEqual(['secret', 'session', 'public-session']);
    expect([...stale.jar.values()]).toContain(other.session);
  });

  it('names the session of a request without a session parameter, together with the secret', async () => {
    await ox.arrange({ protocol });
    const client = await ox.signedIn();
    expect(json(await image(client))).toEqual({ data: 'alice' });
    expect(json(await image(client, 'GET', `?session=${client.session}`))).toEqual({ data: 'alice' });
    const thief = ox.client(
      FIREFOX,
      UI,
      new Map([...client.jar].filter(([name]) => name.includes('public'))),
    );
    expectError(await image(thief), 'SES-0203', ['<invalid_sessionid>']);
    await client.act('logout');
    expectError(await image(client), 'SES-0201');
  });

  it('is not accepted by other routes or for writes', async () => {
    await ox.arrange({ protocol });
    const client = await ox.signedIn();
    expectError(await image(client, 'POST'), 'SES-0201');
    expectError(await client.send('GET', '/ajax/config/gui'), 'SES-0201');
    expectError(await client.send('GET', '/ajax/sessionmanagement?action=all'), 'SES-0201');
  });

  it('is ignored if the cookies name sessions of two users', async () => {
    await ox.arrange({ protocol, router: { authenticate: (userId) => ({ userId }) } });
    const client = await ox.signedIn('alice');
    await ox.client(FIREFOX, 'another', client.jar).login('bob');
    expectError(await image(client), 'SES-0203', ['<invalid_sessionid>']);
    client.jar.clear();
    client.jar.set('open-xchange-public-session-x', 'junk');
    expectError(await image(client), 'SES-0201');
  });
});
