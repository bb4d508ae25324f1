import type { Absence, Operation } from './history';

/** Records all operations of a run, with times of one monotonic clock. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly absences: Absence[] = [];
  readonly troubles: string[] = [];

  now(): number {
    return performance.now();
  }

  /** Records that the runner makes a node unavailable. Returns a function that records that it is back. */
  away(node: string): () => void {
    const absence = { node, from: this.now(), to: Infinity };
    this.absences.push(absence);
    return () => void (absence.to = this.now());
  }
}
