import { checkedOwner } from '../session/revocation';
import { NEWEST_FIRST } from '../session/order';
import { withoutSecret, type IdentitySession, type Owner } from '../session/session';
import type { TrailEntry } from '../session/trail-entry';
import type { KnownDevices } from '../store/known-devices';
import type { AdministeredStore } from '../store/store';
import type { SessionTrail } from './trail';

/** A record of the personal data of one user: a session, a known device with the day of its last use, or an entry of the trail. */
export type PersonalRecord =
  | { readonly kind: 'session'; readonly session: IdentitySession }
  | { readonly kind: 'device'; readonly usedOn: string }
  | { readonly kind: 'entry'; readonly entry: TrailEntry };

/** The numbers of records that were erased. */
export interface Erased {
  readonly sessions: number;
  readonly entries: number;
}

/** The parts of the manager that know a user's personal data. */
export interface PersonalData {
  readonly store: AdministeredStore;
  readonly trail: SessionTrail;
  readonly devices: Pick<KnownDevices, 'list'>;
}

/** The number of records that one statement reads or deletes. */
const AT_ONCE = 500;

/** A search for sessions in any state ignores the cutoffs. */
const ANY_TIME = { short: 0, long: 0, absolute: 0, hibernation: 0 };

/** Yields the user's sessions, live and ended, the known devices, and the entries of the trail, newest first. */
export async function* personalRecords(
  { store, trail, devices }: PersonalData,
  given: Owner,
): AsyncGenerator<PersonalRecord, void, undefined> {
  const owner = checkedOwner(given);
  yield* sessionRecords(store, owner);
  yield* deviceRecords(devices, owner);
  yield* trailRecords(trail, owner);
}

async function* sessionRecords(
  store: AdministeredStore,
  { userId, tenantId = null }: Owner,
): AsyncGenerator<PersonalRecord, void, undefined> {
  const filter = { state: 'any', userId, tenantId } as const;
  let last: IdentitySession | undefined;
  do {
    const page = { filter, cutoffs: ANY_TIME, order: NEWEST_FIRST, skip: 0, take: AT_ONCE, after: last };
    const sessions = await store.search(page);
    for (const session of sessions) yield { kind: 'session', session: withoutSecret(session) };
    last = sessions.length < AT_ONCE ? undefined : sessions.at(-1);
  } while (last !== undefined);
}

/** The hashes of devices are left out, because they are derived from secrets of the user's browsers. */
async function* deviceRecords(
  devices: PersonalData['devices'],
  owner: Owner,
): AsyncGenerator<PersonalRecord, void, undefined> {
  let last: string | undefined;
  do {
    const found = await devices.list(owner, AT_ONCE, last);
    for (const { usedOn } of found) yield { kind: 'device', usedOn };
    last = found.length < AT_ONCE ? undefined : found.at(-1)?.device;
  } while (last !== undefined);
}

async function* trailRecords(
  trail: SessionTrail,
  owner: Owner,
): AsyncGenerator<PersonalRecord, void, undefined> {
  let next: string | undefined;
  do {
    const page = await trail.list({ owner, limit: AT_ONCE, after: next });
    for (const entry of page.entries) yield { kind: 'entry', entry };
    next = page.next;
  } while (next !== undefined);
}

/** Deletes the user's sessions and the entries of the trail. The sessions must have ended. */
export async function erasePersonalData(
  { store, trail }: Omit<PersonalData, 'devices'>,
  owner: Owner,
): Promise<Erased> {
  const sessions = await untilNothing(async () => (await store.erase(owner, AT_ONCE)).length);
  const entries = await untilNothing(() => trail.erase(owner, AT_ONCE));
  return { sessions, entries };
}

async function untilNothing(erase: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const erased = await erase();
    if (erased === 0) return total;
    total += erased;
  }
}
