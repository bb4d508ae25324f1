/**
 * Returns the longest time for which this process computed without letting other requests run, in milliseconds. Counts
 * processor time, because other programs of the machine delay the event loop too. It includes threads that collect garbage
 * beside the event loop, so a turn counts at most the time that has passed.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let over = false;
  let [begun, used] = [performance.now(), process.cpuUsage()];
  const turn = () => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min((user + system) / 1000, performance.now() - begun));
    [begun, used] = [performance.now(), process.cpuUsage()];
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  return longest;
}
