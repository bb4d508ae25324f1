import { createIdentitySessionManager, memory, type IdentitySessionOptions } from '../../../lib';
import { idlePolicy, idleSettingValues, setIdlePolicy } from '../../../lib/protocols/abp/idle-policy';

const manager = (options: IdentitySessionOptions = {}) =>
  createIdentitySessionManager({ store: memory(), location: false, ...options });

const IDLE = { enabled: true, idleTimeoutMinutes: 30, countdownSeconds: 20 };

describe('idlePolicy', () => {
  it("returns ABP's defaults, disabled, until a policy is stored", async () => {
    expect(await idlePolicy(manager())).toEqual({
      enabled: false,
      idleTimeoutMinutes: 60,
      countdownSeconds: 60,
    });
  });

  it('returns the stored policy, also on other nodes', async () => {
    const shared = memory();
    await setIdlePolicy(manager({ store: shared }), IDLE);
    expect(await idlePolicy(manager({ store: shared }))).toEqual(IDLE);
  });

  it.each([
    ['1H', { idleTimeoutMinutes: 59, countdownSeconds: 60 }],
    ['5M', { idleTimeoutMinutes: 4, countdownSeconds: 60 }],
    ['10s', { idleTimeoutMinutes: 1, countdownSeconds: 5 }],
  ])('limits the stored times to the long lifetime of the node, %s', async (lifetime, times) => {
    const shared = memory();
    await setIdlePolicy(manager({ store: shared }), {
      enabled: true,
      idleTimeoutMinutes: 1440,
      countdownSeconds: 60,
    });
    const brief = manager({ store: shared, shortLifetime: lifetime, longLifetime: lifetime });
    expect(await idlePolicy(brief)).toEqual({ enabled: true, ...times });
  });
});

describe('idleSettingValues', () => {
  it('returns the policy in the form of the application configuration', async () => {
    const here = manager();
    expect(await idleSettingValues(here)).toMatchObject({ 'Abp.Account.Idle.Enabled': 'false' });
    await setIdlePolicy(here, IDLE);
    expect(await idleSettingValues(here)).toEqual({
      'Abp.Account.Idle.Enabled': 'true',
      'Abp.Account.Idle.IdleTimeoutMinutes': '30',
      'Abp.Account.Idle.CountdownSeconds': '20',
    });
  });
});

describe('setIdlePolicy', () => {
  it('sets the idle timeout of the policy to both times while it is enabled', async () => {
    const here = manager();
    await setIdlePolicy(here, IDLE);
    expect((await here.administration.policy()).idleTimeout).toBe((30 * 60 + 20) * 1000);
    await setIdlePolicy(here, { ...IDLE, enabled: false });
    expect((await here.administration.policy()).idleTimeout).toBeUndefined();
  });

  it('removes the stored policy if it is null, and leaves other settings alone', async () => {
    const here = manager();
    await here.administration.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await setIdlePolicy(here, IDLE);
    await setIdlePolicy(here, null);
    expect(await here.administration.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    expect((await idlePolicy(here)).enabled).toBe(false);
  });

  it.each([
    [{ ...IDLE, enabled: 'yes' }, 'enabled'],
    [{ ...IDLE, idleTimeoutMinutes: 525_601 }, 'idleTimeoutMinutes'],
    [{ ...IDLE, idleTimeoutMinutes: 1, countdownSeconds: 61 }, 'countdownSeconds'],
  ])('rejects %j with invalid-request and stores nothing', async (policy, field) => {
    const here = manager({ shortLifetime: '1H' });
    await expect(setIdlePolicy(here, policy as never)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(`"${field}"`),
      field,
    });
    expect(await here.administration.policy()).toEqual({});
  });
});
