import { ownerKey } from '../session/session';
import type { KnownDevices } from './known-devices';

const DAY = 24 * 3_600_000;

/** Remembers devices in the memory of this process, for managers without a database. */
export function memoryKnownDevices(): KnownDevices {
  /** The days of the last use, by owner and device. */
  const owners = new Map<string, Map<string, number>>();

  return {
    async note({ owner, device, at }) {
      const key = ownerKey(owner);
      const devices = owners.get(key) ?? new Map<string, number>();
      const novelty = devices.has(device) ? 'known' : devices.size > 0 ? 'new' : 'first';
      owners.set(key, devices.set(device, Math.max(dayOf(at), devices.get(device) ?? 0)));
      return novelty;
    },

    async renew(owner, device, at) {
      const devices = owners.get(ownerKey(owner));
      const day = devices?.get(device);
      if (day !== undefined) devices!.set(device, Math.max(dayOf(at), day));
    },

    async list(owner, limit, after = '') {
      const devices = [...(owners.get(ownerKey(owner)) ?? [])].filter(([device]) => device > after).sort();
      return devices.slice(0, limit).map(([device, day]) => ({ device, usedOn: dateOf(day) }));
    },

    async forget(owner, device) {
      const devices = owners.get(ownerKey(owner));
      devices?.delete(device);
      if (devices?.size === 0) owners.delete(ownerKey(owner));
    },

    async forgetAll(owner) {
      owners.delete(ownerKey(owner));
    },

    async prune(before, limit) {
      let pruned = 0;
      for (const [key, devices] of owners) {
        for (const [device, day] of devices) {
          if (day < dayOf(before) && pruned < limit && devices.delete(device)) pruned++;
        }
        if (devices.size === 0) owners.delete(key);
      }
      return pruned;
    },
  };
}

function dateOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

function dayOf(time: number): number {
  return Math.floor(time / DAY);
}
