import { askingContent, endedContent } from '../../../lib/pages/not-me/not-me-content';
import { englishReader, IPHONE, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

const reader = englishReader(clock.now());
const asking = (said: Parameters<typeof aSession>[1] = {}) =>
  String(askingContent(manager.describe(aSession(clock.now(), said)), reader));

describe('the page about an unknown sign-in', () => {
  it('shows the kind of device, and only facts that are known', () => {
    const page = asking({ userAgent: IPHONE, ipAddresses: [] });
    expect(page).toContain('aria-label="Phone"');
    expect(page).toContain('<dd>Mobile Safari 18 on iOS 18.5</dd>');
    for (const name of ['IP address', 'Place', 'Ended', 'User agent']) expect(page).not.toContain(name);
  });

  it('has no facts about a session that was deleted, but its button', () => {
    const page = String(askingContent(undefined, reader));
    expect(page).not.toContain('<dl>');
    expect(page).toContain('>This wasn’t me</button>');
  });

  it('leads to the sign-in page in the end', () => {
    expect(String(endedContent('/login?a="b"', reader))).toContain('href="/login?a=&quot;b&quot;"');
  });
});
