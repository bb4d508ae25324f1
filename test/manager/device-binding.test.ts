import { plainRefusal } from '../../lib/errors';
import { memory, type IdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import type { BindingEvidence } from '../../lib/manager/device-binding';
import { deviceBindingOf } from '../../lib/manager/device-binding';
import { DeviceKey } from '../support/device-key';
import { nodesOnADatabase, open, refusal } from '../support/nodes';

const nodes = nodesOnADatabase();
const MINUTE = 60_000;
const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)] as const;

const node = (options: IdentitySessionOptions = {}) => nodes.use({ deviceBound: 'optional', ...options });
const shows = (cookie: string | undefined): BindingEvidence => ({ cookie, skipped: false });

/** Binds a session as a browser does that then sends a request with its bound cookie. Returns the cookie. */
async function bind(
  manager: IdentitySessionManager,
  { session, credentials }: Awaited<ReturnType<typeof open>>,
  key = new DeviceKey(),
): Promise<string> {
  const binding = deviceBindingOf(manager);
  const proof = key.registration(await binding.registrationChallenge(session));
  const cookie = await binding.register(session, proof);
  await manager.verify(credentials, { binding: shows(cookie) });
  return cookie;
}

describe('a bound session', () => {
  it('is accepted without waiting', async () => {
    const manager = node({ knex: undefined, store: memory() });
    const opened = await open(manager);
    const cookie = await bind(manager, opened);
    nodes.clock.advance(MINUTE);
    expect(manager.verify(opened.credentials, { binding: shows(cookie) })).not.toBeInstanceOf(Promise);
  });

  it('is refused if the caller of `verify` shows nothing', async () => {
    const manager = node();
    const opened = await open(manager);
    await bind(manager, opened);
    nodes.clock.advance(MINUTE);
    await expect((async () => manager.verify(opened.credentials))()).rejects.toEqual(
      refusal('binding-required'),
    );
  });

  it('is accepted with a cookie of an older key of the installation', async () => {
    const before = node({ keys: [OLD] });
    const opened = await open(before);
    const cookie = await bind(before, opened);
    nodes.clock.advance(MINUTE);
    const visit = { binding: shows(cookie) };
    await expect(
      (async () => node({ keys: [NEW, OLD] }).verify(opened.credentials, visit))(),
    ).resolves.toBeDefined();
    await expect((async () => node({ keys: [NEW] }).verify(opened.credentials, visit))()).rejects.toEqual(
      refusal('binding-required'),
    );
  });

  it('is bound on every node within the lease', async () => {
    const [one, other] = [node(), node()];
    const opened = await open(one);
    await other.verify(opened.credentials);
    await bind(one, opened);
    nodes.clock.advance(MINUTE);
    await expect((async () => other.verify(opened.credentials))()).rejects.toEqual(
      refusal('binding-required'),
    );
  });

  it('does not concern tokens that the app signs', async () => {
    const manager = node();
    const opened = await open(manager);
    await bind(manager, opened);
    nodes.clock.advance(MINUTE);
    await expect((async () => manager.verifyClaimed(opened.session.sessionId))()).resolves.toBeDefined();
  });
});

describe('a registration', () => {
  it('does not keep a request waiting if the database cannot note that the cookie was shown', async () => {
    const store = memory();
    store.confirmBinding = () => Promise.reject(plainRefusal('store-unavailable'));
    const manager = node({ knex: undefined, store });
    const opened = await open(manager);
    await bind(manager, opened);
    nodes.clock.advance(MINUTE);
    const again = manager.verify(opened.credentials);
    await expect((async () => again)()).resolves.toMatchObject({ boundAt: null });
  });

  it('is refused after the session has ended', async () => {
    const manager = node();
    const { session } = await open(manager);
    const binding = deviceBindingOf(manager);
    const challenge = await binding.registrationChallenge(session);
    await manager.administration.revoke(session.sessionId);
    const registering = binding.register(session, new DeviceKey().registration(challenge));
    await expect(registering).rejects.toEqual(refusal('credentials-invalid'));
  });
});
