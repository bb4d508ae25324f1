import { memory, SessionError, type IdentitySessionManager } from '../../lib';
import { notMeOf } from '../../lib/manager/not-me';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';
import { DAY } from '../support/sessions';

const URL_OF_PAGE = 'https://app.example.com/not-me';

let clock: FakeClock;
let manager: IdentitySessionManager;

beforeEach(() => {
  clock = new FakeClock();
  manager = managerOn({ store: memory(), clock });
});

const tokenOf = (link: string) => link.split('/').at(-1)!;

describe('notMeLink', () => {
  it('returns a link with a token of 256 random bits, another one at every call', async () => {
    const { session } = await manager.open({ userId: 'alice' });
    const links = [
      await manager.notMeLink(session, { url: URL_OF_PAGE }),
      await manager.notMeLink(session, { url: `${URL_OF_PAGE}/` }),
    ];
    for (const link of links)
      expect(link).toMatch(/^https:\/\/app\.example\.com\/not-me\/[A-Za-z0-9_-]{43}$/);
    expect(links[0]).not.toBe(links[1]);
  });

  it('returns a link that expires after its lifetime', async () => {
    const { session } = await manager.open({ userId: 'alice' });
    const link = await manager.notMeLink(session, { url: URL_OF_PAGE, lifetime: '1D' });
    clock.advance(DAY - 1);
    await notMeOf(manager).find(tokenOf(link));
    clock.advance(1);
    await expect(notMeOf(manager).find(tokenOf(link))).rejects.toMatchObject({ code: 'link-invalid' });
  });

  it.each([
    [{}, '`url` is missing: write `notMeLink(session, { url:'],
    [{ url: '/not-me' }, '`url` is "/not-me": it must be a URL without a query'],
    [{ url: `${URL_OF_PAGE}?a=b` }, 'it must be a URL without a query'],
    [{ url: URL_OF_PAGE, lifetime: '31D' }, '`lifetime` is "31D": it must be a duration'],
    [{ url: URL_OF_PAGE, lifetime: 0 }, '`lifetime` is 0: it must be a duration'],
  ])('throws a TypeError for the options %j', async (options, message) => {
    const { session } = await manager.open({ userId: 'alice' });
    const result = manager.notMeLink(session, options as never);
    await expect(result).rejects.toThrow(TypeError);
    await expect(result).rejects.toThrow(message);
  });

  it('throws a TypeError for a value that is no session', async () => {
    for (const session of ['id', { userId: 'alice', sessionId: 'x', tenantId: null }]) {
      await expect(manager.notMeLink(session as never, { url: URL_OF_PAGE })).rejects.toThrow(TypeError);
    }
  });
});

describe('NotMe', () => {
  it('does not show or end a session of another owner', async () => {
    const { session } = await manager.open({ userId: 'bob' });
    const link = await manager.notMeLink({ ...session, userId: 'alice' }, { url: URL_OF_PAGE });
    const found: unknown[] = [await notMeOf(manager).find(tokenOf(link))];
    await notMeOf(manager).use(tokenOf(link), (signIn) => void found.push(signIn));
    for (const each of found) expect(each).toMatchObject({ owner: { userId: 'alice' }, session: undefined });
    expect((await manager.list({ userId: 'bob' })).sessions).toHaveLength(1);
  });

  it('can be used again after the node died while onNotMe ran', async () => {
    const { session } = await manager.open({ userId: 'alice' });
    const token = tokenOf(await manager.notMeLink(session, { url: URL_OF_PAGE }));
    let begun!: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    void notMeOf(manager).use(token, () => {
      begun();
      return new Promise(() => undefined);
    });
    await running;
    const again = () => notMeOf(manager).use(token, () => undefined);
    clock.advance(5 * 60_000 - 1);
    await expect(again()).rejects.toBeInstanceOf(SessionError);
    clock.advance(1);
    await again();
    await expect(again()).rejects.toMatchObject({ code: 'link-invalid' });
  });
});
