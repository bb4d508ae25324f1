import type { Device } from './device/device';
import type { Place } from './place';
import type { IdentitySession } from './session';

/** A session as it is shown to people. */
export interface DescribedSession {
  readonly session: IdentitySession;
  readonly device: Device;
  /** Where its current address is, or undefined when nobody knows. */
  readonly place: Place | undefined;
  /** When it ends if it is not used any more, in milliseconds since 1970. */
  readonly expires: number;
}
