import type { AdministeredStore } from '../../lib/store/store';

/**
 * A store whose answers a test holds back, to put other things between a question and its answer; and that counts what
 * it is asked.
 */
export class GatedStore {
  readonly asked: Record<string, number> = {};
  readonly #waiting: (() => void)[] = [];
  #closed = false;
  readonly store: AdministeredStore;

  constructor(inner: AdministeredStore) {
    this.store = new Proxy(inner, {
      get: (target, name: keyof AdministeredStore) => {
        const method = target[name].bind(target) as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => this.#ask(name, () => method(...given));
      },
    });
  }

  /** From now on the store does what it is asked, and its answers wait at the gate. */
  close(): void {
    this.#closed = true;
  }

  /** Lets all waiting answers go, and further ones pass. */
  open(): void {
    this.#closed = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async #ask(name: string, method: () => unknown): Promise<unknown> {
    this.asked[name] = (this.asked[name] ?? 0) + 1;
    const answer = await method();
    if (this.#closed) await new Promise<void>((go) => this.#waiting.push(go));
    return answer;
  }
}

/** Lets everything happen that only waits for its turn. */
export function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Waits for what does not only wait for its turn: for a database, or another process. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition()) && performance.now() < end) await turns();
  expect(await condition()).toBe(true);
}
