import { administered, mayAlso } from '../../../lib/pages/admin/admin-parts';
import { ADMIN, adminPageUnderTest } from '../../support/admin-page';

describe('the parts of the page for administrators', () => {
  const page = adminPageUnderTest();

  it.each([
    ['true', () => true, true],
    ['a promise of true', async () => true, true],
    ['another value', () => 'yes' as never, false],
    ['a promise of false', async () => false, false],
    ['an error', () => Promise.reject(new Error('unknown role')), false],
  ])('show a button if `isGranted` returns %s: %s', async (_, isGranted, shown) => {
    expect(await mayAlso({ isGranted }, 'sessions.end', {} as never)).toBe(shown);
  });

  it('find a session only for administrators of its tenant and of all tenants', async () => {
    const id = await page.open('bob', { tenantId: 'acme' });
    const administrators = [null, 'acme'].map((tenantId) => ({ tenantId }) as never);
    for (const administrator of administrators) {
      expect(await administered(page.manager, id, administrator)).toMatchObject({ sessionId: id });
    }
    await expect(administered(page.manager, id, { tenantId: 'umbrella' } as never)).rejects.toMatchObject({
      code: 'session-not-found',
    });
  });

  it('lead from a session back to the search', async () => {
    const { text } = await page.admin.get(`${ADMIN}/sessions/${await page.open('bob')}`);
    expect(text).toContain(`<a class="eis-back" href="${ADMIN}">`);
  });
});
