import { SessionError } from '../../errors';
import { ownerKey, type Owner } from '../../session/session';

/** The largest number of items per transaction, because all of them share the budget of one request. */
const MOST_PER_BATCH = 20;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Serializes the work for each owner in this process. Without it, parallel sign-ins of one user would each borrow a
 * connection and wait for the user's lock in the database, until no connection is left for other users. Items that arrive
 * while a batch runs form the next batch and share its transaction. If the database fails, the waiting items fail too.
 */
export class OwnerQueue<Item, Result> {
  readonly #waiting = new Map<string, Waiting<Item, Result>[]>();

  /** @param work Processes all items or none, and returns one result per item. */
  constructor(private readonly work: (items: readonly Item[]) => Promise<readonly Result[]>) {}

  run(owner: Owner, item: Item): Promise<Result> {
    const key = ownerKey(owner);
    return new Promise((resolve, reject) => {
      const mine = { item, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) void this.#runBatches(key, mine);
      else waiting.push(mine);
    });
  }

  async #runBatches(key: string, first: Waiting<Item, Result>): Promise<void> {
    const waiting: Waiting<Item, Result>[] = [];
    this.#waiting.set(key, waiting);
    for (let batch = [first]; batch.length > 0; batch = waiting.splice(0, MOST_PER_BATCH)) {
      try {
        await this.#runBatch(batch);
      } catch (error) {
        // Each waiting item would otherwise wait for the full timeout again, one after the other.
        for (const { reject } of [...batch, ...waiting.splice(0)]) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  /**
   * Runs one batch. If it fails, runs each item alone, so that an error of one item does not affect the others.
   * @throws SessionError `store-unavailable`, which concerns all items
   */
  async #runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      if (error instanceof SessionError && error.code === 'store-unavailable') throw error;
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const one of batch) await this.#runBatch([one]);
    }
  }
}
