import type { Owner } from '../session/session';

/**
 * Remembers the devices on which each user signed in, so that a sign-in on another one can be recognized, also after all sessions
 * of a device have ended. Devices are hashes of random tokens, which are different for every user.
 */
export interface KnownDevices {
  /**
   * Remembers the device of a sign-in. Of parallel calls for one device, on any node, only one does not return `known`. If the
   * session was deleted, remembers nothing and returns `known`. Otherwise a parallel sign-in could bring an erased user back.
   */
  note(sighting: Sighting): Promise<Novelty>;
  /** Records that a known device is still used. */
  renew(owner: Owner, device: string, at: number): Promise<void>;
  /** Returns at most `limit` devices of the owner, in the order of their hashes, from the one after `after` on. */
  list(owner: Owner, limit: number, after?: string): Promise<readonly KnownDevice[]>;
  /** Forgets one device of the owner. */
  forget(owner: Owner, device: string): Promise<void>;
  /** Forgets all devices of the owner. */
  forgetAll(owner: Owner): Promise<void>;
  /** Forgets at most `limit` devices that were not used since the day of `before`. Returns their number. */
  prune(before: number, limit: number): Promise<number>;
}

/** A device on which its owner has signed in. */
export interface KnownDevice {
  /** The hash of the device's token, as 64 hexadecimal digits. */
  readonly device: string;
  /** The day of the last use, such as `2026-01-15`, in UTC. */
  readonly usedOn: string;
}

/** A sign-in on a device. */
export interface Sighting {
  readonly owner: Owner;
  /** The hash of the device's token, as 64 hexadecimal digits. */
  readonly device: string;
  readonly sessionId: string;
  /** The time of the sign-in, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * - `known`: the user signed in on the device before.
 * - `new`: the user signed in only on other devices before.
 * - `first`: no device of the user is known.
 */
export type Novelty = 'known' | 'new' | 'first';
