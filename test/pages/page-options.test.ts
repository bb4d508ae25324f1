import { SessionError } from '../../lib';
import { accountPage, adminPage, html } from '../../lib/pages';
import { managerWithClock, pagesApp, signedIn } from '../support/pages';

const { manager } = managerWithClock();
afterAll(() => manager.close());

describe('the options of pages', () => {
  it.each([
    [{ signIn: 'https://evil.example' }, /`signIn`/],
    [{ signIn: '//evil.example' }, /`signIn`/],
    [{ layout: 'none' }, /`layout`/],
    [{ language: 'fr' }, /`language` is "fr": it must be "en" or "de"/],
    [{ singIn: '/login' }, /there is no option `singIn`/],
  ])('%j are refused when the page is built', (options, problem) => {
    expect(() => accountPage(manager, options as never)).toThrow(problem);
    expect(() => adminPage(manager, { isGranted: () => true, ...options } as never)).toThrow(problem);
  });

  it('need the manager', () => {
    expect(() => accountPage({} as never)).toThrow(/accountPage needs the manager/);
  });

  it('include a layout, which also shows refusals in the language of the reader', async () => {
    const layout = ({ language, body }: { language: string; body: object }) =>
      html`<html lang="${language}">
        <nav>App</nav>
        ${body as never}
      </html>`;
    const refuse = () =>
      Promise.reject(new SessionError('too-many-requests', 'There were too many attempts. Try again later.'));
    const app = pagesApp(manager, { admin: { isGranted: refuse, layout, language: 'de' } });
    const { status, text } = await (await signedIn(app, { userId: 'alice' })).get('/admin/sessions');
    expect(status).toBe(429);
    expect(text).toContain('<html lang="de">');
    expect(text).toContain('<nav>App</nav>');
    expect(text).toMatch(/role="alert"[^>]*>Es gab zu viele Versuche/);
  });
});
