import { sessionDetails } from '../../../lib/pages/account/session-details';
import { englishReader, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

function details(said: Parameters<typeof aSession>[1] = {}, method?: string): string {
  const described = manager.describe(aSession(clock.now(), said));
  const reader = englishReader(clock.now());
  return String(sessionDetails({ described, reader, base: '/a', isCurrent: true, method }));
}

describe('the details of a session', () => {
  it('contain forms to name and to end it', () => {
    const html = details({ sessionId: '1'.repeat(32), name: 'Desk' });
    expect(html).toContain(`action="/a/sessions/${'1'.repeat(32)}/name"`);
    expect(html).toContain('value="Desk"');
    expect(html).toContain(`name="id" value="${'1'.repeat(32)}"`);
  });

  it('show the method of the sign-in only if the app knows it', () => {
    expect(details({}, 'Passkey')).toMatch(/Sign-in method<\/dt>\s*<dd>Passkey/);
    expect(details()).not.toContain('Sign-in method');
  });
});
