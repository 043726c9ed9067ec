import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';

import { ScrubDocument } from '../core/documents.ts';
import { cleanLines, variedLines } from './clean-log.ts';
import { measure } from './peak-memory.ts';
import { sedScript } from './sed-rules.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
/** Times what `sed -E` takes with the same rules. */
const target = 1.2;
const program = join(import.meta.dirname, '..', 'bin', 'hybridcore-packer.mjs');

interface Contender {
  readonly name: string;
  readonly command: Parameters<typeof measure>[0];
}

/**
 * `npm run bench -- scrub`: the `scrub` command on a log of `--megabytes N` (100), against `sed -E` with the same
 * rules in the C locale, and against Node's readline that only passes lines on. Each runs `--runs N` (3) times in
 * turn, as a process of its own from its start to its end, and the best counts.
 *
 * @returns whether the target holds, and fewer than one redaction in a MiB was made where nothing is secret
 */
export async function scrub(words: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...words],
    options: { megabytes: { type: 'string', default: '100' }, runs: { type: 'string', default: '3' } },
  });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-scrub-'));
  const log = join(folder.path, 'packer.log');
  const characters = Number(values.megabytes) * mebibyte;
  await pipeline(Readable.from(variedLines(await cleanLines(), 'bench', characters)), createWriteStream(log));
  const megabytes = (await stat(log)).size / mebibyte;
  const all = join(folder.path, 'all.sed');
  const behindAnchors = join(folder.path, 'anchors.sed');
  const readline = join(folder.path, 'readline.mjs');
  await writeFile(all, sedScript(false));
  await writeFile(behindAnchors, sedScript(true));
  await writeFile(
    readline,
    `import { createInterface } from 'node:readline';
     import { createReadStream } from 'node:fs';
     for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) if (!process.stdout.write(line + '\\n')) await new Promise((done) => process.stdout.once('drain', done));`,
  );
  const contenders: readonly Contender[] = [
    { name: 'scrub', command: [process.execPath, program, 'scrub', log] },
    { name: 'sed -E, behind one search for the anchors', command: ['sed', '-E', '-f', behindAnchors, log] },
    { name: "Node's readline, which redacts nothing", command: [process.execPath, readline, log] },
    { name: 'sed -E', command: ['sed', '-E', '-f', all, log] },
  ];
  const best = new Map<string, { seconds: number; kibibytes: number }>();
  for (let round = 0; round < Number(values.runs); round += 1) {
    for (const { name, command } of contenders) {
      const measured = await measure(command);
      const before = best.get(name);
      best.set(name, {
        seconds: Math.min(measured.seconds, before?.seconds ?? Infinity),
        kibibytes: Math.max(measured.kibibytes, before?.kibibytes ?? 0),
      });
    }
  }
  const { stdout } = await run(process.execPath, [program, 'scrub', '--json', log], { maxBuffer: 64 * mebibyte });
  const falseRedactions = ScrubDocument.parse(JSON.parse(stdout)).file.actions.reduce((sum, action) => sum + action.count, 0);
  console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, ${megabytes.toFixed(0)} MiB of clean log`);
  for (const { name } of contenders) {
    const { seconds, kibibytes } = best.get(name) ?? { seconds: Number.NaN, kibibytes: 0 };
    console.log(
      `${seconds.toFixed(2).padStart(7)} s ${(megabytes / seconds).toFixed(0).padStart(5)} MiB/s ${(kibibytes / 1024).toFixed(0).padStart(5)} MiB  ${name}`,
    );
  }
  const seconds = (name: string) => best.get(name)?.seconds ?? Number.NaN;
  const ratio = seconds('scrub') / seconds('sed -E');
  const behind = seconds('scrub') / seconds('sed -E, behind one search for the anchors');
  const holds = ratio <= target && falseRedactions < megabytes;
  console.log(
    `scrub takes ${ratio.toFixed(2)} times what sed -E does (at most ${target}), ${behind.toFixed(2)} times what it does where it passes over lines without an anchor; ${falseRedactions} false redactions (fewer than one in a MiB)`,
  );
  return holds;
}
