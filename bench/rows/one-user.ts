import type { IdentitySessionManager } from '../../lib';
import { percentile, ratios, summary, timed, type Summary } from '../statistics';
import { builtPackage } from '../variants/peers';
import type { FilledTable, Row } from './filled-table';

/** The time of one call with many sessions in the table, and with few. */
export interface CallTime {
  readonly name: string;
  /** The medians, in milliseconds. */
  readonly many: number;
  readonly few: number;
  readonly ratio: Summary;
}

const ROUNDS = 400;
const WARM_UP = 50;

/** The calls to measure, by name. */
type Calls = Readonly<Record<string, (manager: IdentitySessionManager, row: Row) => Promise<unknown>>>;

export const CALLS: Calls = {
  'list of one user': (manager, row) => manager.list(row),
  'get one': (manager, { sessionId }) => manager.administration.get(sessionId),
  'revoke one': (manager, row) => manager.revoke(builtPackage().sessionsOf(row, [row.sessionId])),
  'revoke others': (manager, row) => manager.revoke(builtPackage().otherSessionsOf(row, row.sessionId)),
};

/** Measures the calls of a user, alternately in a large table and in a small one. */
export async function timeCalls(many: FilledTable, few: FilledTable, measured = CALLS): Promise<CallTime[]> {
  const tables = await Promise.all(
    [many, few].map(async (table) => ({
      manager: table.manager(),
      rows: await table.sample(WARM_UP + ROUNDS),
    })),
  );
  const times = Object.keys(measured).map(() => tables.map((): number[] => []));
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [index, call] of Object.values(measured).entries()) {
      for (const [of, { manager, rows }] of tables.entries()) {
        const time = await timed(() => call(manager, rows[round]!));
        if (round >= WARM_UP) times[index]![of]!.push(time);
      }
    }
  }
  return Object.keys(measured).map((name, index) => {
    const [inMany, inFew] = times[index]!;
    return {
      name,
      many: percentile(inMany!, 50),
      few: percentile(inFew!, 50),
      ratio: summary(ratios(inMany!, inFew!)),
    };
  });
}
