import { adminDetails } from '../../../lib/pages/admin/admin-details';
import { englishReader, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

function details(said: Parameters<typeof aSession>[1] = {}, mayEnd = true): string {
  const described = manager.describe(aSession(clock.now(), said));
  return String(adminDetails({ described, reader: englishReader(clock.now()), base: '/admin', mayEnd }));
}

describe('the details of a session for administrators', () => {
  it('show the reason and the actor of an end, and no button that ends it again', () => {
    const html = details({ endedAt: clock.now(), endReason: 'displaced', endedBy: 'policy' });
    expect(html).toMatch(/Reason<\/dt>\s*<dd>Displaced by a newer sign-in/);
    expect(html).toMatch(/Ended by<\/dt>\s*<dd>policy/);
    expect(html).not.toContain('name="id"');
  });

  it('offer to end the session and all sessions of its user in its tenant', () => {
    const html = details({ sessionId: '2'.repeat(32), tenantId: 'acme' });
    expect(html).toContain(`name="id" value="${'2'.repeat(32)}"`);
    expect(html).toContain('name="tenant" value="acme"');
    expect(html).toContain('name="user" value="alice"');
  });

  it('offer nothing to users who may only read', () => {
    expect(details({}, false)).not.toContain('<button');
  });
});
