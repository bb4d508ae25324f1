/** Runs the work the given number of times, 20 at once. Returns the results in order. */
export async function inParallel<T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < times) {
      const index = begun++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return results;
}
