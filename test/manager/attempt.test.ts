import { setTimeout as sleep } from 'node:timers/promises';

import { Attempt, decideAttempt, type Outcome } from '../../lib/manager/attempt';

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
      const attempt = new Attempt();
      if (decided !== undefined) attempt.decide(decided);
      expect(outcomeOf(attempt, refused)).toBe(outcome);
    },
  );

  it('is decided by asynchronous calls during it, and not by those of other attempts', async () => {
    const [one, other] = [new Attempt(), new Attempt()];
    const work = async (outcome: Outcome) => {
      await sleep(1);
      decideAttempt(outcome);
    };
    await Promise.all([
      new Promise<void>((resolve) => one.during(() => void work('succeeded').then(resolve))),
      new Promise<void>((resolve) => other.during(() => void work('undecided').then(resolve))),
    ]);
    expect([outcomeOf(one, true), outcomeOf(other, true)]).toEqual(['succeeded', 'undecided']);
  });

  it('calls listeners once', () => {
    const attempt = new Attempt();
    const listener = jest.fn();
    attempt.whenOver(listener);
    attempt.end(true);
    attempt.end(true);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('decideAttempt', () => {
  it('does nothing outside an attempt', () => {
    expect(() => decideAttempt('succeeded')).not.toThrow();
  });
});
