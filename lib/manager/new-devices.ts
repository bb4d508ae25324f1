import type { Settings } from '../options/settings';
import { hashSecret } from '../session/credentials';
import type { DescribedSession } from '../session/described';
import { unawaited } from '../events';
import { ownerKey, referenceTo, type Owner, type StoredSession } from '../session/session';
import type { KnownDevices } from '../store/known-devices';

/**
 * Returns the hash of a device's token. It is different for every user, so that the database does not show which users share a
 * device.
 */
export function deviceHash(owner: Owner, token: string): string {
  return hashSecret(`${ownerKey(owner)}\0${token}`);
}

/** Recognizes sign-ins on devices that are new for their user, and tells the app. */
export class NewDevices {
  readonly #known: KnownDevices;
  readonly #settings: Settings;

  constructor(known: KnownDevices, settings: Settings) {
    this.#known = known;
    this.#settings = settings;
  }

  /**
   * Remembers the device of a sign-in, and calls the app's `onNewDevice` if the user signed in only on other devices before. Never
   * throws: if the database fails, the device stays unknown, and the next sign-in on it is new.
   */
  async note(session: StoredSession, describe: () => DescribedSession): Promise<void> {
    const { knownDevice: device, sessionId, signedIn: at } = session;
    const { onNewDevice, report } = this.#settings;
    if (device === null || onNewDevice === undefined) return;
    try {
      const novelty = await this.#known.note({ owner: ownerOf(session), device, sessionId, at });
      if (novelty !== 'new') return;
    } catch (error) {
      report({ type: 'failed', task: 'devices', error });
      return;
    }
    report({ type: 'new-device', session: referenceTo(session) });
    unawaited(
      () => onNewDevice(describe()),
      (error) => report({ type: 'failed', task: 'hook', error }),
    );
  }

  /** Records that the device of a session is still used. Never throws, as `note`. */
  renew({ knownDevice: device, ...session }: StoredSession): void {
    const { clock, report } = this.#settings;
    if (device === null) return;
    unawaited(
      () => this.#known.renew(ownerOf(session), device, clock.now()),
      (error) => report({ type: 'failed', task: 'devices', error }),
    );
  }

  /** Forgets a device, so that the next sign-in on it is new. */
  async forget(owner: Owner, device: string): Promise<void> {
    await this.#known.forget(owner, device);
  }

  /** Forgets all devices of the owner. */
  async forgetAll(owner: Owner): Promise<void> {
    await this.#known.forgetAll(owner);
  }
}

function ownerOf({ tenantId, userId }: Owner): Owner {
  return { tenantId: tenantId ?? null, userId };
}
