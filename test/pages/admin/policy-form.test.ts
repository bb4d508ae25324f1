import { policyForm, policyIn } from '../../../lib/pages/admin/policy-form';
import { englishReader } from '../../support/pages';

describe('the form of the policy', () => {
  it('shows the stored settings', () => {
    const policy = { preventConcurrentLogin: 'LogoutFromSameTypeDevices', idleTimeout: 90_000 } as const;
    const html = String(policyForm(policy, '/policy', englishReader(0)));
    expect(html).toMatch(/value="LogoutFromSameTypeDevices" selected/);
    expect(html).toContain('value="1.5"');
  });

  it('shows the stored limits, and 0 for no limit', () => {
    const policy = { maxSessionsPerUser: 5, maxSessionsPerDevice: Infinity };
    const html = String(policyForm(policy, '/policy', englishReader(0)));
    const valueOf = (name: string) => new RegExp(`name="${name}"[^>]*?value="(.*?)"`).exec(html)?.[1];
    const fields = ['maxSessionsPerUser', 'maxSessionsPerClient', 'maxSessionsPerDevice'];
    expect(fields.map(valueOf)).toEqual(['5', '', '0']);
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
    [
      { maxSessionsPerUser: ' 5 ', maxSessionsPerClient: '', maxSessionsPerDevice: '0' },
      { maxSessionsPerUser: 5, maxSessionsPerClient: null, maxSessionsPerDevice: Infinity },
    ],
    [{ maxSessionsPerUser: 'many' }, { maxSessionsPerUser: NaN }],
    [{ rule: 'x' }, { preventConcurrentLogin: 'x' }],
    [{ idle: 'soon' }, { idleTimeout: NaN }],
    [{}, {}],
  ])('with the fields %j changes %j', (body, patch) => {
    expect(policyIn({ body })).toEqual(patch);
  });
});
