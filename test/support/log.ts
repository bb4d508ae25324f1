import type { Changes, ChangeSet } from '../../lib/changes/changes';

/** A log of changes that a test writes by hand. */
export class HandWrittenLog implements Changes {
  reads = 0;
  closed = false;
  /** What the next reads answer, or fail with. */
  failure: Error | undefined;
  #unread: string[] = [];
  #everything = false;
  #held: Promise<void> | undefined;

  write(...ids: string[]): void {
    this.#unread.push(...ids);
  }

  writeEverything(): void {
    this.#everything = true;
  }

  /** Reads that are sent from now on are answered when the returned function is called. */
  hold(): () => void {
    let release!: () => void;
    this.#held = new Promise((resolve) => (release = resolve));
    return () => {
      this.#held = undefined;
      release();
    };
  }

  async read(since: string | undefined): Promise<ChangeSet> {
    this.reads++;
    const ids = this.#unread.splice(0);
    const everything = this.#everything || since === undefined;
    this.#everything = false;
    await this.#held;
    if (this.failure !== undefined) throw this.failure;
    return { ids, everything, position: String(this.reads), time: 0 };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
