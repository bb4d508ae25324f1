import { SessionError } from '../../errors';
import type { Owner } from '../../session/session';

/** How many go together at the most: all of them have one request's budget for it. */
const TOGETHER = 20;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets work for one owner take turns in this process. Without it, many sign-ins of one user would each hold a connection
 * while they wait for the user's lock in the database, and leave none for anybody else. Those who wait while others are at
 * work go together next, and share what a turn costs. When the database cannot do a turn, it is not asked again for those
 * who waited meanwhile.
 */
export class OwnerQueue<Item, Result> {
  readonly #waiting = new Map<string, Waiting<Item, Result>[]>();

  /** @param work does all of it or nothing, and answers a result for each item. */
  constructor(private readonly work: (items: readonly Item[]) => Promise<readonly Result[]>) {}

  run({ tenantId, userId }: Owner, item: Item): Promise<Result> {
    const key = JSON.stringify([tenantId ?? null, userId]);
    return new Promise((resolve, reject) => {
      const mine = { item, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) void this.#takeTurns(key, mine);
      else waiting.push(mine);
    });
  }

  async #takeTurns(key: string, first: Waiting<Item, Result>): Promise<void> {
    const waiting: Waiting<Item, Result>[] = [];
    this.#waiting.set(key, waiting);
    for (let turn = [first]; turn.length > 0; turn = waiting.splice(0, TOGETHER)) {
      try {
        await this.#do(turn);
      } catch (error) {
        // All of them would wait as long again, and each for those before it.
        for (const { reject } of [...turn, ...waiting.splice(0)]) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  /**
   * What fails for one must not fail for others: then each goes alone.
   * @throws SessionError `store-unavailable`, which is nobody's fault
   */
  async #do(turn: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.work(turn.map(({ item }) => item));
      for (const [index, { resolve }] of turn.entries()) resolve(results[index]!);
    } catch (error) {
      if (error instanceof SessionError && error.code === 'store-unavailable') throw error;
      if (turn.length === 1) turn[0]!.reject(error);
      else for (const one of turn) await this.#do([one]);
    }
  }
}
