import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** One run, its output thrown away: seconds on the wall, and the most memory it had, in KiB. */
export async function measure([file, ...parameters]: readonly [string, ...string[]]): Promise<{ seconds: number; kibibytes: number }> {
  const start = performance.now();
  const child = spawn(file, parameters, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LC_ALL: 'C' } });
  let kibibytes = 0;
  const { pid } = child;
  const watch = setInterval(() => {
    void peakOf(pid).then((peak) => {
      kibibytes = Math.max(kibibytes, peak);
    });
  }, 50);
  child.stdout.resume();
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(watch);
  if (code !== 0) throw new Error(`${file} ${parameters.join(' ')} ended with ${String(code)}`);
  return { seconds: (performance.now() - start) / 1000, kibibytes };
}

/** Linux's high-water mark of a process; 0 where there is none to read. */
async function peakOf(pid: number | undefined): Promise<number> {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
