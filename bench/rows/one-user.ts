import type { IdentitySessionManager } from '../../lib';
import { percentile, ratios, summary, type Summary } from '../statistics';
import { builtPackage } from '../variants/peers';
import type { FilledTable, Row } from './filled';

/** How long one act takes among many sessions, and among few. */
export interface ActTime {
  readonly act: string;
  /** The median, in milliseconds. */
  readonly many: number;
  readonly few: number;
  readonly ratio: Summary;
}

const ROUNDS = 400;
const WARM_UP = 50;

const ACTS: Readonly<Record<string, (manager: IdentitySessionManager, row: Row) => Promise<unknown>>> = {
  'list of one user': (manager, row) => manager.list(row),
  'get one': (manager, { sessionId }) => manager.administration.get(sessionId),
  'revoke one': (manager, row) => manager.revoke(builtPackage().sessionsOf(row, [row.sessionId])),
  'revoke others': (manager, row) => manager.revoke(builtPackage().otherSessionsOf(row, row.sessionId)),
};

/** What users do with their sessions, in a large table and in a small one by turns. */
export async function timeActs(many: FilledTable, few: FilledTable): Promise<ActTime[]> {
  const tables = await Promise.all(
    [many, few].map(async (table) => ({
      manager: table.manager(),
      rows: await table.sample(WARM_UP + ROUNDS),
    })),
  );
  const times = Object.keys(ACTS).map(() => tables.map((): number[] => []));
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [index, act] of Object.values(ACTS).entries()) {
      for (const [of, { manager, rows }] of tables.entries()) {
        const began = performance.now();
        await act(manager, rows[round]!);
        if (round >= WARM_UP) times[index]![of]!.push(performance.now() - began);
      }
    }
  }
  return Object.keys(ACTS).map((act, index) => {
    const [inMany, inFew] = times[index]!;
    return {
      act,
      many: percentile(inMany!, 50),
      few: percentile(inFew!, 50),
      ratio: summary(ratios(inMany!, inFew!)),
    };
  });
}
