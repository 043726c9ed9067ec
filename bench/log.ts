import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { findPacker } from '../adapters/packer/find-packer.ts';
import { type BuildCost, builder, measureBuild, packerThatPrints } from './build-of-log.ts';

/** What a line adds to `build`, in times of what it adds to packer alone: no slower, but for what noise does. */
const target = 1.25;
/** A log so short that what `build` and packer take for it is what they take for any. Lines. */
const few = 100;
const root = join(import.meta.dirname, '..');

/**
 * `npm run bench -- log`: `build` of a script that prints `--lines N` (20,000), against packer alone; and `build` of a packer
 * that prints `--many N` (1,000,000) lines as fast as they are read, which is what the hook, both readings and the
 * compression take.
 *
 * @returns whether what grows with the log does so at most 1.25 times as fast as with packer alone: both are measured with 100 lines,
 *   too, and the difference is held against the target. The start of `build` is the same for every log, and is told beside it.
 */
export async function log(words: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...words],
    options: { lines: { type: 'string', default: '20000' }, many: { type: 'string', default: '1000000' } },
  });
  const packer = await findPacker({ path: process.env['PATH'], cache: join(root, '.cache', 'packer') });
  if (!packer.ok) throw new Error(`${packer.failure.message}; ${packer.failure.remedy}`);
  console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, packer ${packer.value.version}`);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-log-'));

  const both = async (lines: number) => {
    await writeFile(join(folder.path, 'long.pkr.hcl'), templateThatPrints(lines));
    const alone = await seconds(packer.value.file, ['build', '-machine-readable', 'long.pkr.hcl'], folder.path);
    const whole = await measureBuild(folder.path);
    console.log(`${lines} lines: packer alone ${alone.toFixed(1)} s, ${described(whole)}`);
    return { alone, whole };
  };
  const lines = Number(values.lines);
  if (!(lines > few)) throw new Error(`--lines takes more than ${few}`);
  const [short, long] = [await both(few), await both(lines)];
  const grows = {
    alone: ((long.alone - short.alone) * 1e6) / (lines - few),
    whole: ((long.whole.seconds - short.whole.seconds) * 1e6) / (lines - few),
  };
  console.log(
    `a line adds ${grows.alone.toFixed(0)} µs to packer alone and ${grows.whole.toFixed(0)} µs to build, ${(grows.whole / grows.alone).toFixed(2)} times; target: at most ${target} times`,
  );

  const file = join(folder.path, 'many.log');
  await pipeline(Readable.from(manyLines(Number(values.many))), createWriteStream(file));
  const fast = await measureBuild(folder.path, await packerThatPrints(folder.path, file));
  console.log(`${values.many} lines at once: ${described(fast)}`);
  return [short.whole, long.whole, fast].every(({ exitCode }) => exitCode === 0) && grows.whole <= target * grows.alone;
}

function templateThatPrints(lines: number): string {
  const print = `awk 'BEGIN { for (n = 0; n < ${lines}; n += 1) printf "Get:%d http://deb.debian.org/debian bookworm/main amd64 package-%d [%d kB]\\\\n", n, n * 7919, n % 977 }'`;
  return `source "null" "long" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.long"]\n  provisioner "shell-local" {\n    inline = [${JSON.stringify(print)}]\n  }\n}\n`;
}

function described({ exitCode, seconds: took, peaks }: BuildCost): string {
  const mebibytes = (kibibytes: number) => `${(kibibytes / 1024).toFixed(0)} MiB`;
  return `build ${took.toFixed(1)} s (exit code ${exitCode}; at most ${mebibytes(peaks.command)} for the command, ${mebibytes(peaks.runner)} for the runner, ${mebibytes(peaks.attempt)} for the attempt)`;
}

/** So many lines as packer prints them, none like another. Every text ends with a newline. */
export function* manyLines(count: number): Generator<string> {
  for (let from = 0; from < count; from += 1000) {
    const lines = Array.from({ length: Math.min(1000, count - from) }, (_, n) => {
      const number = from + n;
      return `1795378213,,ui,message,    null.${builder}: Get:${number} http://deb.debian.org/debian bookworm/main amd64 package-${((number * 7919) % 999_983).toString(36)} amd64 1.${number % 97} [${number % 977} kB]\n`;
    });
    yield lines.join('');
  }
}

function seconds(file: string, words: readonly string[], folder: string): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve((performance.now() - start) / 1000) : reject(new Error(`packer ended with ${code}`)),
    );
  });
}
