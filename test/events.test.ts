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
import { turns, until } from './support/gate';

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

describe('the events of a manager', () => {
  it('report a session that was opened, and each use', async () => {
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

  it('do not report a request that does not count as activity', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    await manager.verify(credentials, { activity: false });
    expect(events).toEqual([]);
  });

  it('report a session that was woken', async () => {
    const manager = use();
    const { credentials, reference } = await open(manager, { staySignedIn: true });
    clock.advance(2 * HOUR);
    await manager.revive(credentials);
    expect(events).toEqual([
      { type: 'reactivated', session: reference },
      { type: 'touched', session: reference },
    ]);
  });

  it('report a signed-out session once, with its reason and actor', async () => {
    const manager = use();
    const { credentials, reference } = await open(manager);
    await manager.signOut(credentials);
    await manager.signOut(credentials);
    expect(events).toEqual([{ type: 'ended', session: reference, reason: 'signed-out', by: 'alice' }]);
  });

  it('report a revoked session with the actor that the app named', async () => {
    const manager = use();
    const { reference } = await open(manager);
    await manager.revoke({ owner, only: [reference.sessionId] }, { by: 'support' });
    expect(events).toEqual([{ type: 'ended', session: reference, reason: 'revoked', by: 'support' }]);
  });

  it('contain no invisible characters that a client or an administrator chose', async () => {
    const manager = use();
    const { credentials } = await manager
      .open({ ...alice, clientId: 'mail\u202e\n', authId: 'login\u2066-1' })
      .then(({ session: { sessionId }, secret }) => ({ credentials: { sessionId, secret } }));
    await manager.verify(credentials);
    await manager.revoke({ owner, only: [credentials.sessionId] }, { by: 'support\r\u200b' });
    const session = expect.objectContaining({ clientId: 'mail', authId: 'login-1' });
    expect(events).toEqual([
      { type: 'added', session },
      { type: 'touched', session },
      { type: 'ended', session, reason: 'revoked', by: 'support' },
    ]);
  });

  it('report a signal without invisible characters in the user agents before and after it', async () => {
    const manager = use();
    const { session, secret } = await manager.open({ ...alice, userAgent: 'shop/1\u200b' });
    await manager.verify({ sessionId: session.sessionId, secret }, { userAgent: 'thief/1\u202e' });
    await until(() => events.some(({ type }) => type === 'signal'));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'signal', before: 'shop/1', after: 'thief/1', userAgent: 'thief/1' }),
    );
  });

  it('report the actor of an impersonation, without invisible characters', async () => {
    await use().open({ ...alice, actor: 'support\u200b' });
    expect(events).toMatchObject([{ type: 'added', actor: 'support' }]);
  });

  it('report the sessions that a sign-in displaced before the new session', async () => {
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

  it('report refused requests, with the session only if the secret was right', async () => {
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

  it('report refused sign-ins with their owner', async () => {
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

  it('contain no secret and no hash', async () => {
    const manager = use();
    const others: SessionEvent[] = [];
    const { credentials, secret } = await open(use({ report: (event) => others.push(event) }));
    await refusedBy(() => manager.verify(credentials));
    await manager.signOut(credentials);
    const text = JSON.stringify([...events, ...others]);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/hash/i);
  });
});

const broken = new Error('The app failed');

describe('unawaited', () => {
  it('calls the function immediately', () => {
    const call = jest.fn();
    unawaited(call, () => undefined);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => unknown]>([
    [
      'a function that throws',
      () => {
        throw broken;
      },
    ],
    ['a promise that rejects', () => Promise.reject(broken)],
    [
      'a thenable of another library that rejects',
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(broken) }),
    ],
  ])('passes the error of %s to the callback', async (_, call) => {
    const failed = jest.fn();
    expect(() => unawaited(call, failed)).not.toThrow();
    await turns();
    expect(failed.mock.calls).toEqual([[broken]]);
  });

  it('does not call the callback without a failure', async () => {
    const failed = jest.fn();
    unawaited(() => Promise.resolve(), failed);
    await turns();
    expect(failed).not.toHaveBeenCalled();
  });
});
