import { SessionError } from '../../lib';
import { askingPage, endedPage, refusedPage } from '../../lib/http/not-me-page';
import { describeDevice } from '../../lib/session/device/describe';
import { messagesFor } from '../../lib/session/i18n/translations';
import { aSession } from '../support/sessions';

const described = {
  session: aSession(Date.UTC(2026, 0, 15, 12)),
  device: describeDevice(null, null, null),
  place: undefined,
  expires: 0,
};

describe('the pages of notMe', () => {
  it('leave out facts that are unknown', () => {
    const page = askingPage(described, messagesFor('en'));
    expect(page).toContain('<ul><li>Device: Unknown device</li><li>Time: ');
    expect(page).not.toContain('Place');
    expect(askingPage(undefined, messagesFor('en'))).not.toContain('<ul>');
  });

  it.each([
    ['en', /<html lang="en">/, /Was this you\?/, /Thank you/, /That did not work.*No &lt;b&gt;/],
    ['de-CH', /<html lang="de">/, /Waren Sie das\?/, /Vielen Dank/, /Das hat nicht funktioniert/],
  ])('are complete in %s', (language, html, asking, ended, refused) => {
    const messages = messagesFor(language);
    const pages = [
      askingPage(described, messages),
      endedPage(messages),
      refusedPage(new SessionError('link-invalid', 'No <b>.'), messages),
    ];
    for (const [index, pattern] of [asking, ended, refused].entries()) {
      expect(pages[index]).toMatch(html);
      expect(pages[index]).toMatch(pattern);
    }
  });
});
