import { adminQuery } from '../../../lib/pages/admin/search-query';
import { adminTable } from '../../../lib/pages/admin/session-table';
import { englishReader, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

function table(sessions: readonly Parameters<typeof aSession>[1][], query = '', mayEnd = true): string {
  const described = sessions.map((said) => manager.describe(aSession(clock.now(), said)));
  return String(
    adminTable({
      reader: englishReader(clock.now()),
      base: '/admin',
      home: '/admin',
      query: adminQuery({ url: `/?${query}` }),
      sessions: described,
      currentId: described[0]?.session.sessionId ?? '',
      next: undefined,
      showsTenants: true,
      mayEnd,
    }),
  );
}

describe('the table of sessions', () => {
  it('is a table with headers, in which every row and every link has a name of its own', () => {
    const html = table([{ userId: 'alice' }, { userId: 'bob' }]);
    expect(html).toContain('<th scope="col">User</th>');
    expect(html).toMatch(/<th scope="row">\s*bob/);
    expect(html).toContain('aria-label="Firefox 140 on Linux, bob"');
    expect(html).toContain('aria-label="Select Firefox 140 on Linux of bob"');
  });

  it('offers to end all sessions of a user only if the page shows those of a single user', () => {
    const one = table([{ tenantId: 'acme' }, { tenantId: 'acme' }], 'user=alice');
    expect(one).toContain('name="tenant" value="acme"');
    expect(one).toContain('Sign out all sessions of alice');
    expect(table([{ tenantId: 'acme' }, { tenantId: null }], 'user=alice')).not.toContain('Sign out all');
    expect(table([{}])).not.toContain('Sign out all');
    expect(table([{}], 'user=alice', false)).not.toContain('Sign out all');
  });

  it('has a column for tenants only if there are tenants', () => {
    expect(table([{}])).not.toContain('<th scope="col">Tenant</th>');
    expect(table([{ tenantId: 'acme' }])).toContain('<td>acme</td>');
  });

  it('says that nothing was found', () => {
    expect(table([])).toContain('No session matches.');
  });

  it('shows users, tenants and clients as text', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const html = table([{ userId: hostile, tenantId: hostile, clientId: hostile }], `user=${hostile}`);
    expect(html).not.toContain('<img');
  });
});
