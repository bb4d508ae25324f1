import type { Owner } from '../session/session';

/**
 * Lets work for one owner take turns in this process. Without it, many sign-ins of one user would each hold a connection
 * while they wait for the user's lock in the database, and leave none for anybody else.
 */
export class OwnerQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>({ tenantId, userId }: Owner, work: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([tenantId, userId]);
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
