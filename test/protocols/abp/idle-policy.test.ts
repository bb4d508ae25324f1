import { createIdentitySessionManager, memory, type IdentitySessionOptions } from '../../../lib';
import { idlePolicy, setIdlePolicy } from '../../../lib/protocols/abp/idle-policy';

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

  it('limits the stored times to the short lifetime of the node', async () => {
    const shared = memory();
    await setIdlePolicy(manager({ store: shared }), {
      ...IDLE,
      idleTimeoutMinutes: 60,
      countdownSeconds: 600,
    });
    const brief = manager({ store: shared, shortLifetime: '5M', touchInterval: 1000 });
    expect(await idlePolicy(brief)).toEqual({ enabled: true, idleTimeoutMinutes: 5, countdownSeconds: 300 });
  });
});

describe('setIdlePolicy', () => {
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
    [{ ...IDLE, idleTimeoutMinutes: 61 }, 'idleTimeoutMinutes'],
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
