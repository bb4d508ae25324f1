import { AccountLimit } from '../../lib/manager/account-limit';
import type { SessionEvent } from '../../lib';
import type { SignInAttempts } from '../../lib/store/attempts';
import { memoryAttempts } from '../../lib/store/memory-attempts';
import { FakeClock } from '../support/clock';

function limitOn(attempts: SignInAttempts = memoryAttempts(), events: SessionEvent[] = []): AccountLimit {
  const settings = { clock: new FakeClock(), report: (event: SessionEvent) => void events.push(event) };
  return new AccountLimit(attempts, () => ['a key of an installation'], settings);
}

describe('AccountLimit', () => {
  it.each([['ALICE@example.com'], ['  alice@example.com\n'], ['alice＠example.com'], ['Alice@Example.Com']])(
    'counts %j as the account alice@example.com',
    async (spelling) => {
      const limit = limitOn();
      expect(await limit.attemptOn(spelling, undefined)).toEqual(
        await limit.attemptOn('alice@example.com', undefined),
      );
    },
  );

  it('passes no name and no address to the store', async () => {
    const attempt = await limitOn().attemptOn('alice', '192.0.2.1');
    expect(attempt).toEqual({
      account: expect.stringMatching(/^[0-9a-f]{64}$/),
      address: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('reports an outcome that cannot be written, because the response is already sent', async () => {
    const broken = new Error('no disk');
    const events: SessionEvent[] = [];
    const limit = limitOn({ ...memoryAttempts(), succeed: () => Promise.reject(broken) }, events);
    limit.settle(await limit.attemptOn('alice', undefined), 'succeeded');
    await new Promise(setImmediate);
    expect(events).toEqual([{ type: 'failed', task: 'attempts', error: broken }]);
  });
});
