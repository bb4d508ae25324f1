import {
  createIdentitySessionManager,
  memory,
  SessionError,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type SignIn,
} from '../lib';
import { FakeClock } from './support/clock';
import { HOUR } from './support/sessions';
import { unawaited } from '../lib/events';
import { turns } from './support/gate';

let clock: FakeClock;
let events: SessionEvent[];

beforeEach(() => {
  clock = new FakeClock();
  events = [];
});

function use(options: IdentitySessionOptions = {}): IdentitySessionManager {
  const report = (event: SessionEvent) => events.push(event);
  return createIdentitySessionManager({ store: memory(), clock, location: false, report, ...options });
}

const alice: SignIn = {
  userId: 'alice',
  tenantId: 'acme',
  clientId: 'mail',
  authId: 'login-1',
  ipAddress: '192.0.2.1',
};

const owner = { tenantId: 'acme', userId: 'alice' };

async function open(manager: IdentitySessionManager, said: Partial<SignIn> = {}) {
  const { session, secret } = await manager.open({ ...alice, ...said });
  const { sessionId, tenantId, userId, clientId, authId } = session;
  const reference = { sessionId, tenantId, userId, clientId, authId };
  events.length = 0;
  return { reference, session, secret, credentials: { sessionId, secret } };
}

async function refusedBy(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof SessionError) return error.code;
    throw error;
  }
  throw new Error('It was not refused');
}

describe('the app is told', () => {
  it('of a session that was opened, and of each use', async () => {
    const manager = use();
    const { session, secret } = await manager.open(alice);
    await manager.verify({ sessionId: session.sessionId, secret });
    const reference = {
      sessionId: session.sessionId,
      tenantId: 'acme',
      userId: 'alice',
      clientId: 'mail',
      authId: 'login-1',
    };
    expect(events).toEqual([
      { type: 'added', session: reference },
      { type: 'touched', session: reference },
    ]);
  });

  it('nothing of a look that does not count as use', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    await manager.verify(credentials, { activity: false });
    expect(events).toEqual([]);
  });

  it('of a session that was woken', async () => {
    const manager = use();
    const { credentials, reference } = await open(manager, { staySignedIn: true });
    clock.advance(2 * HOUR);
    await manager.revive(credentials);
    expect(events).toEqual([
      { type: 'reactivated', session: reference },
      { type: 'touched', session: reference },
    ]);
  });

  it('of sessions that ended, why and by whom, once', async () => {
    const manager = use();
    const { credentials, reference } = await open(manager);
    await manager.signOut(credentials);
    await manager.signOut(credentials);
    expect(events).toEqual([{ type: 'ended', session: reference, reason: 'signed-out', by: 'alice' }]);
  });

  it('of sessions that somebody else ended, in the words of the app', async () => {
    const manager = use();
    const { reference } = await open(manager);
    await manager.revoke({ owner, only: [reference.sessionId] }, { by: 'support' });
    expect(events).toEqual([{ type: 'ended', session: reference, reason: 'revoked', by: 'support' }]);
  });

  it('of what a sign-in pushes out, before it is told of the newcomer', async () => {
    const manager = use({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    const { reference } = await open(manager);
    const { session } = await manager.open({ ...alice, authId: 'login-2' });
    expect(events).toEqual([
      { type: 'ended', session: reference, reason: 'displaced', by: null },
      {
        type: 'added',
        session: expect.objectContaining({ sessionId: session.sessionId, authId: 'login-2' }),
      },
    ]);
  });

  it('of requests that were turned down: with the session only when its secret was shown', async () => {
    const manager = use();
    const { credentials, reference } = await open(manager);
    await manager.revoke({ owner });
    events.length = 0;

    const from = { ipAddress: '203.0.113.9' };
    const wrong = { ...credentials, secret: 'A'.repeat(43) };
    expect(await refusedBy(() => manager.verify(wrong, from))).toBe('credentials-invalid');
    expect(await refusedBy(() => manager.verify(credentials, from))).toBe('session-ended');
    expect(events).toEqual([
      { type: 'refused', code: 'credentials-invalid', ...from },
      { type: 'refused', code: 'session-ended', session: reference, ...from },
    ]);
  });

  it('of sign-ins that were turned down, and whose they were', async () => {
    const manager = use({ maxSessionsPerUser: 1, onLimit: 'refuse' });
    await open(manager);
    expect(await refusedBy(() => manager.open({ ...alice, authId: 'login-2' }))).toBe(
      'session-limit-reached',
    );
    expect(events).toEqual([
      {
        type: 'refused',
        code: 'session-limit-reached',
        owner: { tenantId: 'acme', userId: 'alice' },
        ipAddress: '192.0.2.1',
      },
    ]);
  });

  it('no secret and no hash, whatever happens', async () => {
    const manager = use();
    const told: SessionEvent[] = [];
    const { credentials, secret } = await open(use({ report: (event) => told.push(event) }));
    await refusedBy(() => manager.verify(credentials));
    await manager.signOut(credentials);
    const text = JSON.stringify([...events, ...told]);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/hash/i);
  });
});

const broken = new Error('The app failed');

describe('what the app does and nobody waits for', () => {
  it('is begun at once', () => {
    const call = jest.fn();
    unawaited(call, () => undefined);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw broken;
      },
    ],
    ['is a promise that rejects', () => Promise.reject(broken)],
    [
      "is another library's promise",
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(broken) }),
    ],
  ])('fails where somebody is told: it %s', async (_, call) => {
    const failed = jest.fn();
    expect(() => unawaited(call, failed)).not.toThrow();
    await turns();
    expect(failed.mock.calls).toEqual([[broken]]);
  });

  it('is no failure otherwise', async () => {
    const failed = jest.fn();
    unawaited(() => Promise.resolve(), failed);
    await turns();
    expect(failed).not.toHaveBeenCalled();
  });
});
