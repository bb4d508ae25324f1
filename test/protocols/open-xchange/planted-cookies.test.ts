import request, { type Response } from 'supertest';

import { json, FIREFOX, OpenXchangeApp, UI } from '../../support/open-xchange';

const ox = new OpenXchangeApp();

const HOST = 'app.mail.example.test';
const PLANTED = '0'.repeat(32);

type Jar = Map<string, string>;

/** Sends a request as a browser does that has the cookies of the jar, and before them the planted ones. */
async function send(target: string, jar: Jar, planted: Jar = new Map(), form?: string): Promise<Response> {
  const cookies = [...planted, ...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const test = form === undefined ? request(ox.app).get(target) : request(ox.app).post(target).send(form);
  void test
    .set('Host', HOST)
    .set('User-Agent', FIREFOX)
    .set('Content-Type', 'application/x-www-form-urlencoded');
  if (cookies !== '') void test.set('Cookie', cookies);
  const response = await test;
  for (const line of linesOf(response)) {
    const [name = '', value = ''] = line.split(';')[0]!.split('=');
    const isExpired = line.includes('-1970 ');
    if (line.includes('domain=')) planted.delete(name);
    else if (line.includes('path=/;') || line.endsWith('path=/')) {
      if (isExpired) jar.delete(name);
      else jar.set(name, value);
    }
  }
  return response;
}

const linesOf = (response: Response) => response.get('Set-Cookie') ?? [];

const login = (jar: Jar, planted?: Jar) =>
  send(`/ajax/login?action=login&client=${UI}`, jar, planted, 'name=alice&password=somePassword');

const bodyOf = (response: Response) => JSON.parse(response.text) as Record<string, unknown>;

async function signedIn(): Promise<{ jar: Jar; session: string; planted: Jar }> {
  const jar: Jar = new Map();
  const session = bodyOf(await login(jar))['session'] as string;
  await send(`/ajax/login?action=store&session=${session}`, jar);
  const planted = new Map([...jar.keys()].map((name) => [name, PLANTED]));
  return { jar, session, planted };
}

const nameOf = (jar: Jar, purpose: string) => [...jar.keys()].find((name) => name.includes(`-${purpose}-`))!;

describe('a cookie that another host of the domain has planted', () => {
  beforeEach(() => ox.arrange());

  it('does not lock the user out, and is cleared by the next response of the router', async () => {
    const { jar, session, planted } = await signedIn();
    const use = await send(`/ajax/config/gui?session=${session}`, jar, planted);
    expect(use.body).toEqual({ data: 'alice' });
    const before = [...jar];
    const list = await send(`/ajax/sessionmanagement?action=all&session=${session}`, jar, planted);
    expect(bodyOf(list)).toMatchObject({ data: [{ sessionId: session }] });
    expect(planted.size).toBe(0);
    expect([...jar]).toEqual(before);
  });

  it('is cleared for the host, its parent domains, and the paths of the request', async () => {
    const { jar, session, planted } = await signedIn();
    const name = nameOf(jar, 'secret');
    const response = await send(`/ajax/login?action=refreshSecret&session=${session}`, jar, planted);
    const cleared = linesOf(response).filter((line) => line.startsWith(`${name}=;`));
    const attributes = cleared.map((line) =>
      /path=(\S+?)(?:; domain=(\S+?))?(?:;|$)/.exec(line)!.slice(1).join(' '),
    );
    const domains = [HOST, 'mail.example.test', 'example.test'];
    const paths = ['/', '/ajax', '/ajax/', '/ajax/login'];
    expect(attributes).toEqual([
      ...paths.slice(1).map((path) => `${path} `),
      ...domains.flatMap((domain) => paths.map((path) => `${path} ${domain}`)),
    ]);
    // The own cookie comes last, for browsers that do not tell it from one with a domain.
    expect(linesOf(response).at(-1)).toContain(`${name}=${jar.get(name)}`);
  });

  it('does not prevent a logout', async () => {
    const { jar, session, planted } = await signedIn();
    const response = await send(`/ajax/login?action=logout&session=${session}`, jar, planted);
    expect([response.status, jar.size, planted.size]).toEqual([200, 0, 0]);
    expect(await ox.database.knex('identity_sessions').pluck('end_reason')).toEqual(['signed-out']);
  });

  it('loses against a new login, also if it was there before', async () => {
    const { planted } = await signedIn();
    const jar: Jar = new Map();
    const session = bodyOf(await login(jar, planted))['session'] as string;
    expect(planted.size).toBe(0);
    expect((await send(`/ajax/config/gui?session=${session}`, jar)).body).toEqual({ data: 'alice' });
    await send(`/ajax/login?action=store&session=${session}`, jar);
    const autologin = await send(`/ajax/login?action=autologin&client=${UI}`, jar);
    expect(bodyOf(autologin)).toMatchObject({ session });
  });

  it('makes one autologin fail at most, which keeps the own cookies', async () => {
    const { jar, session, planted } = await signedIn();
    const target = `/ajax/login?action=autologin&client=${UI}`;
    expect(bodyOf(await send(target, jar, planted))).toMatchObject({ code: 'SVL-0003' });
    planted.delete(nameOf(jar, 'secret'));
    expect([jar.size, planted.size]).toEqual([2, 0]);
    expect(bodyOf(await send(target, jar))).toMatchObject({ session });
  });

  it('does not make an autologin fail if it is only a secret', async () => {
    const { jar, session, planted } = await signedIn();
    planted.delete(nameOf(jar, 'session'));
    const answer = await send(`/ajax/login?action=autologin&client=${UI}`, jar, planted);
    expect(bodyOf(answer)).toMatchObject({ session });
    expect(planted.size).toBe(0);
  });

  it('does not sign the user in to the session of an attacker', async () => {
    const { jar } = await signedIn();
    // A client whose address is not checked.
    const attacker = ox.client(FIREFOX, 'open-xchange-mailapp');
    await attacker.login('mallory');
    await attacker.act('store');
    const [secret, session] = [...attacker.jar.values()] as [string, string];
    const planted = new Map([
      [nameOf(jar, 'secret'), secret],
      [nameOf(jar, 'session'), session],
    ]);
    const answer = await send(`/ajax/login?action=autologin&client=${UI}`, new Map(), planted);
    expect(bodyOf(answer)).toMatchObject({ code: 'SVL-0003' });
    expect(json(await attacker.use())).toEqual({ data: 'mallory' });
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'a.b;c', 'x'.repeat(300)])(
    'is cleared without domains for the host %s',
    async (host) => {
      const { jar, session, planted } = await signedIn();
      const cookies = [...planted, ...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await request(ox.app)
        .get(`/ajax/login?action=refreshSecret&session=${session}`)
        .set({ Host: host, 'User-Agent': FIREFOX, Cookie: cookies });
      expect(bodyOf(response)).toEqual({ data: '1' });
      expect(linesOf(response).join()).not.toContain('domain=');
    },
  );
});
