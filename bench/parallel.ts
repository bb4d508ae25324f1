/** Runs the work the given number of times, `atOnce` (20) at the same time. Returns the results in order. */
export async function inParallel<T>(
  times: number,
  work: (index: number) => Promise<T>,
  atOnce = 20,
): Promise<T[]> {
  const results: T[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < times) {
      const index = begun++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
