import type { IdentitySessionManager } from '../../lib';
import { signInOf } from '../people';
import { median, ratios, summary, timed, type Summary } from '../statistics';
import type { FilledTable } from './filled-table';

/** The time of many concurrent sign-ins of one user. */
export interface BurstTime {
  readonly name: string;
  /** The median time until all have finished, in milliseconds. */
  readonly all: number;
  /** The time relative to sign-ins without a rule. */
  readonly ratio: Summary;
}

const AT_ONCE = 50;
const ROUNDS = 30;
const WARM_UP = 3;

/** Measures alternately with one session allowed per user and without a rule. */
export async function timeBursts(table: FilledTable): Promise<BurstTime[]> {
  const managers: Readonly<Record<string, IdentitySessionManager>> = {
    'no rule': table.manager(),
    'no rule again (control)': table.manager(),
    LogoutFromAllDevices: table.manager({ preventConcurrentLogin: 'LogoutFromAllDevices' }),
  };
  const times = Object.keys(managers).map((): number[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [index, manager] of Object.values(managers).entries()) {
      const time = await timed(() => burst(manager, `user ${index}, ${round}`));
      if (round >= 0) times[index]!.push(time);
    }
  }
  return Object.keys(managers).map((name, index) => ({
    name,
    all: median(times[index]!),
    ratio: summary(ratios(times[index]!, times[0]!)),
  }));
}

function burst(manager: IdentitySessionManager, userId: string): Promise<unknown> {
  return Promise.all(Array.from({ length: AT_ONCE }, (_, count) => manager.open(signInOf(userId, count))));
}
