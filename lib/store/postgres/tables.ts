import { inSchema } from '../../database/statement-runner';

/** The quoted names of the tables, with their schema. */
export interface Tables {
  readonly sessions: string;
  readonly epochs: string;
  readonly policy: string;
}

export function tablesIn(schema: string): Tables {
  return {
    sessions: inSchema('identity_sessions', schema),
    epochs: inSchema('identity_session_epochs', schema),
    policy: inSchema('identity_session_policy', schema),
  };
}
