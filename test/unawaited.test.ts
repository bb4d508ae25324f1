import { unawaited } from '../lib/unawaited';
import { turns } from './support/gate';

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
