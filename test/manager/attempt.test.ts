import { setTimeout as sleep } from 'node:timers/promises';

import { Attempt, currentAttempt, type Outcome } from '../../lib/manager/attempt';
import { FakeClock } from '../support/clock';

function outcomeOf(attempt: Attempt, refused: boolean): Outcome | undefined {
  let outcome: Outcome | undefined;
  attempt.whenOver((decided) => (outcome = decided));
  attempt.end(refused);
  return outcome;
}

describe('Attempt', () => {
  it.each([
    ['failed', undefined, true],
    ['undecided', undefined, false],
    ['undecided', 'undecided', true],
    ['succeeded', 'succeeded', true],
    ['succeeded', 'succeeded', false],
  ] as const)(
    'is %s if it was decided as %s and the response refused it: %s',
    (outcome, decided, refused) => {
      const attempt = new Attempt(new FakeClock());
      if (decided !== undefined) attempt.decide(decided);
      expect(outcomeOf(attempt, refused)).toBe(outcome);
    },
  );

  it('is decided by asynchronous calls during it, and not by those of other attempts', async () => {
    const [one, other] = [new Attempt(new FakeClock()), new Attempt(new FakeClock())];
    const work = async (outcome: Outcome) => {
      await sleep(1);
      currentAttempt()?.decide(outcome);
    };
    await Promise.all([
      new Promise<void>((resolve) => one.during(() => void work('succeeded').then(resolve))),
      new Promise<void>((resolve) => other.during(() => void work('undecided').then(resolve))),
    ]);
    expect([outcomeOf(one, true), outcomeOf(other, true)]).toEqual(['succeeded', 'undecided']);
  });

  it('calls a listener that was added after the end immediately', () => {
    const attempt = new Attempt(new FakeClock());
    attempt.end(false);
    const listener = jest.fn();
    attempt.whenOver(listener);
    expect(listener.mock.calls).toEqual([['undecided']]);
  });

  it('calls listeners once', () => {
    const attempt = new Attempt(new FakeClock());
    const listener = jest.fn();
    attempt.whenOver(listener);
    attempt.end(true);
    attempt.end(true);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('currentAttempt', () => {
  it('is undefined outside an attempt', () => {
    expect(currentAttempt()).toBeUndefined();
  });
});
