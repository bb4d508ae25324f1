import type { IdentitySession, ProtocolData } from '../../session/session';

/** The name under which a session stores the data of this protocol. */
const PROTOCOL = 'open-xchange';

/** The data of a sign-in that the protocol stores with the session, because later answers contain it. */
export interface StoredSignIn {
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
export function protocolDataOf(signIn: StoredSignIn): ProtocolData {
  return { [PROTOCOL]: { ...signIn } };
}

/** Returns the stored data. Returns an empty object if the session was opened in another protocol. */
export function storedSignIn({ protocolData }: IdentitySession): Partial<StoredSignIn> {
  return protocolData[PROTOCOL] ?? {};
}
