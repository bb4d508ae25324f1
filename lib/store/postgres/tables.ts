import { inSchema } from '../../database/statement-runner';

/** The quoted names of the tables and of the function that statements use, with their schema. */
export interface Tables {
  readonly sessions: string;
  readonly epochs: string;
  readonly policy: string;
  /** The function with which a sign-in ends other sessions of its user under the user's lock. */
  readonly displace: string;
}

export function tablesIn(schema: string): Tables {
  return {
    sessions: inSchema('identity_sessions', schema),
    epochs: inSchema('identity_session_epochs', schema),
    policy: inSchema('identity_session_policy', schema),
    displace: inSchema('identity_session_displace', schema),
  };
}
