import { SessionError } from '../../lib';
import { choicePage } from '../../lib/http/limit-choice-page';
import { describeDevice } from '../../lib/session/device/describe';
import { messagesFor } from '../../lib/session/i18n/translations';
import { aSession } from '../support/sessions';

const described = (userAgent: string | null, lastAccessed: number | null = null) => ({
  session: aSession(Date.UTC(2026, 0, 15, 12), { userAgent, lastAccessed }),
  device: describeDevice(userAgent, null, null),
  place: userAgent === null ? undefined : { intranet: true },
  expires: 0,
});

describe('choicePage', () => {
  it('shows each session with its device, its place or address, and its last use', async () => {
    const [known, unknown] = [described('curl/8.5.0'), described(null, Date.UTC(2026, 0, 16, 8))];
    const page = await choicePage([known, unknown], messagesFor('en'));
    expect(page).toContain(
      `value="${known.session.sessionId}"> curl 8.5<small>Intranet · Last used: Jan 15, 2026, 12:00:00 PM UTC</small>`,
    );
    expect(page).toContain(
      'Unknown device<small>192.0.2.1 · Last used: Jan 16, 2026, 8:00:00 AM UTC</small>',
    );
    expect(page).not.toContain('role="alert"');
  });

  it('is German for a German reader, with the reason of a refusal', async () => {
    const error = new SessionError('session-limit-reached', 'No <b>.');
    const page = await choicePage([described('curl/8.5.0')], messagesFor('de'), error);
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('Markierte Sitzungen beenden und anmelden');
    expect(page).toContain('Zuletzt benutzt: 15.01.2026, 12:00:00 UTC');
    expect(page).toContain('<p role="alert">No &lt;b&gt;.</p>');
  });

  it('shows a hostile user agent as text', async () => {
    const page = await choicePage([described('Evil"><script>x</script>/1.0')], messagesFor('en'));
    expect(page).not.toContain('<script');
  });
});
