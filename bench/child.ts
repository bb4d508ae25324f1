import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A child process that runs a file of this folder and answers one question at a time. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts the process and waits for its first message. */
  static async start<T>(
    file: string,
    args: readonly string[],
    flags: readonly string[] = [],
  ): Promise<[Child, T]> {
    const process = fork(join(__dirname, file), args, { execArgv: ['-r', 'sucrase/register/ts', ...flags] });
    const child = new Child(process);
    return [child, await child.#answer<T>()];
  }

  ask<T>(question: string): Promise<T> {
    this.#process.send(question);
    return this.#answer<T>();
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  async #answer<T>(): Promise<T> {
    const answers = new AbortController();
    const ended = once(this.#process, 'exit', answers).then(([code]) => {
      throw new Error(`${this.#process.spawnargs.join(' ')} ended with ${String(code)}`);
    });
    try {
      const [answer] = (await Promise.race([once(this.#process, 'message', answers), ended])) as [T];
      return answer;
    } finally {
      ended.catch(() => undefined);
      answers.abort();
    }
  }
}

/** In the child process: answers questions until the parent disconnects or exits. */
export function answerParent(answer: (question: string) => unknown, stop: () => Promise<void>): void {
  process.on('message', (question: string) => process.send!(answer(question)));
  process.once('disconnect', () => void stop().finally(() => process.exit()));
}
