import {
  memory,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type SignIn,
} from '../../lib';
import { deviceHash, NewDevices } from '../../lib/manager/new-devices';
import { notMeOf } from '../../lib/manager/not-me';
import { mintSecret } from '../../lib/session/credentials';
import { memoryKnownDevices } from '../../lib/store/memory-known-devices';
import type { AdministeredStore } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';
import { managerOn } from '../support/manager';
import { aSession, DAY } from '../support/sessions';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let events: SessionEvent[];
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  events = [];
  told = [];
  use();
});

function use(options: IdentitySessionOptions = {}): void {
  manager = managerOn({
    store,
    clock,
    report: (event) => events.push(event),
    onNewDevice: ({ session }) => void told.push(session.sessionId),
    isCleanupEnabled: false,
    ...options,
  });
}

/** Runs a cleanup. Its pauses end because the clock of the test advances. */
async function cleanUp(): Promise<void> {
  let done = false;
  const cleaning = manager.runCleanup().finally(() => (done = true));
  while (!done) {
    clock.advance(10);
    await turns();
  }
  await cleaning;
}

async function signIn(deviceToken: string, said: Partial<SignIn> = {}) {
  const { session } = await manager.open({ userId: 'alice', userAgent: FIREFOX, deviceToken, ...said });
  return session;
}

describe('onNewDevice', () => {
  it('is called once for each device of a user, but not for the first one', async () => {
    const [laptop, phone] = [mintSecret(), mintSecret()];
    await signIn(laptop);
    const first = await signIn(phone);
    await signIn(laptop);
    await signIn(phone);
    expect(told).toEqual([first.sessionId]);
    const { sessionId, tenantId, userId, clientId, authId } = first;
    const session = { sessionId, tenantId, userId, clientId, authId };
    expect(events.filter(({ type }) => type === 'new-device')).toEqual([{ type: 'new-device', session }]);
  });

  it('still knows a device after all its sessions have ended, until deviceRetention is over', async () => {
    use({ deviceRetention: '60D' });
    const [laptop, phone] = [mintSecret(), mintSecret()];
    for (const device of [laptop, phone]) await signIn(device);
    told = [];
    await manager.revoke({ owner: { userId: 'alice' } });
    clock.advance(59 * DAY);
    await cleanUp();
    await signIn(phone);
    expect(told).toEqual([]);
    clock.advance(2 * DAY);
    await cleanUp();
    await signIn(phone);
    expect(told).toEqual([]);
    const again = await signIn(laptop);
    expect(told).toEqual([again.sessionId]);
  });

  it('keeps a device known while its session is revived', async () => {
    use({ deviceRetention: '10D', longLifetime: '8D' });
    const [laptop, phone] = [mintSecret(), mintSecret()];
    await signIn(laptop);
    const opened = await manager.open({ userId: 'alice', deviceToken: phone, staySignedIn: true });
    for (let week = 0; week < 4; week++) {
      clock.advance(7 * DAY);
      await manager.revive({ sessionId: opened.session.sessionId, secret: opened.secret });
      await cleanUp();
    }
    told = [];
    await signIn(phone);
    expect(told).toEqual([]);
    await signIn(laptop);
    expect(told).toHaveLength(1);
  });

  it('receives the session with its device and its place', async () => {
    const calls: unknown[] = [];
    use({
      onNewDevice: ({ session, device, place }) => void calls.push([session.userId, device.name, place]),
    });
    await signIn(mintSecret());
    await signIn(mintSecret(), { ipAddress: '10.0.0.1' });
    expect(calls).toEqual([['alice', { program: 'Firefox 140', system: 'Linux' }, { intranet: true }]]);
  });

  it('is not called for sign-ins without a device token and for impersonations', async () => {
    await signIn(mintSecret());
    await manager.open({ userId: 'alice' });
    await signIn(mintSecret(), { actor: 'support' });
    expect(told).toEqual([]);
  });

  it('is not called for a refused sign-in, which makes no device known', async () => {
    use({ maxSessionsPerUser: 1, onLimit: 'refuse' });
    const phone = mintSecret();
    const { sessionId } = await signIn(mintSecret());
    await expect(signIn(phone)).rejects.toMatchObject({ code: 'session-limit-reached' });
    await manager.administration.revoke(sessionId);
    const opened = await signIn(phone);
    expect(told).toEqual([opened.sessionId]);
  });

  it.each([
    () => {
      throw new Error('no mail');
    },
    () => Promise.reject(new Error('no mail')),
  ])('is reported as failed if it throws or rejects, and the sign-in succeeds', async (onNewDevice) => {
    use({ onNewDevice });
    await signIn(mintSecret());
    await signIn(mintSecret());
    await Promise.resolve();
    expect(events).toContainEqual({ type: 'failed', task: 'hook', error: new Error('no mail') });
  });

  it('throws a TypeError for a device token of another form', async () => {
    await expect(signIn('laptop')).rejects.toThrow('`deviceToken` must be 43 characters');
  });
});

describe('forgetDevices', () => {
  it('forgets the devices, links and tickets of one user', async () => {
    const [laptop, phone] = [mintSecret(), mintSecret()];
    for (const device of [laptop, phone]) await signIn(device);
    await signIn(laptop, { userId: 'bob' });
    const session = await signIn(laptop);
    const link = await manager.notMeLink(session, { url: 'https://app.example.com' });
    told = [];
    await manager.forgetDevices({ userId: 'alice' });
    await expect(notMeOf(manager).find(link.split('/').at(-1)!)).rejects.toMatchObject({
      code: 'link-invalid',
    });
    // The first device is not new, and bob still has one.
    await signIn(phone);
    const ofBob = await signIn(phone, { userId: 'bob' });
    expect(told).toEqual([ofBob.sessionId]);
  });

  it('throws a TypeError for a value that is not an owner', async () => {
    await expect(manager.forgetDevices('alice' as never)).rejects.toThrow(TypeError);
  });
});

describe('a link of notMeLink', () => {
  it('forgets the device of its session, and ends the later sessions on it', async () => {
    const [own, strange] = [mintSecret(), mintSecret()];
    const mine = await signIn(own);
    const reported = await signIn(strange);
    const link = await manager.notMeLink(reported, { url: 'https://app.example.com' });
    await manager.administration.revoke(reported.sessionId);
    await signIn(strange);
    told = [];
    await notMeOf(manager).use(link.split('/').at(-1)!, () => undefined);
    const { sessions } = await manager.list({ userId: 'alice' });
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual([mine.sessionId]);
    const again = await signIn(strange);
    expect(told).toEqual([again.sessionId]);
  });

  it('forgets the device also after the row of the session was deleted', async () => {
    use({ endedRetention: 0 });
    const strange = mintSecret();
    await signIn(mintSecret());
    const reported = await signIn(strange);
    const link = await manager.notMeLink(reported, { url: 'https://app.example.com' });
    await manager.administration.revoke(reported.sessionId);
    clock.advance(DAY);
    await cleanUp();
    expect(await store.find(reported.sessionId)).toBeUndefined();
    await notMeOf(manager).use(link.split('/').at(-1)!, () => undefined);
    told = [];
    await signIn(strange);
    expect(told).toHaveLength(1);
  });
});

describe('NewDevices', () => {
  it('reports a failure of the store and does not throw, so that the sign-in succeeds', async () => {
    const error = new Error('down');
    const known = {
      ...memoryKnownDevices(),
      note: () => Promise.reject(error),
      renew: () => Promise.reject(error),
    };
    const devices = new NewDevices(known, manager.settings);
    const session = aSession(clock.now(), { knownDevice: 'a'.repeat(64) });
    await devices.note(session, () => manager.describe(session));
    devices.renew(session);
    await Promise.resolve();
    const failed = { type: 'failed', task: 'devices', error };
    expect(events).toEqual([failed, failed]);
    expect(told).toEqual([]);
  });
});

describe('deviceHash', () => {
  it('is different for every owner, so that it does not show who shares a device', () => {
    const hashes = [
      { userId: 'alice' },
      { userId: 'bob' },
      { tenantId: 'acme', userId: 'alice' },
      { tenantId: null, userId: 'alice' },
    ].map((owner) => deviceHash(owner, 'token'));
    expect(new Set(hashes).size).toBe(3);
    expect(hashes[3]).toBe(hashes[0]);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });
});
