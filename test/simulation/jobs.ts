import { Worker } from 'node:worker_threads';
import { join } from 'node:path';

import { type Batch, type Failing } from './batch.ts';
import { type Exhausted } from './exhaustive.ts';

/** What a thread of the simulation is told to play. */
export type Job =
  | { readonly job: 'batch'; readonly from: number; readonly histories: number; readonly mostFailing: number }
  | { readonly job: 'shrink'; readonly failing: Failing }
  | { readonly job: 'replay'; readonly choices: readonly number[] }
  | { readonly job: 'scenario'; readonly name: string };

export type JobAnswer =
  | { readonly job: 'batch'; readonly batch: Batch }
  | { readonly job: 'shrink'; readonly shrunk: Omit<Failing, 'seed'> }
  | { readonly job: 'replay'; readonly played: Omit<Failing, 'seed'> }
  | { readonly job: 'scenario'; readonly exhausted: Exhausted };

/**
 * Plays jobs on threads of their own.
 *
 * @param threads how many at once.
 * @param without the guard that is taken away; null for none.
 * @param enough told of each answer: whether the jobs that nobody has begun may stay unplayed.
 * @returns the answers, in the order of the jobs.
 */
export async function playJobs(
  jobs: readonly Job[],
  threads: number,
  without: string | null,
  enough: (answer: JobAnswer) => boolean = () => false,
): Promise<readonly JobAnswer[]> {
  const answers = new Map<number, JobAnswer>();
  const waiting = [...jobs.entries()];
  const serve = async () => {
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), { workerData: { without } });
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const answer = await answerOf(worker, next[1]);
        answers.set(next[0], answer);
        if (enough(answer)) waiting.length = 0;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, serve));
  return jobs.flatMap((_, index) => answers.get(index) ?? []);
}

function answerOf(worker: Worker, job: Job): Promise<JobAnswer> {
  return new Promise((resolve, reject) => {
    const ended = () =>
      reject(new Error('a thread of the simulation ended before its history did: an actor waits for something that is no effect'));
    worker.once('message', (answer: JobAnswer) => {
      worker.off('error', reject);
      worker.off('exit', ended);
      resolve(answer);
    });
    worker.once('error', reject);
    worker.once('exit', ended);
    worker.postMessage(job);
  });
}
