/** Stands for all values that the list of a tally does not contain. */
const OTHER = 'other';

/**
 * Counts events by a label whose values are a closed list. Values outside the list count as `other`, so that the number of
 * series is fixed, whatever an event contains.
 */
export class Tally {
  readonly #counts: Map<string, number>;

  constructor(values: readonly string[]) {
    // Every series exists from the start. Otherwise a rate could not see the first event of a kind.
    this.#counts = new Map([...values, OTHER].map((value) => [value, 0]));
  }

  add(value: string): void {
    const known = this.#counts.has(value) ? value : OTHER;
    this.#counts.set(known, this.#counts.get(known)! + 1);
  }

  /** The counts by label value. */
  get counts(): Iterable<readonly [string, number]> {
    return this.#counts;
  }
}
