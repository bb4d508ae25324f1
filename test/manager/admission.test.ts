import { admissionOf } from '../../lib/manager/admission';
import { sessionsOf } from '../../lib/session/revocation';
import { settingsOf } from '../../lib/options/settings';
import { memory, type IdentitySessionOptions, type SigningIn } from '../../lib';
import type { Policy } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { ALICE, HOUR, aSession } from '../support/sessions';

const clock = new FakeClock();
const newcomer = aSession(clock.now(), { tenantId: 'acme', device: 'Mobile', clientId: 'mail' });

const admission = (options: IdentitySessionOptions = {}, policy: Policy = {}) =>
  admissionOf(newcomer, undefined, policy, settingsOf({ store: memory(), clock, ...options }));

const others = { tenantId: 'acme', userId: 'alice' };
const displaced = { at: newcomer.signedIn, reason: 'displaced', by: null };

describe('a sign-in', () => {
  it('ends nothing and meets no limit by default', async () => {
    expect(await admission()).toMatchObject({ displaces: [], limits: [] });
    expect((await admission()).cutoffs.short).toBe(newcomer.signedIn - HOUR);
  });

  it('ends the session whose credentials came with it, before those that it displaces', async () => {
    const settings = settingsOf({ store: memory(), preventConcurrentLogin: 'LogoutFromAllDevices' });
    const replaced = sessionsOf(ALICE, ['0'.repeat(32)]);
    expect((await admissionOf(newcomer, replaced, {}, settings)).displaces).toEqual([
      { which: replaced, end: { ...displaced, reason: 'replaced' } },
      { which: { owner: others, except: newcomer.sessionId }, end: displaced },
    ]);
  });

  it('goes by what administrators have set rather than by the option', async () => {
    const strict = { preventConcurrentLogin: 'LogoutFromAllDevices' } as const;
    expect((await admission(strict, { preventConcurrentLogin: 'Disabled' })).displaces).toEqual([]);
    expect((await admission({}, { preventConcurrentLogin: 'LogoutFromSameTypeDevices' })).displaces).toEqual([
      { which: { owner: others, except: newcomer.sessionId, device: 'Mobile' }, end: displaced },
    ]);
  });

  it("meets the app's own rules too, which are told who signs in with what", async () => {
    const asked: SigningIn[] = [];
    const { displaces, limits } = await admission({
      maxSessionsPerUser: 5,
      rulesFor: async (who) => {
        asked.push(who);
        return {
          maxSessionsPerDevice: 1,
          onLimit: 'refuse',
          preventConcurrentLogin: 'LogoutFromSameTypeDevices',
        };
      },
    });
    expect(asked).toEqual([{ tenantId: 'acme', userId: 'alice', device: 'Mobile', clientId: 'mail' }]);
    expect(displaces).toHaveLength(1);
    expect(limits).toEqual([
      { per: 'device', max: 1, onLimit: 'refuse' },
      { per: 'user', max: 5, onLimit: 'endOldest' },
    ]);
  });

  it('fails when those rules cannot be had, rather than go on without', async () => {
    const failing = { rulesFor: () => Promise.reject(new Error('no answer')) };
    await expect(admission(failing)).rejects.toThrow('no answer');
    await expect(admission({ rulesFor: () => ({ maxSessionsPerUser: -1 }) })).rejects.toThrow(TypeError);
  });
});
