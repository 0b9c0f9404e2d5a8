/**
 * The values of all of them. Rejects with the first failure, but only when none is under way any more: what goes on
 * after a function has answered is frozen, and thaws in the middle of another invocation.
 */
export async function inParallel<T extends readonly unknown[]>(
  ...promises: { readonly [I in keyof T]: Promise<T[I]> }
): Promise<T> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as unknown as T;
}
