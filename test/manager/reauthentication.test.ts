import { everySessionOf, sessionsOf } from '../../lib';
import { raisedBy } from '../../lib/manager/reauthentication';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib/store/memory';
import { satisfies } from '../support/compliance';
import { nodesOnADatabase, open } from '../support/nodes';

const nodes = nodesOnADatabase();
const LEASE = 2000;

describe('raisedBy', () => {
  const settings = settingsOf({ store: memory() });
  const NOW = Date.UTC(2026, 0, 15, 12);

  it('returns the time of the check of the credentials, or the arrival of the request, and never a later time than now', () => {
    const times = (said: Parameters<typeof raisedBy>[0], age?: number) => {
      const { authenticatedAt, credentialsCheckedAt } = raisedBy(said, NOW, age, settings);
      return [authenticatedAt - NOW, credentialsCheckedAt - NOW].map((time) => time + 0);
    };
    expect(times({})).toEqual([0, 0]);
    expect(times({}, 12.5)).toEqual([-13, -13]);
    expect(times({ credentialsCheckedAt: new Date(NOW - 5) }, 100)).toEqual([-5, -5]);
    expect(times({ authenticatedAt: new Date(NOW - 9) })).toEqual([-9, 0]);
    expect(times({ authenticatedAt: new Date(NOW + 9), credentialsCheckedAt: new Date(NOW + 9) })).toEqual([
      0, 0,
    ]);
  });

  it('keeps the part of the address that the options keep', () => {
    const truncating = settingsOf({ store: memory(), ipAddresses: 'truncated' });
    expect(raisedBy({ ipAddress: '192.0.2.77' }, NOW, 0, truncating).from).toBe('192.0.2.0');
    expect(raisedBy({}, NOW, 0, settings).from).toBeNull();
  });
});

describe('reauthenticate and lowerAssurance of the manager', () => {
  it('raise a session without credentials, and keep its secret', async () => {
    const manager = nodes.use();
    const { session, credentials } = await open(manager);
    nodes.clock.advance(5000);
    const raised = await manager.reauthenticate(session, { amr: ['pwd'], ipAddress: '192.0.2.5' });
    expect(raised).toEqual({
      session: { ...session, authenticatedAt: nodes.clock.now(), acr: null, amr: ['pwd'] },
    });
    expect(await manager.verify(credentials)).toMatchObject({ amr: ['pwd'] });
    const { entries } = await manager.trail({ userId: 'alice' });
    expect(entries[0]).toMatchObject({ event: 'reauthenticated', ipAddress: '192.0.2.5' });
  });

  it('refuse an ended session and a wrong secret', async () => {
    const manager = nodes.use();
    const { session, credentials } = await open(manager);
    const wrong = { ...credentials, secret: 'x'.repeat(43) };
    await expect(manager.reauthenticate(session, {}, wrong)).rejects.toMatchObject({
      code: 'credentials-invalid',
    });
    await manager.revoke(sessionsOf(session, [session.sessionId]));
    for (const given of [credentials, undefined]) {
      await expect(manager.reauthenticate(session, {}, given)).rejects.toMatchObject({
        code: 'session-ended',
      });
    }
  });

  it(satisfies('reach every node within the lease', 'NIST 5.1 assurance'), async () => {
    const [here, there] = [nodes.use(), nodes.use()];
    const { session, credentials } = await open(here, { acr: 'aal2', amr: ['pwd', 'otp'] });
    expect(await there.verify(credentials)).toMatchObject({ acr: 'aal2' });

    const lowered = await here.lowerAssurance(everySessionOf(session), { methods: ['otp'], acr: 'aal1' });
    expect(lowered).toEqual([session.sessionId]);
    expect(await here.verify(credentials)).toMatchObject({ acr: 'aal1', amr: ['pwd'] });
    nodes.clock.advance(LEASE);
    expect(await there.verify(credentials)).toMatchObject({ acr: 'aal1', amr: ['pwd'] });

    await there.reauthenticate(session, { acr: 'aal2' });
    nodes.clock.advance(LEASE);
    expect(await here.verify(credentials)).toMatchObject({ acr: 'aal2', amr: [] });
  });

  it(
    satisfies(
      'refuse a sign-in and an authentication with a factor that was removed since',
      'NIST 5.1 assurance',
    ),
    async () => {
      const manager = nodes.use();
      const { session, credentials } = await open(manager, { amr: ['otp'] });
      const credentialsCheckedAt = new Date(nodes.clock.now());
      nodes.clock.advance(10);
      await manager.lowerAssurance(everySessionOf(session), { methods: ['otp'] });
      const late = { amr: ['otp'], credentialsCheckedAt };
      await expect(open(manager, late)).rejects.toMatchObject({ code: 'credential-changed' });
      await expect(manager.reauthenticate(session, late)).rejects.toMatchObject({
        code: 'credential-changed',
      });
      expect(await manager.verify(credentials)).toMatchObject({ amr: [] });
    },
  );

  it('reject invalid calls and change nothing', async () => {
    const manager = nodes.use();
    const { session, credentials } = await open(manager, { acr: 'aal2', amr: ['otp'] });
    const all = everySessionOf(session);
    for (const given of [{ method: ['otp'] }, null, 'otp']) {
      await expect(manager.lowerAssurance(all, given as never)).rejects.toThrow(TypeError);
    }
    for (const given of [{ methods: 'otp' }, { methods: ['a b'] }, { acr: '' }]) {
      await expect(manager.lowerAssurance(all, given as never)).rejects.toMatchObject({
        code: 'invalid-request',
      });
    }
    await expect(manager.lowerAssurance('alice' as never)).rejects.toThrow(TypeError);
    await expect(manager.reauthenticate(session, { method: 'otp' } as never)).rejects.toThrow(TypeError);
    expect(await manager.verify(credentials)).toMatchObject({ acr: 'aal2', amr: ['otp'] });
  });
});
