import { choiceContent } from '../../../lib/pages/limit-choice/limit-choice-content';
import { englishReader, IPHONE, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

const reader = englishReader(clock.now());
const content = (userAgents: readonly string[], problem?: string) => {
  const sessions = userAgents.map((userAgent) => manager.describe(aSession(clock.now(), { userAgent })));
  return String(choiceContent({ sessions, reader, signIn: '/login', problem }));
};

describe('the page with a choice at a limit', () => {
  it('has a named check box for each session, a button, and a way back', () => {
    const page = content([IPHONE, IPHONE]);
    expect(page).toContain('aria-label="Select Mobile Safari 18 on iOS 18.5"');
    expect(page).toContain('aria-label="Select Mobile Safari 18 on iOS 18.5 (2)"');
    expect(page).toContain('Sign out selected and sign in here');
    expect(page).toContain('href="/login"');
    expect(page).not.toMatch(/role="alert"|href="[^"]*\/sessions\//);
  });

  it('shows the problem of the last choice as text', () => {
    expect(content([IPHONE], 'No <b>.')).toMatch(/role="alert"[^>]*>No &lt;b&gt;\./);
  });

  it('offers the sign-in if all sessions have ended', () => {
    const page = content([]);
    expect(page).toContain('Your other sessions have ended in the meantime.');
    expect(page).not.toContain('<ul');
    expect(page).toMatch(/eis-primary">Sign in</);
  });
});
