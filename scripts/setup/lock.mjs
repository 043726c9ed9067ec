import fs from 'fs';
import path from 'path';

import { SetupProblem } from './problem.mjs';
import { throwIfInterrupted } from './run.mjs';

const pollInterval = 200;
const waitLimit = 15 * 60 * 1000;
/** A lock file without a process id is one that is just being written. */
const writingTime = 5000;

/** Runs `work` while no other setup of this clone does. The lock of a process that died does not hold. */
export async function withLock(file, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const deadline = Date.now() + waitLimit;
  let told = false;
  while (!take(file)) {
    throwIfInterrupted();
    if (removeStale(file)) continue;
    if (Date.now() > deadline)
      throw new SetupProblem(`another setup holds ${file} for 15 minutes now; if none is running, delete that file`);
    if (!told) console.error('setup: waiting for another setup of this clone ...');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (problem) {
    if (problem.code === 'EEXIST') return false;
    throw problem;
  }
}

/** The process that holds the lock; 0 where nobody can say. */
function holder(file) {
  try {
    return Number(fs.readFileSync(file, 'utf8')) || 0;
  } catch (problem) {
    if (problem.code === 'ENOENT') return 0;
    throw problem;
  }
}

/** Whether a lock that nobody holds any more was there, and is gone. */
function removeStale(file) {
  const pid = holder(file);
  if (pid === 0 ? ageOf(file) < writingTime : isAlive(pid)) return false;
  // Renaming first: of several that find the same stale lock only one gets it. Should it be a new one by
  // now, it goes back.
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (problem) {
    if (problem.code === 'ENOENT') return true;
    throw problem;
  }
  if (holder(aside) !== pid) {
    try {
      fs.linkSync(aside, file);
    } catch (problem) {
      if (problem.code !== 'EEXIST') throw problem;
    }
  }
  fs.rmSync(aside, { force: true });
  return true;
}

function ageOf(file) {
  try {
    return Date.now() - fs.statSync(file).mtimeMs;
  } catch (problem) {
    if (problem.code === 'ENOENT') return 0;
    throw problem;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    return problem.code === 'EPERM';
  }
}
