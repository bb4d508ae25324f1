import { KEPT_BY_WIRE, type IdentitySession } from '../../session/session';

/** What the wire keeps of a sign-in to say it again later, among the session's `extraProperties`. */
export interface KeptSignIn {
  /** The hash in the names of the client's cookies. */
  readonly hash: string;
  /** The name of the user as it was entered. */
  readonly user: string;
  readonly userNumber?: number | undefined;
  readonly contextNumber?: number | undefined;
  /** `en_US` */
  readonly locale?: string | undefined;
}

/** The session's `extraProperties` for a sign-in. */
export function keeping(kept: KeptSignIn): { readonly [KEPT_BY_WIRE]: KeptSignIn } {
  return { [KEPT_BY_WIRE]: kept };
}

/** What is kept with the session: nothing when it began on another wire. */
export function keptWith({ extraProperties }: IdentitySession): Partial<KeptSignIn> {
  const kept = extraProperties[KEPT_BY_WIRE];
  return typeof kept === 'object' && kept !== null ? kept : {};
}
