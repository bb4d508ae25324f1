import type { IdentitySession } from './session';

/** A change within a session that may be a sign of theft. */
export type SignalType = (typeof SIGNAL_TYPES)[number];

export const SIGNAL_TYPES = [
  /** A request came from an address that the session was not used from before. */
  'address-changed',
  /** A request came from a country that the session was not used from before. */
  'country-changed',
  /** A request came from another program or another operating system than the sign-in. New versions are no change. */
  'user-agent-changed',
  /** A request came without the device cookie of the sign-in, or with that of another device. */
  'device-changed',
  /** A request had the right secret of a session that has ended. */
  'ended-secret-used',
] as const;

/** A change within a session, as it was observed. */
export interface Signal {
  readonly type: SignalType;
  /** The session as it was before the request. */
  readonly session: IdentitySession;
  /**
   * The value until now: the last address, its country, or the user agent of the sign-in. Null if the type has none.
   */
  readonly before: string | null;
  /**
   * The value of the request: its address, country or user agent. `other` or `missing` for the cookie of the device. Null for
   * `ended-secret-used`, and for a request without a user agent.
   */
  readonly after: string | null;
  /** The address of the request, or null if it is unknown. */
  readonly ipAddress: string | null;
  /** The user agent of the request, cut to 512 characters, or null if it is unknown. */
  readonly userAgent: string | null;
  /** The number of signals of this type in the session within the hour so far. */
  readonly count: number;
}

/**
 * Decides about a signal. With `'end'`, the session ends on all nodes and the request is refused. With any other result, the session
 * continues.
 */
export type OnSignal = (signal: Signal) => 'end' | void | Promise<'end' | void>;
