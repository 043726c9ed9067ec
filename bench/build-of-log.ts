import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export const program = join(import.meta.dirname, '..', 'bin', 'hybridcore-packer.mjs');

/** What one `build` took: seconds on the wall, and the most memory that each of its processes had, in KiB. */
export interface BuildCost {
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly peaks: { readonly command: number; readonly runner: number; readonly attempt: number };
}

export const builder = 'long';

/** A stand-in for packer that prints a file as fast as it can be read, and then that it has made something. */
export async function packerThatPrints(folder: string, log: string): Promise<string> {
  const programs = join(folder, 'programs');
  await mkdir(programs, { recursive: true });
  const ending = [
    '1795378214,null.long,artifact-count,1',
    '1795378214,null.long,artifact,0,builder-id,packer.null',
    '1795378214,null.long,artifact,0,id,Null',
    '1795378214,null.long,artifact,0,string,Did not export anything',
    '1795378214,null.long,artifact,0,files-count,0',
    '1795378214,null.long,artifact,0,end',
    '1795378214,,ui,say,==> Builds finished. The artifacts of successful builds are:',
  ];
  await writeFile(join(folder, 'ending.log'), `${ending.join('\n')}\n`);
  await writeFile(
    join(programs, 'packer'),
    `#!/bin/sh\nif [ "$1" = version ]; then echo 'Packer v1.14.2'; else exec cat '${log}' '${join(folder, 'ending.log')}'; fi\n`,
    { mode: 0o755 },
  );
  return programs;
}

/**
 * Builds `builder` in a folder whose template is `long.pkr.hcl`. Linux alone tells the memory of processes; elsewhere it is 0.
 *
 * @param programs where packer is looked for first; the usual places where it is left out.
 */
export async function measureBuild(folder: string, programs?: string): Promise<BuildCost> {
  await writeFile(join(folder, 'hybridcore.yaml'), `version: 1\nbuilders:\n  ${builder}:\n    template: long.pkr.hcl\n`);
  const PATH = [...(programs === undefined ? [] : [programs]), process.env['PATH'] ?? ''].join(delimiter);
  const start = performance.now();
  const child = spawn(process.execPath, [program, 'build', builder, '--home', folder], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, PATH },
  });
  const peaks = { command: 0, runner: 0, attempt: 0 };
  const looks = new Map<string, number>();
  let looking = false;
  const watch = setInterval(() => {
    if (looking) return;
    looking = true;
    void lookAt(folder, peaks, looks).finally(() => (looking = false));
  }, 100);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(watch);
  return { exitCode, seconds: (performance.now() - start) / 1000, peaks };
}

/** A process that was looked at so often, and was none of a build's, is another's: it has had time to become what it is. */
const enoughLooks = 5;

/**
 * Raises the peaks by what the processes of a build in this folder have had so far.
 *
 * @param looks how often each process was looked at in vain: on a machine with many, looking would take more than the build does.
 */
async function lookAt(
  folder: string,
  peaks: { command: number; runner: number; attempt: number },
  looks: Map<string, number>,
): Promise<void> {
  const processes = await readdir('/proc').catch(() => []);
  for (const id of processes) {
    const vain = looks.get(id) ?? 0;
    if (vain >= enoughLooks || !/^\d+$/.test(id)) continue;
    const [words, status, place] = await Promise.all(
      ['cmdline', 'status', 'environ'].map((name) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')),
    );
    const said = (words ?? '').split('\0');
    const role = said.includes('attempt')
      ? 'attempt'
      : said.includes('run-buildspec')
        ? 'runner'
        : said.includes('build')
          ? 'command'
          : null;
    if (role === null || !said.some((word) => word.endsWith('hybridcore-packer.mjs')) || !`${words}${place}`.includes(folder)) {
      looks.set(id, vain + 1);
      continue;
    }
    peaks[role] = Math.max(peaks[role], Number(/VmHWM:\s+(\d+)/.exec(status ?? '')?.[1] ?? 0));
  }
}
