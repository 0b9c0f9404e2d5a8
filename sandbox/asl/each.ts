/**
 * Does `work` for every item, at most `most` at once; answers the results in order. The first failure ends the
 * others, by their signal, and is thrown once they have ended.
 */
export async function each<Item, Result>(
  items: readonly Item[],
  most: number,
  outer: AbortSignal,
  work: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const results: Result[] = new Array(items.length);
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      signal.throwIfAborted();
      results[index] = await work(item, index, signal);
    }
  };
  const workers = Array.from({ length: Math.min(most, items.length) }, worker);
  try {
    await Promise.all(workers);
    return results;
  } catch (error) {
    stop.abort();
    await Promise.allSettled(workers);
    throw error;
  }
}
