import { inSchema } from '../../database/statement-runner';

/** The quoted names of the tables and of the function that statements use, with their schema. */
export interface Tables {
  readonly sessions: string;
  readonly epochs: string;
  readonly policy: string;
  readonly trail: string;
  readonly changes: string;
  /** The function with which a sign-in ends other sessions of its user under the user's lock. */
  readonly displace: string;
  readonly credentialChanges: string;
  /** The function that checks the credentials of a sign-in. */
  readonly checkCredentials: string;
}

export function tablesIn(schema: string): Tables {
  return {
    sessions: inSchema('identity_sessions', schema),
    epochs: inSchema('identity_session_epochs', schema),
    policy: inSchema('identity_session_policy', schema),
    trail: inSchema('identity_session_trail', schema),
    changes: inSchema('identity_session_changes', schema),
    displace: inSchema('identity_session_displace', schema),
    credentialChanges: inSchema('identity_session_credential_changes', schema),
    checkCredentials: inSchema('identity_session_check_credentials', schema),
  };
}
