import { ACCOUNT, describeAccountPage } from '../../support/account-page';
import { form, signedIn } from '../../support/pages';
import { HOUR } from '../../support/sessions';

describeAccountPage('accountPage', (page) => {
  it('redirects a browser without a session to the sign-in page, and then back', async () => {
    const { status, headers } = await (
      await signedIn(page.app({ account: { signIn: '/login' } }), { userId: '' })
    ).get(ACCOUNT);
    expect(status).toBe(303);
    expect(headers['location']).toBe('/login?returnTo=%2Faccount%2Fsessions');
  });

  it.each(['confirm', 'end', 'sessions/1/name'])('refuses %s from another site with a page', async (path) => {
    await page.signInBoth();
    const lured = await signedIn(page.app(), { userId: 'nobody' });
    for (const [name, value] of page.desk.cookies) lured.cookies.set(name, value);
    const { status, text } = await lured.postFrom(
      'cross-site',
      `${ACCOUNT}/${path}`,
      form({ which: 'others' }),
    );
    expect(status).toBe(403);
    expect(text).toContain('Another site started this request.');
    expect(await page.isLive(page.phone)).toBe(true);
  });

  it('serves style and script without a session, for a year, and passes unknown files on', async () => {
    await page.signInBoth();
    const { text } = await page.desk.get(ACCOUNT);
    const files = [...text.matchAll(/(?:href|src)="([^"]*\/assets\/[^"]*)"/g)].map(([, path]) => path!);
    expect(files).toHaveLength(2);
    const guest = await signedIn(page.app(), { userId: '' });
    for (const file of files) {
      const { status, headers } = await guest.get(file);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    expect((await guest.get(`${ACCOUNT}/assets/pages.css`)).status).toBe(404);
  });

  it('answers a form that cannot be read with a page', async () => {
    await page.signInBoth();
    const { status, text } = await page.desk.post(`${ACCOUNT}/end`, `which=${'x'.repeat(200_000)}`);
    expect(status).toBe(400);
    expect(text).toContain('The body cannot be read.');
  });

  it('passes paths on that it does not know', async () => {
    await page.signInBoth();
    expect((await page.desk.get(`${ACCOUNT}/unknown`)).status).toBe(404);
  });

  it('has a stream that does not keep its session alive', async () => {
    await page.signInBoth();
    await page.desk.get(ACCOUNT);
    page.clock.advance(2 * HOUR);
    const { text, status } = await page.desk.get(`${ACCOUNT}/events`);
    expect(status).toBe(200);
    expect(text).toBe(
      'event: ended\ndata: /sign-in?notice=session-expired&returnTo=%2Faccount%2Fsessions\n\n',
    );
  });
});
