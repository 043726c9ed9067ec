import { parentPort, workerData } from 'node:worker_threads';

import { guards } from './guards.ts';
import type { Job, JobAnswer } from './jobs.ts';
import { takeAway } from './without-guard.ts';

/*
 * A thread of the simulation: plays what it is told, over a domain without one of its guards where that is wanted. The
 * domain is loaded only after the guard is gone, so what is imported here at the top may import the domain's types alone,
 * with `import type`: a plain import of types loads the module.
 */
if (parentPort === null) throw new Error('this is a thread of the simulation');
const port = parentPort;
const { without }: { without: string | null } = workerData;
const guard = guards.find(({ name }) => name === without);
if (without !== null && guard === undefined)
  throw new Error(`there is no guard ${without}; there are: ${guards.map(({ name }) => name).join(', ')}`);
const assertTaken = guard !== undefined && 'file' in guard ? takeAway(guard) : () => undefined;
const [{ allGuards }, { playBatch, replay, shrinkFailing }, { playScenario }] = await Promise.all([
  import('./history.ts'),
  import('./batch.ts'),
  import('./exhaustive.ts'),
]);
assertTaken();
const world = guard !== undefined && 'world' in guard ? { ...allGuards, [guard.world]: false } : allGuards;

async function play(job: Job): Promise<JobAnswer> {
  switch (job.job) {
    case 'batch':
      return { job: 'batch', batch: await playBatch({ ...job, guards: world }) };
    case 'shrink':
      return { job: 'shrink', shrunk: await shrinkFailing(job.failing, world) };
    case 'replay':
      return { job: 'replay', played: await replay(job.choices, world) };
    case 'scenario':
      return { job: 'scenario', exhausted: await playScenario(job.name, world) };
  }
}

port.on('message', (job: Job) => {
  play(job).then(
    (answer) => port.postMessage(answer),
    (cause: unknown) => {
      throw cause;
    },
  );
});
