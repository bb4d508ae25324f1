import { sessionsOf } from '../../../lib';
import { ACCOUNT, describeAccountPage, sessionIdOf } from '../../support/account-page';
import { EventSource, streamServer } from '../../support/event-source';

describeAccountPage('the stream of the page', (page) => {
  let server: { url: string; stop: () => void };
  beforeEach(async () => {
    await page.signInBoth();
    server = await streamServer(page.app());
  });
  afterEach(() => server.stop());

  const open = () => EventSource.open(`${server.url}${ACCOUNT}/events`, { Cookie: page.desk.cookieHeader });

  it('sends the lists as HTML, with the version that the page has', async () => {
    const [first] = await (await open()).received(1);
    expect(first!.name).toBe('sessions');
    expect(first!.data).toContain(`id="eis-${sessionIdOf(page.desk)}"`);
    expect(first!.data).toContain(`data-version="${first!.id}"`);
  });

  it('names the sign-in page and the reason when the session of the page ends', async () => {
    const stream = await open();
    await stream.received(1);
    await page.manager.revoke(sessionsOf({ userId: 'alice' }, [sessionIdOf(page.desk)]));
    expect((await stream.received(2))[1]).toEqual({
      name: 'ended',
      id: undefined,
      data: '/sign-in?notice=revoked&returnTo=%2Faccount%2Fsessions',
    });
  });

  it('tells a browser whose session has ended before', async () => {
    await page.manager.revoke(sessionsOf({ userId: 'alice' }, [sessionIdOf(page.desk)]));
    const { status, text } = await page.desk.get(`${ACCOUNT}/events`);
    expect([status, text]).toEqual([
      200,
      'event: ended\ndata: /sign-in?notice=revoked&returnTo=%2Faccount%2Fsessions\n\n',
    ]);
  });
});
