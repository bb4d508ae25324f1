import type { Absence, Operation } from './history';

/** Notes every operation of a run, by one monotonic clock. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly absences: Absence[] = [];
  readonly troubles: string[] = [];

  now(): number {
    return performance.now();
  }

  /** Notes that the runner takes a node away; returns what notes that it is back. */
  away(node: string): () => void {
    const absence = { node, from: this.now(), to: Infinity };
    this.absences.push(absence);
    return () => void (absence.to = this.now());
  }
}
