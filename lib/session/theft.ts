import type { IdentitySession } from './session';

/** The use of a copied secret. It came from the owner or from the thief: the one whose client did not have the newest secret. */
export interface Theft {
  /** The session as it was before it ended with the reason `secret-reused`. */
  readonly session: IdentitySession;
  /** The address of the request with the earlier secret, or null if it is unknown. */
  readonly ipAddress: string | null;
  /** The user agent of this request, cut to 512 characters, or null if it sent none. */
  readonly userAgent: string | null;
}

/** Tells the user about a theft, for example by mail. */
export type OnTheft = (theft: Theft) => unknown;
