import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { type HashWork, hashShare, readLength } from './hash-share.ts';

/** Another thread that hashes. It starts while other work goes on here. */
export interface HashThread {
  /** Takes its share of the work, after what it took before. */
  take(work: HashWork): void;
  /** When all its shares are done, or the thread has ended, whatever ended it: what it did not do is undone, and is looked at again. */
  idle(): Promise<void>;
  dismiss(): void;
}

let startedAhead: HashThread | undefined;

/**
 * Starts a thread for who will have much to hash, before anybody knows: to start takes as long as to load the command line.
 * Where none is wanted in the end, it ends with the process. Undefined where it would have no processor to itself.
 */
export function startHashThreadAhead(): HashThread | undefined {
  return availableParallelism() > 1 ? startHashThread() : undefined;
}

/** Keeps a thread that was started ahead for the first who takes one. */
export function keepHashThread(thread: HashThread): void {
  startedAhead = thread;
}

/** The thread that was started ahead, or a new one. */
export function takeHashThread(): HashThread {
  const thread = startedAhead ?? startHashThread();
  startedAhead = undefined;
  return thread;
}

function startHashThread(): HashThread {
  const program = `const { parentPort } = require('node:worker_threads');
const [fs, crypto] = [require('node:fs'), require('node:crypto')];
const buffer = Buffer.allocUnsafeSlow(${readLength});
const hashShare = ${hashShare.toString()};
parentPort.on('message', (work) => parentPort.postMessage(hashShare(fs, crypto, buffer, work, Infinity, Infinity)));`;
  // It makes next to no objects: what it may keep for them would count a hundred times as much as they.
  const worker = new Worker(program, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  let [open, hasEnded] = [0, false];
  let onIdle = (): void => undefined;
  const settle = (): void => {
    if (open === 0 || hasEnded) onIdle();
  };
  const end = (): void => {
    hasEnded = true;
    settle();
  };
  worker.on('message', () => {
    open -= 1;
    settle();
  });
  worker.once('error', end);
  worker.once('exit', end);
  worker.unref();
  return {
    take(work) {
      open += 1;
      worker.postMessage(work);
    },
    idle() {
      worker.ref();
      return new Promise((resolve) => {
        onIdle = () => {
          worker.unref();
          resolve();
        };
        settle();
      });
    },
    dismiss: () => void worker.terminate(),
  };
}
