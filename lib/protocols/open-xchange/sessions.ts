import type { Device, DeviceType, Product } from '../../session/device/device';
import { currentIpAddress } from '../../session/session';
import { displayLocation, displayName, type Messages } from '../../session/i18n/messages';
import type { DescribedSession } from '../../session/described';

/** A session as the wire shows it. The device may be told otherwise here than elsewhere. */
export function sessionObject(
  { session, place }: DescribedSession,
  device: Device,
  messages: Messages,
): Record<string, unknown> {
  const { sessionId, clientId, userAgent, signedIn, lastAccessed } = session;
  return known({
    sessionId,
    ipAddress: currentIpAddress(session),
    client: clientId,
    userAgent,
    location: displayLocation(place, messages),
    loginTime: time(signedIn),
    lastActive: time(Math.max(lastAccessed ?? 0, signedIn)),
    device: deviceObject(device, messages),
  });
}

/** Browsers, apps of Open-Xchange, synchronisation, and all others; in a group nothing changes its place. */
export function grouped<T>(items: readonly T[], typeOf: (item: T) => DeviceType): T[] {
  return [...items].sort((one, other) => GROUP[typeOf(one)] - GROUP[typeOf(other)]);
}

const GROUP: Readonly<Record<DeviceType, number>> = { browser: 0, oxapp: 1, eas: 2, dav: 2, other: 3 };

function deviceObject(device: Device, messages: Messages): object {
  const { os, client, type, family } = device;
  return known({
    displayName: displayName(device, messages),
    os: os && product(os),
    client: known({ ...(client && product(client)), type, family }),
  });
}

function product({ name, version }: Product): object {
  return known({ name, version });
}

/** Nothing stands for what is not known. */
function known(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}

function time(value: number): number | undefined {
  return value > 0 ? value : undefined;
}
