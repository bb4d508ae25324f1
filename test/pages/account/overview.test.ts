import { ACCOUNT, describeAccountPage } from '../../support/account-page';
import { IPHONE, signedIn } from '../../support/pages';
import { DAY } from '../../support/sessions';

describeAccountPage('The lists of sessions', (page) => {
  it('lists the current session first, with a policy that allows only files of the own origin', async () => {
    await page.signInBoth();
    const { status, text, headers } = await page.desk.get(ACCOUNT);
    expect(status).toBe(200);
    expect(text.indexOf('Firefox 140 on Linux')).toBeLessThan(text.indexOf('Mobile Safari 18 on iOS 18.5'));
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/ style=| on\w+=|<style|<script(?! src)/);
  });

  it('lists sessions that were not used for 90 days separately', async () => {
    const { session } = await page.manager.open({ userId: 'alice', userAgent: IPHONE, staySignedIn: true });
    page.clock.advance(91 * DAY);
    const browser = await signedIn(page.app(), { userId: 'alice' });
    const [, unused] = (await browser.get(ACCOUNT)).text.split('id="eis-unused"');
    expect(unused).toContain(`value="${session.sessionId}"`);
  });

  it('answers in German', async () => {
    await page.signInBoth({ account: { language: 'de' } });
    const { text } = await page.desk.get(ACCOUNT);
    expect(text).toContain('<html lang="de" dir="ltr"');
    expect(text).toContain('Mobile Safari 18 auf iOS 18.5');
  });
});
