import type { Device } from './device/device';
import type { Place } from './place';
import type { IdentitySession } from './session';
import type { TrailEntry } from './trail-entry';

/** A session with the details that people see. */
export interface DescribedSession {
  readonly session: IdentitySession;
  readonly device: Device;
  /** The place of the session's current IP address, or undefined if it is unknown. */
  readonly place: Place | undefined;
  /** The time at which the session ends if it is not used again, in milliseconds since 1970. */
  readonly expires: number;
}

/** An entry of the trail with the details that people see. */
export interface DescribedEntry {
  readonly entry: TrailEntry;
  /** The device of the session or of the request, or undefined if neither is known. */
  readonly device: Device | undefined;
  /** The place of the entry's IP address, or undefined if it is unknown. */
  readonly place: Place | undefined;
}

/** A page of sessions with the details that people see. */
export interface DescribedPage {
  readonly sessions: readonly DescribedSession[];
  /** The position of the next page, if the protocol pages by positions and there is a next page. */
  readonly next?: string;
  /** The number of sessions on all pages, if the protocol has numbered pages. */
  readonly totalCount?: number;
}
