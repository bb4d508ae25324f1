import { sessionSecretHash } from '../../../lib/session/credentials';
import { secretChange, secretStatements } from '../../../lib/store/postgres/secret-statements';
import { tablesIn } from '../../../lib/store/postgres/tables';

const from = sessionSecretHash('one');
const to = sessionSecretHash('two');
const hex = (hash: string) => Buffer.from(hash, 'latin1').toString('hex');

describe('secretChange', () => {
  it.each([
    [
      'rotate',
      { type: 'rotate', from, to, salt: '5a', at: 2, issuedBefore: 1 },
      [hex(from), hex(to), 2, '5a', 1],
    ],
    [
      'replace',
      { type: 'replace', from, to, at: 2, earlierAssurance: { acr: 'low' } },
      [hex(from), hex(to), 2, '{"acr":"low"}'],
    ],
    ['confirm', { type: 'confirm', from, at: 2, issuedBefore: 1 }, [hex(from), 2, 1]],
    ['give-again', { type: 'give-again', from, at: 2 }, [hex(from), 2]],
  ] as const)('returns the values of %s in the order of its parameters', (_, change, values) => {
    const { statement, values: actual } = secretChange(change);
    expect(actual).toEqual(values);
    const text = secretStatements(tablesIn('public'))[statement];
    const parameters = new Set(text.match(/\$\d+/g));
    expect([...parameters].sort()).toEqual(['$1', ...values.map((_value, i) => `$${i + 2}`)]);
  });
});

describe('secretStatements', () => {
  it('change only the session whose current secret is still the given one, and that has not ended', () => {
    for (const text of Object.values(secretStatements(tablesIn('public')))) {
      expect(text).toContain("secret_hash = decode($2, 'hex')");
      expect(text).toContain('s.ended_at is null');
    }
  });
});
