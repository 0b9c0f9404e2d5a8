import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { emptyTally, merge, type Tally } from './tally.ts';
import type { Work } from './worker.ts';

/** Runs pieces of work on all cores; `onProgress` hears what has come together so far. */
export async function onAllCores(
  pieces: readonly Work[],
  onProgress: (tally: Tally) => void,
  threads: number = availableParallelism(),
): Promise<Tally> {
  const total = emptyTally();
  const queue = [...pieces];
  await Promise.all(
    Array.from({ length: Math.min(threads, pieces.length) }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      try {
        for (let work = queue.shift(); work; work = queue.shift()) {
          merge(total, await ask(worker, work));
          onProgress(total);
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
  return total;
}

const ask = (worker: Worker, work: Work): Promise<Tally> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (tally: Tally) => {
      worker.off('error', reject);
      resolve(tally);
    });
    worker.postMessage(work);
  });
