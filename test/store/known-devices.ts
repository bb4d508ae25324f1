import type { KnownDevices, Sighting } from '../../lib/store/known-devices';
import { DAY } from '../support/sessions';

const ALICE = { tenantId: null, userId: 'alice' };
const [LAPTOP, PHONE] = ['a'.repeat(64), 'b'.repeat(64)] as const;

export interface KnownDevicesUnderTest {
  readonly devices: KnownDevices;
  /** Returns the id of an existing session. */
  readonly sessionId: () => Promise<string>;
}

/**
 * Registers the tests that every implementation of `KnownDevices` must pass.
 * @param make returns an implementation without any devices
 */
export function testKnownDevices(make: () => KnownDevicesUnderTest): void {
  const start = Date.UTC(2026, 0, 15, 12);
  let devices: KnownDevices;
  let sessionId: string;

  beforeEach(async () => {
    const made = make();
    devices = made.devices;
    sessionId = await made.sessionId();
  });

  const note = (device: string, said: Partial<Sighting> = {}) =>
    devices.note({ owner: ALICE, device, sessionId, at: start, ...said });

  it('tells the first device of an owner, new ones and known ones apart', async () => {
    const novelties = [await note(LAPTOP), await note(PHONE), await note(LAPTOP), await note(PHONE)];
    expect(novelties).toEqual(['first', 'new', 'known', 'known']);
  });

  it('keeps the devices of each owner apart, also of one user id in two tenants', async () => {
    await note(LAPTOP);
    const owners = [{ userId: 'bob' }, { tenantId: 'acme', userId: 'alice' }];
    for (const owner of owners) expect(await note(LAPTOP, { owner })).toBe('first');
    expect(await note(LAPTOP, { owner: { userId: 'alice' } })).toBe('known');
  });

  it('returns new to one of many parallel calls for a device, and first to one of many devices', async () => {
    const same = await Promise.all(Array.from({ length: 8 }, () => note(LAPTOP)));
    expect(same.filter((novelty) => novelty !== 'known')).toEqual(['first']);
    const owner = { userId: 'bob' };
    const several = Array.from({ length: 30 }, (_, i) => note(i.toString(16).padStart(64, '0'), { owner }));
    const novelties = await Promise.all(several);
    expect(novelties.sort()).toEqual(['first', ...Array<string>(29).fill('new')]);
  });

  it('lists the devices of one owner in pages, with the day of the last use', async () => {
    await note(PHONE);
    await note(LAPTOP);
    await note(LAPTOP, { owner: { tenantId: 'acme', userId: 'alice' } });
    await devices.renew(ALICE, PHONE, start + DAY);
    const [laptop, phone] = [
      { device: LAPTOP, usedOn: '2026-01-15' },
      { device: PHONE, usedOn: '2026-01-16' },
    ];
    expect(await devices.list(ALICE, 9)).toEqual([laptop, phone]);
    expect(await devices.list(ALICE, 1)).toEqual([laptop]);
    expect(await devices.list(ALICE, 1, LAPTOP)).toEqual([phone]);
    expect(await devices.list(ALICE, 1, PHONE)).toEqual([]);
    expect(await devices.list({ userId: 'bob' }, 9)).toEqual([]);
  });

  it('forgets one device', async () => {
    await note(LAPTOP);
    await note(PHONE);
    await devices.forget(ALICE, PHONE);
    await devices.forget({ userId: 'bob' }, LAPTOP);
    expect([await note(LAPTOP), await note(PHONE)]).toEqual(['known', 'new']);
    for (const device of [LAPTOP, PHONE]) await devices.forget(ALICE, device);
    expect(await note(LAPTOP)).toBe('first');
  });

  it('forgets all devices of one owner', async () => {
    const other = { tenantId: 'acme', userId: 'alice' };
    for (const owner of [ALICE, other]) for (const device of [LAPTOP, PHONE]) await note(device, { owner });
    await devices.forgetAll(ALICE);
    expect([await note(LAPTOP), await note(LAPTOP, { owner: other })]).toEqual(['first', 'known']);
  });

  it('prunes a limited number of devices that were not used since a day', async () => {
    const ids = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(64));
    for (const id of ids) await note(id);
    await note(ids[3]!, { at: start + DAY });
    await devices.renew(ALICE, ids[4]!, start + 2 * DAY);
    await devices.renew(ALICE, LAPTOP, start + 2 * DAY);
    expect(await devices.prune(start, 10)).toBe(0);
    expect([await devices.prune(start + DAY, 2), await devices.prune(start + DAY, 2)]).toEqual([2, 1]);
    expect([await devices.prune(start + 2 * DAY, 9), await devices.prune(start + 2 * DAY, 9)]).toEqual([
      1, 0,
    ]);
    expect([await note(ids[4]!), await note(ids[3]!), await note(LAPTOP)]).toEqual(['known', 'new', 'new']);
  });

  it('never moves the last use of a device back', async () => {
    await note(LAPTOP, { at: start + DAY });
    await note(LAPTOP);
    await devices.renew(ALICE, LAPTOP, start);
    expect(await devices.prune(start + DAY, 10)).toBe(0);
  });
}
