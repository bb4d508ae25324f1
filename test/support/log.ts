import type { Changes, ChangeSet } from '../../lib/changes/changes';

/** A change log that a test writes to. */
export class HandWrittenLog implements Changes {
  reads = 0;
  closed = false;
  rests = 0;
  /** If set, reads reject with this error. */
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

  /** Holds back the results of reads from now on, until the returned function is called. */
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

  rest(): Promise<void> {
    this.rests++;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
