/** The reason for which a session ended. */
export type EndReason = (typeof END_REASONS)[number];

export const END_REASONS = [
  /** The owner signed out. */
  'signed-out',
  /** The owner ended the session from another session. */
  'revoked',
  /** A sign-in with the same browser or client replaced its credentials. */
  'replaced',
  /** Newer sessions of the owner displaced it, because concurrent logins are prevented or a limit was reached. */
  'displaced',
  /** The owner's password or another credential changed. */
  'credential-changed',
  /** An administrator ended it. */
  'administrator',
  /** Autologin was attempted from an address that the IP check refuses. */
  'ip-changed',
  /** An earlier secret was used after its client had stored the next one, so somebody else has a copy. */
  'secret-reused',
  /** The app's `onSignal` ended it, because its use had changed in an unusual way. */
  'suspicious-use',
  /** The session had expired, and a new sign-in needed its `authId`, or its owner had very many sessions. */
  'expired',
] as const;
