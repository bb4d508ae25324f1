import { SessionError, type SessionEvent } from '../../../lib';
import type { AbpRouterOptions } from '../../../lib/protocols/abp';
import { AbpApp } from '../../support/abp';

const site = new AbpApp();

const ADMINISTRATORS_ONLY = [
  ['get', '/api/identity/sessions'],
  ['get', '/api/identity/sessions/0198c1a2-0000-7000-8000-00000000000a'],
  ['delete', '/api/identity/sessions/0198c1a2-0000-7000-8000-00000000000a'],
  ['get', '/api/identity/settings/session'],
  ['put', '/api/identity/settings/session'],
  ['get', '/api/account-admin/settings/idle'],
  ['put', '/api/account-admin/settings/idle'],
] as const;

async function statuses(userId: string): Promise<number[]> {
  const browser = await site.signedIn({ userId });
  const answers = [];
  for (const [method, path] of ADMINISTRATORS_ONLY) answers.push(await browser[method](path));
  for (const { status, body, headers } of answers) {
    if (status !== 403) continue;
    expect([body.error.code, headers['_abperrorformat']]).toEqual(['permission-missing', 'true']);
  }
  return answers.map(({ status }) => status);
}

const REFUSED = [403, 403, 403, 403, 403, 403, 403];

describe('the routes for administrators', () => {
  it('return 403 and change nothing if the app does not grant the permission', async () => {
    await site.arrange();
    expect(await statuses('alice')).toEqual(REFUSED);
    expect(await site.manager.administration.policy()).toEqual({});
  });

  it('return 401 without a session, before the app is asked', async () => {
    const isGranted = jest.fn(() => true);
    await site.arrange({ isGranted });
    const stranger = await site.signedIn();
    stranger.cookies.clear();
    for (const [method, path] of ADMINISTRATORS_ONLY) {
      const { status, body } = await stranger[method](path);
      expect([status, body.error.code]).toEqual([401, 'credentials-missing']);
    }
    expect(isGranted).not.toHaveBeenCalled();
  });

  it('respond if the app grants the permission, directly or with a promise', async () => {
    for (const isGranted of [() => true, async () => true]) {
      await site.arrange({ isGranted });
      expect(await statuses('alice')).toEqual([200, 404, 404, 200, 400, 200, 400]);
    }
  });

  it.each([
    ['false', () => false],
    ['a promise of false', async () => false],
    ['undefined', () => undefined],
    ['a promise of undefined', async () => undefined],
    ['a value other than true', () => 'yes'],
    ['a promise of a value other than true', async () => ({ granted: true })],
  ])('return 403 if isGranted returns %s', async (_, isGranted) => {
    await site.arrange({ isGranted: isGranted as AbpRouterOptions['isGranted'] });
    expect(await statuses('admin')).toEqual(REFUSED);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('permissions are away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('permissions are away'))],
  ])('return 403 and report the error if isGranted %s', async (_, isGranted) => {
    const events: SessionEvent[] = [];
    await site.arrange({ isGranted, manager: { report: (event) => events.push(event) } });
    expect(await statuses('admin')).toEqual(REFUSED);
    const failures = events.filter(({ type }) => type === 'failed');
    expect(failures).toHaveLength(REFUSED.length);
    expect(failures[0]).toMatchObject({ task: 'permission', error: new Error('permissions are away') });
  });

  it('pass on a SessionError that isGranted throws, such as 503', async () => {
    const isGranted = () => {
      throw new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
    };
    await site.arrange({ isGranted });
    const { status, headers } = await (await site.admin()).get('/api/identity/sessions');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });
});
