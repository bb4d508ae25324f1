import { memory, type IdentitySession, type IdentitySessionOptions } from '../../lib';
import type { BindingEvidence, DeviceBinding } from '../../lib/manager/device-binding';
import { deviceBindingOf } from '../../lib/manager/device-binding';
import { DeviceKey } from '../support/device-key';
import { nodesOnADatabase, open, refusal } from '../support/nodes';

const nodes = nodesOnADatabase();
const MINUTE = 60_000;
const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)] as const;

const node = (options: IdentitySessionOptions = {}) => nodes.use({ deviceBound: 'optional', ...options });
const shows = (cookie: string | undefined): BindingEvidence => ({ cookie, skipped: false });

async function bind(
  binding: DeviceBinding,
  session: IdentitySession,
  key = new DeviceKey(),
): Promise<string> {
  return binding.register(session, key.registration(await binding.registrationChallenge(session)));
}

describe('a bound session', () => {
  it('is accepted without waiting', async () => {
    const manager = node({ knex: undefined, store: memory() });
    const { session, credentials } = await open(manager);
    const cookie = await bind(deviceBindingOf(manager), session);
    nodes.clock.advance(MINUTE);
    expect(manager.verify(credentials, { binding: shows(cookie) })).not.toBeInstanceOf(Promise);
  });

  it('is refused if the caller of `verify` shows nothing', async () => {
    const manager = node();
    const { session, credentials } = await open(manager);
    await bind(deviceBindingOf(manager), session);
    nodes.clock.advance(MINUTE);
    await expect((async () => manager.verify(credentials))()).rejects.toEqual(refusal('binding-required'));
  });

  it('is accepted with a cookie of an older key of the installation', async () => {
    const before = node({ keys: [OLD] });
    const { session, credentials } = await open(before);
    const cookie = await bind(deviceBindingOf(before), session);
    nodes.clock.advance(MINUTE);
    const visit = { binding: shows(cookie) };
    await expect(
      (async () => node({ keys: [NEW, OLD] }).verify(credentials, visit))(),
    ).resolves.toBeDefined();
    await expect((async () => node({ keys: [NEW] }).verify(credentials, visit))()).rejects.toEqual(
      refusal('binding-required'),
    );
  });

  it('is bound on every node within the lease', async () => {
    const [one, other] = [node(), node()];
    const { session, credentials } = await open(one);
    await other.verify(credentials);
    await bind(deviceBindingOf(one), session);
    nodes.clock.advance(MINUTE);
    await expect((async () => other.verify(credentials))()).rejects.toEqual(refusal('binding-required'));
  });

  it('does not concern tokens that the app signs', async () => {
    const manager = node();
    const { session } = await open(manager);
    await bind(deviceBindingOf(manager), session);
    nodes.clock.advance(MINUTE);
    await expect((async () => manager.verifyClaimed(session.sessionId))()).resolves.toBeDefined();
  });
});

describe('a registration', () => {
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
