import { tablesIn } from '../../../lib/store/postgres/tables';

describe('tablesIn', () => {
  it('returns bare names without a schema, and quoted names with one', () => {
    expect(tablesIn(undefined).sessions).toBe('identity_sessions');
    expect(tablesIn('an "odd" one')).toEqual({
      sessions: '"an ""odd"" one".identity_sessions',
      epochs: '"an ""odd"" one".identity_session_epochs',
      policy: '"an ""odd"" one".identity_session_policy',
    });
  });
});
