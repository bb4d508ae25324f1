import type { IdentitySessionManager } from '../../lib';
import { signInOf } from '../people';
import { median, ratios, summary, type Summary } from '../statistics';
import type { FilledTable } from './filled';
import { timed } from './pages';

/** Many sign-ins of one user at once. */
export interface RushTime {
  readonly name: string;
  /** The median of all of them together, in milliseconds. */
  readonly all: number;
  /** How many times as long as without a rule. */
  readonly ratio: Summary;
}

const AT_ONCE = 50;
const ROUNDS = 30;
const WARM_UP = 3;

/** With one session a user and without any rule, by turns. */
export async function timeRushes(table: FilledTable): Promise<RushTime[]> {
  const managers: Readonly<Record<string, IdentitySessionManager>> = {
    'no rule': table.manager(),
    'no rule again (control)': table.manager(),
    LogoutFromAllDevices: table.manager({ preventConcurrentLogin: 'LogoutFromAllDevices' }),
  };
  const times = Object.keys(managers).map((): number[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [index, manager] of Object.values(managers).entries()) {
      const time = await timed(() => rush(manager, `${index} in a hurry, ${round}`));
      if (round >= 0) times[index]!.push(time);
    }
  }
  return Object.keys(managers).map((name, index) => ({
    name,
    all: median(times[index]!),
    ratio: summary(ratios(times[index]!, times[0]!)),
  }));
}

function rush(manager: IdentitySessionManager, userId: string): Promise<unknown> {
  return Promise.all(Array.from({ length: AT_ONCE }, (_, count) => manager.open(signInOf(userId, count))));
}
