import { admissionOf } from '../../lib/manager/admission';
import { sessionsOf } from '../../lib/session/revocation';
import { settingsOf } from '../../lib/options/settings';
import { memory, type IdentitySessionOptions, type SigningIn } from '../../lib';
import type { Policy } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { ALICE, HOUR, aSession } from '../support/sessions';

const clock = new FakeClock();
const session = aSession(clock.now(), { tenantId: 'acme', device: 'Mobile', clientId: 'mail' });

const admission = (options: IdentitySessionOptions = {}, policy: Policy = {}) =>
  admissionOf(session, {}, policy, settingsOf({ store: memory(), clock, ...options }));

const others = { tenantId: 'acme', userId: 'alice' };
const displaced = { at: session.signedIn, reason: 'displaced', by: null };

describe('admissionOf', () => {
  it('returns no displaced sessions and no limits by default', async () => {
    expect(await admission()).toMatchObject({ displaces: [], limits: [] });
    expect((await admission()).cutoffs.short).toBe(session.signedIn - HOUR);
  });

  it('lists chosen sessions first, then the replaced session, then the displaced ones', async () => {
    const settings = settingsOf({ store: memory(), preventConcurrentLogin: 'LogoutFromAllDevices' });
    const replaced = sessionsOf(ALICE, ['0'.repeat(32)]);
    expect(
      (await admissionOf(session, { replaced, chosen: ['1'.repeat(32)] }, {}, settings)).displaces,
    ).toEqual([
      {
        which: sessionsOf(others, ['1'.repeat(32)]),
        end: { ...displaced, reason: 'revoked', by: 'alice' },
      },
      { which: replaced, end: { ...displaced, reason: 'replaced' } },
      { which: { owner: others, except: session.sessionId }, end: displaced },
    ]);
  });

  it('prefers the stored policy to the option', async () => {
    const strict = { preventConcurrentLogin: 'LogoutFromAllDevices' } as const;
    expect((await admission(strict, { preventConcurrentLogin: 'Disabled' })).displaces).toEqual([]);
    expect((await admission({}, { preventConcurrentLogin: 'LogoutFromSameTypeDevices' })).displaces).toEqual([
      { which: { owner: others, except: session.sessionId, device: 'Mobile' }, end: displaced },
    ]);
  });

  it('prefers each limit of the policy to its option, and keeps the reaction of the option', async () => {
    const options = { maxSessionsPerUser: 5, maxSessionsPerDevice: 3, onLimit: 'refuse' } as const;
    expect((await admission(options, { maxSessionsPerUser: 2 })).limits).toEqual([
      { per: 'device', max: 3, onLimit: 'refuse' },
      { per: 'user', max: 2, onLimit: 'refuse' },
    ]);
    const lifted = { maxSessionsPerUser: Infinity, maxSessionsPerClient: 1, maxSessionsPerDevice: Infinity };
    expect((await admission(options, lifted)).limits).toEqual([{ per: 'client', max: 1, onLimit: 'refuse' }]);
    const rulesFor = () => ({ maxSessionsPerUser: 4 });
    expect((await admission({ rulesFor }, { maxSessionsPerUser: 9 })).limits).toEqual([
      { per: 'user', max: 9, onLimit: 'endOldest' },
      { per: 'user', max: 4, onLimit: 'endOldest' },
    ]);
  });

  it('calls rulesFor with the user, tenant, device and client, and adds its rules to the options', async () => {
    const calls: SigningIn[] = [];
    const { displaces, limits } = await admission({
      maxSessionsPerUser: 5,
      rulesFor: async (signingIn) => {
        calls.push(signingIn);
        return {
          maxSessionsPerDevice: 1,
          onLimit: 'refuse',
          preventConcurrentLogin: 'LogoutFromSameTypeDevices',
        };
      },
    });
    expect(calls).toEqual([{ tenantId: 'acme', userId: 'alice', device: 'Mobile', clientId: 'mail' }]);
    expect(displaces).toHaveLength(1);
    expect(limits).toEqual([
      { per: 'device', max: 1, onLimit: 'refuse' },
      { per: 'user', max: 5, onLimit: 'endOldest' },
    ]);
  });

  it('returns neither displaced sessions nor limits for an impersonation, and does not call rulesFor', async () => {
    const rulesFor = () => Promise.reject(new Error('not called'));
    const strict = {
      preventConcurrentLogin: 'LogoutFromAllDevices',
      maxSessionsPerUser: 1,
      rulesFor,
    } as const;
    const settings = settingsOf({ store: memory(), ...strict });
    const impersonation = { ...session, actor: 'support' };
    expect(await admissionOf(impersonation, {}, {}, settings)).toMatchObject({
      displaces: [],
      limits: [],
    });
  });

  it('rejects if rulesFor fails or returns invalid rules', async () => {
    const failing = { rulesFor: () => Promise.reject(new Error('no answer')) };
    await expect(admission(failing)).rejects.toThrow('no answer');
    await expect(admission({ rulesFor: () => ({ maxSessionsPerUser: -1 }) })).rejects.toThrow(TypeError);
  });
});
