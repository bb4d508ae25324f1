import { satisfies } from '../../support/compliance';
import { ACCOUNT, describeAccountPage, sessionIdOf } from '../../support/account-page';
import { form, signedIn } from '../../support/pages';

describeAccountPage('Ending sessions on the account page', (page) => {
  it(
    satisfies(
      'asks for a recent authentication before other sessions are ended, and leads back to the list',
      'ASVS 7.5.2',
    ),
    async () => {
      await page.signInBoth({ account: { recent: { maxAge: '10M' } } });
      const { desk, phone } = page;
      page.clock.advance(600_001);
      expect((await desk.get(ACCOUNT)).status).toBe(200);
      for (const [path, fields] of [
        ['confirm', { id: sessionIdOf(phone) }],
        ['end', { id: sessionIdOf(phone) }],
        ['end', { which: 'others' }],
        ['end', { which: 'selected', selected: [sessionIdOf(desk), sessionIdOf(phone)] }],
      ] as const) {
        const refused = await desk.postOn(ACCOUNT, `${ACCOUNT}/${path}`, form(fields));
        expect([refused.status, refused.headers['location']]).toEqual([
          303,
          '/sign-in?notice=authentication-insufficient&returnTo=%2Faccount%2Fsessions',
        ]);
      }
      expect([await page.isLive(desk), await page.isLive(phone)]).toEqual([true, true]);
      const question = await desk.get(`${ACCOUNT}/confirm`);
      expect([question.status, question.headers['location']]).toEqual([303, ACCOUNT]);

      const own = sessionIdOf(desk);
      expect((await desk.post(`${ACCOUNT}/confirm`, form({ id: own }))).status).toBe(200);
      await desk.post(`${ACCOUNT}/end`, form({ id: own }));
      expect((await page.manager.administration.get(own)).endReason).toBe('signed-out');
      expect(await page.isLive(phone)).toBe(true);
    },
  );

  it('asks before it ends a session, and then ends it and redirects to a notice', async () => {
    await page.signInBoth();
    const question = await page.desk.post(`${ACCOUNT}/confirm`, form({ id: sessionIdOf(page.phone) }));
    expect(question.text).toContain('Sign out “Mobile Safari 18 on iOS 18.5”?');
    expect(await page.isLive(page.phone)).toBe(true);

    const ended = await page.desk.post(`${ACCOUNT}/end`, form({ id: sessionIdOf(page.phone) }));
    expect([ended.status, ended.headers['location']]).toEqual([303, `${ACCOUNT}?notice=ended&count=1`]);
    expect((await page.desk.get(ended.headers['location']!)).text).toContain('1 session was signed out.');
    expect(await page.isLive(page.phone)).toBe(false);
    expect(await page.manager.administration.get(sessionIdOf(page.phone))).toMatchObject({
      endReason: 'revoked',
      endedBy: 'alice',
    });
  });

  it('ends the selected sessions', async () => {
    await page.signInBoth();
    const tablet = await signedIn(page.app(), { userId: 'alice' });
    const selected = { which: 'selected', selected: [sessionIdOf(page.phone), sessionIdOf(tablet)] };
    expect((await page.desk.post(`${ACCOUNT}/confirm`, form(selected))).text).toContain(
      'Sign out 2 selected sessions?',
    );
    const { headers } = await page.desk.post(`${ACCOUNT}/end`, form(selected));
    expect(headers['location']).toBe(`${ACCOUNT}?notice=ended&count=2`);
  });

  it('ends all other sessions, also of clients that it hides', async () => {
    await page.manager.close();
    page.start({ clientBlacklist: ['secret-client'] });
    await page.signInBoth();
    const { session } = await page.manager.open({ userId: 'alice', clientId: 'secret-client' });
    expect((await page.desk.get(ACCOUNT)).text).not.toContain('secret-client');
    expect((await page.desk.post(`${ACCOUNT}/confirm`, form({ which: 'others' }))).text).toContain(
      'Sign out 1 other session?',
    );
    await page.desk.post(`${ACCOUNT}/end`, form({ which: 'others' }));
    expect(await page.isLive(page.phone)).toBe(false);
    expect(await page.isLive(page.desk)).toBe(true);
    expect((await page.manager.administration.get(session.sessionId)).endedAt).not.toBeNull();
  });

  it(
    satisfies(
      'signs out of the current session, clears its cookie and leads to the sign-in page',
      'ASVS 7.4.4',
      'NIST 5.1 sign-out',
    ),
    async () => {
      await page.signInBoth();
      const id = sessionIdOf(page.desk);
      const { headers } = await page.desk.post(`${ACCOUNT}/end`, form({ id }));
      expect(headers['location']).toBe('/sign-in?notice=signed-out');
      expect(page.desk.cookies.has('__Host-Http-identity')).toBe(false);
      expect((await page.manager.administration.get(id)).endReason).toBe('signed-out');
    },
  );

  it('ends nothing if nothing is selected', async () => {
    await page.signInBoth();
    expect((await page.desk.post(`${ACCOUNT}/confirm`, '')).status).toBe(400);
    const { headers } = await page.desk.post(`${ACCOUNT}/end`, '');
    expect(headers['location']).toBe(`${ACCOUNT}?notice=ended-none`);
    expect(await page.isLive(page.phone)).toBe(true);
  });

  it.each(['confirm', 'end'])('does not find the session of another user: %s', async (path) => {
    await page.signInBoth();
    const bob = await signedIn(page.app(), { userId: 'bob' });
    const { headers } = await bob.post(`${ACCOUNT}/${path}`, form({ id: sessionIdOf(page.phone) }));
    expect(headers['location']).toBe(`${ACCOUNT}?notice=session-not-found`);
    expect((await bob.get(`${ACCOUNT}/sessions/${sessionIdOf(page.phone)}`)).headers['location']).toBe(
      `${ACCOUNT}?notice=session-not-found`,
    );
    expect(await page.isLive(page.phone)).toBe(true);
  });
});
