import type { AdministeredStore } from '../../lib/store/store';

/** A store that counts calls, and whose results a test can hold back, so that other things happen in between. */
export class GatedStore {
  readonly asked: Record<string, number> = {};
  readonly #waiting: (() => void)[] = [];
  #closed: (name: keyof AdministeredStore) => boolean = () => false;
  readonly store: AdministeredStore;

  constructor(inner: AdministeredStore) {
    this.store = new Proxy(inner, {
      get: (target, name: keyof AdministeredStore) => {
        const method = target[name].bind(target) as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => this.#ask(name, () => method(...given));
      },
    });
  }

  /** From now on the store still executes calls, but holds back the results of all methods, or of one. */
  close(only?: keyof AdministeredStore): void {
    this.#closed = (name) => only === undefined || name === only;
  }

  /** Releases all waiting results, and lets further ones pass. */
  open(): void {
    this.#closed = () => false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async #ask(name: keyof AdministeredStore, method: () => unknown): Promise<unknown> {
    this.asked[name] = (this.asked[name] ?? 0) + 1;
    const answer = await method();
    if (this.#closed(name)) await new Promise<void>((go) => this.#waiting.push(go));
    return answer;
  }
}

/** Resolves after two turns of the event loop, when everything that waits only for microtasks or immediates has run. */
export function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Waits for something that depends on a database or another process. Fails after 20 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition()) && performance.now() < end) await turns();
  expect(await condition()).toBe(true);
}
