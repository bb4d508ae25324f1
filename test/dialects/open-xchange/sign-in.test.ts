import { keeping, keptWith } from '../../../lib/dialects/open-xchange/sign-in';
import { aSession } from '../../support/sessions';

describe('what is kept of a sign-in', () => {
  it('is found with the session', () => {
    const facts = { hash: 'h', user: 'alice', userNumber: 3, locale: 'de_DE' };
    expect(keptWith(aSession(0, { extraProperties: keeping(facts) }))).toEqual(facts);
  });

  it.each([{}, { openXchange: null }, { openXchange: 'h' }])('is nothing in %j', (extraProperties) => {
    expect(keptWith(aSession(0, { extraProperties }))).not.toHaveProperty('hash');
  });
});
