/** Why a session ended. */
export type EndReason = (typeof END_REASONS)[number];

export const END_REASONS = [
  /** Its owner signed out of it. */
  'signed-out',
  /** Its owner ended it from another session. */
  'revoked',
  /** Somebody signed in with the same browser or client, so that its credentials were replaced. */
  'replaced',
  /** A newer sign-in of its owner pushed it out: concurrent logins are prevented, or a limit was reached. */
  'displaced',
  /** The owner's password or another credential changed. */
  'credential-changed',
  /** An administrator ended it. */
  'administrator',
  /** Autologin was tried from an address that it may not change to. */
  'ip-changed',
  /** It had expired by itself, and something of it was needed for another. */
  'expired',
] as const;
