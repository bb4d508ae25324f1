import { sessionsOf, type IdentitySessionOptions } from '../../lib';
import { until } from '../support/gate';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { DAY, HOUR } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options?: IdentitySessionOptions) => nodes.use(options);

const owner = { tenantId: null, userId: 'alice' };

describe('verify', () => {
  it('answers a warm session at once', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    await manager.verify(credentials);
    await until(() => nodes.clock.reads > 0);
    await manager.verify(credentials);
    expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
  });

  it('gives everybody a copy of their own', async () => {
    const manager = use();
    const { credentials } = await open(manager, { extraProperties: { role: 'reader' } });
    const session = await manager.verify(credentials);
    Object.assign(session, { userId: 'mallory' });
    expect(() => Object.assign(session.extraProperties, { role: 'admin' })).toThrow(TypeError);
    expect(await manager.verify(credentials)).toMatchObject({
      userId: 'alice',
      extraProperties: { role: 'reader' },
    });
  });

  it('notes the use, and from where', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    expect((await manager.list(owner))[0]).toMatchObject({
      lastAccessed: nodes.clock.now(),
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
    });
  });

  it('notes nothing of what does not count as activity', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials, { ipAddress: '198.51.100.7', activity: false });
    expect((await manager.list(owner))[0]).toMatchObject({ lastAccessed: null, ipAddresses: ['192.0.2.1'] });
  });

  it('tells why only to who holds the secret', async () => {
    const manager = use();
    const { session, credentials } = await open(manager);
    await manager.revoke(sessionsOf(owner, [session.sessionId]));
    const wrong = { ...credentials, secret: 'A'.repeat(43) };
    await expect(async () => manager.verify(wrong)).rejects.toEqual(refusal('credentials-invalid'));
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
  });

  it('respects the absolute lifetime, however busy the session is', async () => {
    const manager = use({ absoluteLifetime: '2H' });
    const { credentials } = await open(manager, { staySignedIn: true });
    for (let minutes = 0; minutes < 120; minutes += 30) {
      await manager.verify(credentials);
      nodes.clock.advance(HOUR / 2);
    }
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-expired'));
    await expect(manager.revive(credentials)).rejects.toEqual(refusal('session-expired'));
  });

  it('sees in the database that another node has used the session', async () => {
    const here = use();
    const { credentials } = await open(here);
    await here.verify(credentials);
    for (let minutes = 0; minutes < 90; minutes += 30) {
      nodes.clock.advance(HOUR / 2);
      const there = use();
      await there.verify(credentials);
      await there.close();
    }
    expect(await here.verify(credentials)).toMatchObject({ userId: 'alice' });
  });
});

describe('the data of a session', () => {
  it('is there until the session hibernates, and gone when it wakes, on every node', async () => {
    const [here, there] = [use(), use()];
    const { session, credentials } = await open(here, { staySignedIn: true, data: { draft: 1 } });
    expect((await there.verify(credentials)).data).toEqual({ draft: 1 });
    await here.update(session.sessionId, { data: { draft: 2 } });
    nodes.clock.advance(2000);
    expect((await there.verify(credentials)).data).toEqual({ draft: 2 });

    nodes.clock.advance(DAY);
    expect((await here.list(owner))[0]?.data).toEqual({});
    const woken = await Promise.all(
      [here, there, here, there].map(async (manager) => manager.verify(credentials)),
    );
    for (const { data, lastAccessed } of woken) expect([data, lastAccessed]).toEqual([{}, nodes.clock.now()]);

    await there.update(session.sessionId, { data: { draft: 3 } });
    nodes.clock.advance(2000);
    expect((await here.verify(credentials)).data).toEqual({ draft: 3 });
  });
});

describe('a session that may not change its address', () => {
  const strict = { ipCheck: { mode: 'strict', maskV4: '/24' } } as const;

  it('is refused elsewhere and goes on where it was, or near it', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager);
    const from = async (ipAddress: string) => manager.verify(credentials, { ipAddress });
    await expect(from('198.51.100.7')).rejects.toEqual(refusal('ip-changed'));
    expect((await from('192.0.2.200')).ipAddresses).toEqual(['192.0.2.1']);
    expect((await from('::ffff:192.0.2.1')).ipAddresses).toEqual(['192.0.2.1']);
  });

  it('may be moved from where it was, and not from elsewhere', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager);
    const moved = async (movesTo: string, ipAddress: string) =>
      manager.verify(credentials, { ipAddress, movesTo });
    await expect(moved('198.51.100.7', '198.51.100.7')).rejects.toEqual(refusal('ip-changed'));
    await expect(moved('nonsense', '192.0.2.1')).rejects.toEqual(refusal('invalid-request'));
    expect((await moved('::ffff:198.51.100.7', '192.0.2.1')).ipAddresses).toEqual([
      '192.0.2.1',
      '198.51.100.7',
    ]);
    await expect(moved('192.0.2.1', '192.0.2.1')).rejects.toEqual(refusal('ip-changed'));
  });

  it('is ended when autologin comes from elsewhere', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager, { staySignedIn: true });
    const revived = manager.revive(credentials, { ipAddress: '198.51.100.7' });
    await expect(revived).rejects.toEqual(refusal('ip-changed'));
    await expect(async () => manager.verify(credentials)).rejects.toMatchObject({ endReason: 'ip-changed' });
  });

  it('may change it within a country, when places are known', async () => {
    const countries: Record<string, string> = {
      '192.0.2.1': 'DE',
      '198.51.100.7': 'DE',
      '203.0.113.9': 'FR',
    };
    const location = (address: string) => ({ country: countries[address] });
    const manager = use({ ipCheck: { mode: 'countrycode' }, location });
    const { credentials } = await open(manager);
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    const abroad = async () => manager.verify(credentials, { ipAddress: '203.0.113.9' });
    await expect(abroad).rejects.toEqual(refusal('ip-changed'));
  });

  it('may not change it when the places cannot be looked up', async () => {
    const location = () => {
      throw new Error('the file is gone');
    };
    const manager = use({ ipCheck: { mode: 'countrycode' }, location });
    const { credentials } = await open(manager);
    const elsewhere = async () => manager.verify(credentials, { ipAddress: '198.51.100.7' });
    await expect(elsewhere).rejects.toEqual(refusal('ip-changed'));
  });
});
