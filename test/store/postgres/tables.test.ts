import { tablesIn } from '../../../lib/store/postgres/tables';

describe('tablesIn', () => {
  it('returns the quoted names of tables and functions with the quoted schema', () => {
    expect(tablesIn('an "odd" one')).toEqual({
      partitions: 0,
      sessions: '"an ""odd"" one".identity_sessions',
      epochs: '"an ""odd"" one".identity_session_epochs',
      policy: '"an ""odd"" one".identity_session_policy',
      changes: '"an ""odd"" one".identity_session_changes',
      trail: '"an ""odd"" one".identity_session_trail',
      displace: '"an ""odd"" one".identity_session_displace',
      credentialChanges: '"an ""odd"" one".identity_session_credential_changes',
      checkCredentials: '"an ""odd"" one".identity_session_check_credentials',
    });
  });
});
