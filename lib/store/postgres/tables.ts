import { inSchema } from '../../database/statement-runner';

/** The quoted names of the tables and of the function that statements use, with their schema. */
export interface Tables {
  readonly sessions: string;
  /** The number of partitions of the table of sessions. 0 if it is one table, whose rows have no buckets. */
  readonly partitions: number;
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

export function tablesIn(schema: string, partitions = 0): Tables {
  return {
    sessions: inSchema('identity_sessions', schema),
    partitions,
    epochs: inSchema('identity_session_epochs', schema),
    policy: inSchema('identity_session_policy', schema),
    trail: inSchema('identity_session_trail', schema),
    changes: inSchema('identity_session_changes', schema),
    displace: inSchema('identity_session_displace', schema),
    credentialChanges: inSchema('identity_session_credential_changes', schema),
    checkCredentials: inSchema('identity_session_check_credentials', schema),
  };
}
