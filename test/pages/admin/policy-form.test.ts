import { policyForm, policyIn } from '../../../lib/pages/admin/policy-form';
import { englishReader } from '../../support/pages';

describe('the form of the policy', () => {
  it('shows the stored settings', () => {
    const policy = { preventConcurrentLogin: 'LogoutFromSameTypeDevices', idleTimeout: 90_000 } as const;
    const html = String(policyForm(policy, '/policy', englishReader(0)));
    expect(html).toMatch(/value="LogoutFromSameTypeDevices" selected/);
    expect(html).toContain('value="1.5"');
  });

  it.each([
    [
      { rule: '', idle: '' },
      { preventConcurrentLogin: null, idleTimeout: null },
    ],
    [
      { rule: 'Disabled', idle: ' 1,5 ' },
      { preventConcurrentLogin: 'Disabled', idleTimeout: 90_000 },
    ],
    [{ rule: 'x' }, { preventConcurrentLogin: 'x' }],
    [{ idle: 'soon' }, { idleTimeout: NaN }],
    [{}, {}],
  ])('with the fields %j changes %j', (body, patch) => {
    expect(policyIn({ body })).toEqual(patch);
  });
});
