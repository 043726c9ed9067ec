import { spawn } from 'child_process';

const outputLimit = 256 * 1024;
/** How long a program has to end after an interruption, in milliseconds. */
const patience = 5000;

let interruption;
let endRunning = () => {};

// From the first moment on, and not for each program anew: a signal must not fall into a gap.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, (signal) => {
    interruption = signal;
    endRunning();
  });
}

/** The signal that asked setup to end, or undefined. */
export function interruptedBy() {
  return interruption;
}

/** Call it where setup does nothing but wait. */
export function throwIfInterrupted() {
  if (interruption !== undefined) throw new Error(`interrupted by ${interruption}`);
}

/**
 * Runs a program to its end and answers `{ code, signal, output, error }`: the last 256 KiB of both its
 * streams together, and in `error` why it could not be started. Rejects only for an interruption: then
 * the program is ended first, so the caller's `finally` may remove what it was writing.
 */
export async function run(command, parameters, options) {
  throwIfInterrupted();
  const result = await new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
    });
    let output = '';
    const keep = (text) => {
      output = (output + text).slice(-outputLimit);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);

    const end = (signal) => {
      if (child.pid === undefined) return;
      try {
        if (options.ownGroup === true) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch (problem) {
        if (problem.code !== 'ESRCH') throw problem;
      }
    };
    let force;
    endRunning = () => {
      end('SIGTERM');
      force = setTimeout(end, patience, 'SIGKILL');
    };
    const limit = options.timeLimit === undefined ? undefined : setTimeout(end, options.timeLimit, 'SIGKILL');
    const finish = (ended) => {
      clearTimeout(limit);
      clearTimeout(force);
      endRunning = () => {};
      resolve(ended);
    };
    child.on('error', (error) => finish({ code: null, signal: null, output, error }));
    child.on('close', (code, signal) => finish({ code, signal, output, error: undefined }));
  });
  throwIfInterrupted();
  return result;
}

/** The lines of a program's output that name its errors, for a message: some of the first, else the last. */
export function errorLines(output, pattern) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => pattern.test(line));
  return (errors.length > 0 ? errors.slice(0, 8) : lines.slice(-8)).map((line) => `  ${line}`).join('\n');
}
