import { choiceIn, fieldsOf, revocationOf } from '../../../lib/pages/account/questions';
import { aSession } from '../../support/sessions';

const current = aSession(0);
const owner = { tenantId: null, userId: 'alice' };

describe('the sessions that a form names', () => {
  it.each([
    [
      { id: 'a', which: 'others', selected: ['b'] },
      { which: 'one', id: 'a' },
      { owner: current, only: ['a'] },
    ],
    [{ which: 'others' }, { which: 'others' }, { owner: current, except: current.sessionId }],
    [
      { selected: ['a', 'b', 'a'] },
      { which: 'selected', ids: ['a', 'b'] },
      { owner: current, only: ['a', 'b'] },
    ],
    [
      { which: 'selected', selected: 'a' },
      { which: 'selected', ids: ['a'] },
      { owner: current, only: ['a'] },
    ],
  ])('of %j are %j', (body, choice, revocation) => {
    expect(choiceIn({ body })).toEqual(choice);
    expect(revocationOf(choiceIn({ body }), current)).toEqual({ ...revocation, owner });
  });

  it.each([undefined, {}, { which: 'all' }, { selected: [] }, { id: 7 }, 'others'])(
    'are none for the form %j, and not all sessions',
    (body) => {
      expect(revocationOf(choiceIn({ body }), current)).toBeUndefined();
    },
  );

  it.each([{ id: 'a' }, { which: 'others' }, { which: 'selected', selected: ['a', 'b'] }])(
    'are the same after the question: %j',
    (body) => {
      const fields = fieldsOf(choiceIn({ body }));
      const repeated: Record<string, string[]> = {};
      for (const [name, value] of fields) (repeated[name] ??= []).push(value);
      expect(choiceIn({ body: repeated })).toEqual(choiceIn({ body }));
    },
  );
});
