import request from 'supertest';

import { AbpApp, idOf } from '../../support/abp';
import type { Browser } from '../../support/browser';

const site = new AbpApp();
const LIST = '/api/account/sessions';

beforeEach(() => site.arrange({ userNameOf: ({ userId }) => userId.toUpperCase() }));

const signedIns = async (browser: Browser, query = '') =>
  ((await browser.get(`${LIST}?${query}`)).body.items as { signedIn: string }[]).map(({ signedIn }) =>
    signedIn.slice(14, 19),
  );

describe('GET /account/sessions', () => {
  it("returns the user's own sessions, last used first, including uses that are not written yet", async () => {
    const one = await site.signedIn();
    site.clock.advance(60_000);
    const two = await site.signedIn();
    await site.signedIn({ userId: 'bob' });
    await site.signedIn({ tenantId: 'acme' });
    site.clock.advance(60_000);
    const { status, body, headers } = await one.get(LIST);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      totalCount: 2,
      items: [
        expect.objectContaining({
          isCurrent: true,
          userName: 'ALICE',
          lastAccessed: '2026-01-15T12:02:00.000Z',
        }),
        expect.objectContaining({ id: await idOf(two), isCurrent: false, lastAccessed: null }),
      ],
    });
  });

  it('sorts, filters and pages by the query', async () => {
    const alice = await site.signedIn();
    for (const device of ['OAuth', 'Web', 'OAuth']) {
      site.clock.advance(60_000);
      await site.signedIn({ device, clientId: device.toLowerCase() });
    }
    expect(await signedIns(alice, 'sorting=signedIn')).toEqual(['00:00', '01:00', '02:00', '03:00']);
    expect(await signedIns(alice, 'Sorting=SignedIn%20DESC&MaxResultCount=2&SkipCount=1')).toEqual([
      '02:00',
      '01:00',
    ]);
    expect(await signedIns(alice, 'device=OAuth&clientId=oauth&sorting=signedIn desc')).toEqual([
      '03:00',
      '01:00',
    ]);
    expect((await alice.get(`${LIST}?device=OAuth&maxResultCount=1`)).body.totalCount).toBe(2);
  });

  it("returns the user's own sessions even if the query names another user or tenant", async () => {
    const alice = await site.signedIn();
    await site.signedIn({ userId: 'bob' });
    const { body } = await alice.get(`${LIST}?userId=bob&tenantId=acme`);
    expect(body.items).toEqual([expect.objectContaining({ userId: 'alice' })]);
  });

  it.each(['sorting=secret', 'device=%00', 'device=a&device=b', 'maxResultCount=0'])(
    'returns 400 for the query %s',
    async (query) => {
      const { status, body } = await (await site.signedIn()).get(`${LIST}?${query}`);
      expect([status, body.error.validationErrors[0].members]).toEqual([400, [query.split('=', 1)[0]]]);
    },
  );

  it('returns 401 without a session', async () => {
    const { status, body, headers } = await request(site.app).get(LIST);
    expect([status, body.error.code, headers['www-authenticate']]).toEqual([
      401,
      'credentials-missing',
      'Bearer',
    ]);
  });
});

describe('/account/sessions/:id', () => {
  it("returns the user's own session", async () => {
    const [one, two] = [await site.signedIn(), await site.signedIn()];
    const { status, body } = await one.get(`${LIST}/${await idOf(two)}`);
    expect([status, body.id, body.isCurrent, body.userName]).toEqual([200, await idOf(two), false, 'ALICE']);
    expect((await one.get(`${LIST}/${await idOf(one)}`)).body.isCurrent).toBe(true);
  });

  it('returns the same 404 for the session of another user, of another tenant, and for an unknown id', async () => {
    const alice = await site.signedIn();
    const bobs = await idOf(await site.signedIn({ userId: 'bob' }));
    const tenants = await idOf(await site.signedIn({ tenantId: 'acme' }));
    const answers = [];
    for (const id of ['00000000-0000-0000-0000-000000000000', bobs, tenants]) {
      answers.push(await alice.get(`${LIST}/${id}`), await alice.delete(`${LIST}/${id}`));
    }
    for (const { status, text, headers } of answers) {
      expect([status, text, headers['content-length']]).toEqual([
        404,
        answers[0]!.text,
        answers[0]!.headers['content-length'],
      ]);
    }
    expect(answers[0]!.body.error.code).toBe('session-not-found');
  });

  it('returns 400 for an id that is not a UUID', async () => {
    const alice = await site.signedIn();
    for (const { status, body } of [await alice.get(`${LIST}/junk`), await alice.delete(`${LIST}/junk`)]) {
      expect([status, body.error.validationErrors[0].members]).toEqual([400, ['id']]);
    }
  });

  it('ends the session, so that its next request gets 401', async () => {
    const [one, two] = [await site.signedIn(), await site.signedIn()];
    const { status, text } = await one.delete(`${LIST}/${await idOf(two)}`);
    expect([status, text, one.cookies.size]).toEqual([204, '', 1]);
    expect((await two.get(LIST)).body.error).toMatchObject({
      code: 'session-ended',
      data: { reason: 'revoked' },
    });
    expect((await one.get(LIST)).body.totalCount).toBe(1);
  });

  it('ends the current session and clears its cookie', async () => {
    const alice = await site.signedIn();
    const cookie = alice.cookieHeader;
    expect((await alice.delete(`${LIST}/${await idOf(alice)}`)).status).toBe(204);
    expect(alice.cookies.size).toBe(0);
    const { status } = await request(site.app).get(LIST).set('Cookie', cookie);
    expect(status).toBe(401);
  });

  it('refuses to end a session on a request from another site', async () => {
    const [one, two] = [await site.signedIn(), await site.signedIn()];
    const { status, body } = await request(site.app)
      .delete(`${LIST}/${await idOf(two)}`)
      .set({ Cookie: one.cookieHeader, Origin: 'https://evil.example' });
    expect([status, body.error.code]).toEqual([403, 'cross-site']);
    expect((await two.get(LIST)).status).toBe(200);
  });
});
