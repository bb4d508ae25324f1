import { tablesIn } from '../../../lib/store/postgres/tables';

describe('the tables', () => {
  it('are found by the search path, or in a schema of any name', () => {
    expect(tablesIn(undefined).sessions).toBe('identity_sessions');
    expect(tablesIn('an "odd" one')).toEqual({
      sessions: '"an ""odd"" one".identity_sessions',
      epochs: '"an ""odd"" one".identity_session_epochs',
      policy: '"an ""odd"" one".identity_session_policy',
    });
  });
});
