import type { IdentitySession, ProtocolData } from '../../session/session';

/** The name under which a session keeps what this protocol stores. */
const PROTOCOL = 'open-xchange';

/** What the protocol keeps of a sign-in, because later responses contain it. */
export interface KeptSignIn {
  /** The hash in the names of the client's cookies. */
  readonly hash: string;
  /** The user's name as it was entered. */
  readonly user: string;
  readonly userNumber?: number | undefined;
  readonly contextNumber?: number | undefined;
  /** For example `en_US`. */
  readonly locale?: string | undefined;
}

/** Returns the session's `protocolData` for a sign-in. */
export function keeping(kept: KeptSignIn): ProtocolData {
  return { [PROTOCOL]: { ...kept } };
}

/** Returns what was kept at the sign-in. The object is empty if the session was opened in another protocol. */
export function keptWith({ protocolData }: IdentitySession): Partial<KeptSignIn> {
  return protocolData[PROTOCOL] ?? {};
}
