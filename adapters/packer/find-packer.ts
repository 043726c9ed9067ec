import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

import { type Outcome, failure, success } from '../../core/failure.ts';

const downloadPage = 'https://developer.hashicorp.com/packer/install';

/** From this version on packer knows HCL2 templates and the manifest record that attempts rest on. */
const oldest = [1, 6, 0] as const;

const outputLimit = 64 * 1024;

export interface PackerSearch {
  /** The search path, as the variable PATH has it. Relative entries do not count: what they name depends on where one stands. */
  readonly path: string | undefined;
  /** The folder that `scripts/setup.mjs` puts packer into, as `bin/packer`; looked at last. */
  readonly cache: string;
  /** How long a candidate may take to tell its version, in milliseconds. */
  readonly timeLimit?: number;
}

export interface FoundPacker {
  /** The absolute path of the program. */
  readonly file: string;
  /** As packer tells it, without the `v`: `1.6.6`, `1.16.0-dev`. */
  readonly version: string;
}

/**
 * Finds HashiCorp's packer from 1.6.0 on: the first on the search path, else the one in the cache. Other
 * programs of that name (cracklib installs one on Red Hat's systems) are passed over, and so are packers
 * that are too old. One that is killed before it has answered is none of these: it is asked once more, and no
 * other is taken in its place, since that would be another tool than the one that was put there. Packer works in a
 * child of its own, and where that one is killed ends with 0 and says nothing: who says nothing is asked again, too.
 *
 * Fails with PACKER_TOO_OLD where only such were found, else with PACKER_MISSING.
 */
export async function findPacker(search: PackerSearch): Promise<Outcome<FoundPacker>> {
  const onPath = (search.path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const candidates = [...onPath.map((folder) => join(folder, 'packer')), join(search.cache, 'bin', 'packer')];
  const tooOld: FoundPacker[] = [];
  const strangers: string[] = [];
  for (const file of new Set(candidates)) {
    // One after another on purpose: the first that serves is taken, and the others are not even started.
    const answer = await askTwice(file, search.timeLimit ?? 20_000);
    if (answer.is === 'killed') {
      return failure(
        'PACKER_MISSING',
        `${file} was ended by ${answer.signal} each time it was asked for its version`,
        'see what ends it (memory that ran out, most often) and try again; no other packer is taken in its place',
      );
    }
    if (answer.is === 'packer' && isNewEnough(answer.version)) return success({ file, version: answer.version });
    if (answer.is === 'packer') tooOld.push({ file, version: answer.version });
    if (answer.is === 'stranger' || answer.is === 'silent') strangers.push(file);
  }
  const [first] = tooOld;
  if (first !== undefined) {
    return failure(
      'PACKER_TOO_OLD',
      `${first.file} is packer ${first.version}, and ${oldest.join('.')} is the oldest that serves`,
      `install packer ${oldest.join('.')} or later: ${downloadPage}`,
    );
  }
  const others = strangers.length === 0 ? '' : `; ${strangers.join(', ')} ${strangers.length === 1 ? 'is' : 'are'} something else`;
  return failure('PACKER_MISSING', `there is no packer on PATH${others}`, `install packer and put it on PATH: ${downloadPage}`);
}

type Answer =
  | { readonly is: 'packer'; readonly version: string }
  | { readonly is: 'killed'; readonly signal: NodeJS.Signals }
  /** It ended by itself and printed nothing. */
  | { readonly is: 'silent' }
  | { readonly is: 'stranger' }
  | { readonly is: 'nothing' };

async function askTwice(file: string, timeLimit: number): Promise<Answer> {
  const answer = await ask(file, timeLimit);
  return answer.is === 'killed' || answer.is === 'silent' ? await ask(file, timeLimit) : answer;
}

async function ask(file: string, timeLimit: number): Promise<Answer> {
  if (!(await isExecutable(file))) return { is: 'nothing' };
  const { output, killed } = await outputOf(file, timeLimit);
  if (killed !== undefined) return { is: 'killed', signal: killed };
  if (output === '') return { is: 'silent' };
  const version = versionIn(output);
  return version === undefined ? { is: 'stranger' } : { is: 'packer', version };
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

interface VersionOutput {
  /** Undefined where the program failed, took too long, printed too much or could not be started. */
  readonly output?: string;
  /** The signal that ended it, where somebody else sent it. */
  readonly killed?: NodeJS.Signals;
}

/** What `packer version` printed. */
function outputOf(file: string, timeLimit: number): Promise<VersionOutput> {
  return new Promise((resolve) => {
    let ended = false;
    // A group of its own, so that whatever a stranger starts ends with it.
    const child = spawn(file, ['version'], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const end = () => {
      ended = true;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    let output = '';
    const limit = setTimeout(() => {
      end();
      // Something that left the group may hold the pipe open for ever.
      child.stdout.destroy();
      resolve({});
    }, timeLimit);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > outputLimit) end();
    });
    child.on('error', () => {
      clearTimeout(limit);
      resolve({});
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (signal !== null && !ended) resolve({ killed: signal });
      else resolve(code === 0 ? { output } : {});
    });
  });
}

/** The surroundings without what would change packer's behaviour, and without its question to HashiCorp for news. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PACKER_') && !name.startsWith('PKR_VAR_'));
  return { ...Object.fromEntries(kept), CHECKPOINT_DISABLE: '1' };
}

/** The line `Packer v1.14.2`, wherever it stands: a note that newer ones exist may follow it. */
function versionIn(output: string | undefined): string | undefined {
  return /^Packer v(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)\s*$/m.exec(output ?? '')?.[1];
}

/** A pre-release counts as the release that it precedes. */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  return (major - oldest[0] || minor - oldest[1] || patch - oldest[2]) >= 0;
}
