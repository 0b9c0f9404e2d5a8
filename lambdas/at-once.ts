/** As many calls to one service as a function makes at once: enough to be fast, few enough not to be throttled. */
const AT_ONCE = 8;

/**
 * The results, in the order of the items. Rejects with the first failure, but only when no call is under way any more:
 * what goes on after a function has answered is frozen, and thaws in the middle of another invocation.
 */
export async function eachOf<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const calls = items.slice(from, from + AT_ONCE).map(call);
    await Promise.allSettled(calls);
    results.push(...(await Promise.all(calls)));
  }
  return results;
}
