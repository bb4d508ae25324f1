/** A random length between the two, in the unit of both: what many nodes do shall not come from all of them at once. */
export function jittered(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
