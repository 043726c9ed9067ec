import fs from 'fs';
import path from 'path';

import { withLock } from './lock.mjs';
import { SetupProblem } from './problem.mjs';
import { errorLines, run } from './run.mjs';

const downloadPage = 'https://developer.hashicorp.com/packer/install';
const versionTimeLimit = 20000;

/**
 * Makes sure that there is a packer: the one on PATH from 1.6 on, else Debian's package, fetched by apt
 * (which checks its signature) and unpacked into the repository's cache. Nothing is installed on the
 * system, and no root is needed.
 *
 * What counts as packer is told by `adapters/packer/find-packer.ts`; this restates it in short, since it
 * runs where TypeScript does not.
 */
export async function installPacker(root) {
  const cache = path.join(root, '.cache');
  const cached = path.join(cache, 'packer', 'bin', 'packer');
  // A file comes under this name only once it was seen to run.
  if (isExecutable(cached) || (await isOnPath())) return;
  await withLock(path.join(cache, 'setup.lock'), async () => {
    if (isExecutable(cached)) return;
    console.error('setup: fetching packer (Debian package, into .cache/packer) ...');
    removeAbandoned(cache);
    const partial = fs.mkdtempSync(path.join(cache, 'packer.partial-'));
    try {
      const file = await unpackPackage(partial);
      await proveItRuns(file);
      fs.mkdirSync(path.dirname(cached), { recursive: true });
      sync(file);
      fs.renameSync(file, cached);
    } finally {
      fs.rmSync(partial, { recursive: true, force: true, maxRetries: 3 });
    }
  });
}

/** What a setup that was killed had no time to remove. The lock is held, so nobody is using it. */
function removeAbandoned(cache) {
  for (const name of fs.readdirSync(cache)) {
    if (name.startsWith('packer.partial-')) fs.rmSync(path.join(cache, name), { recursive: true, force: true });
  }
}

async function isOnPath() {
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    const file = path.join(folder, 'packer');
    if (path.isAbsolute(folder) && isExecutable(file) && isNewEnough(await versionOf(file))) return true;
  }
  return false;
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The version that a program calls itself by, or undefined where it is not HashiCorp's packer. */
async function versionOf(file) {
  const env = { CHECKPOINT_DISABLE: '1' };
  for (const name of Object.keys(process.env)) if (!/^(?:PACKER_|PKR_VAR_)/.test(name)) env[name] = process.env[name];
  const result = await run(file, ['version'], { env, timeLimit: versionTimeLimit, ownGroup: true });
  const match = result.code === 0 ? /^Packer v(\d+\.\d+\.\d+)/m.exec(result.output) : null;
  return match === null ? undefined : match[1];
}

function isNewEnough(version) {
  if (version === undefined) return false;
  const [major, minor] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 6);
}

async function proveItRuns(file) {
  const version = await versionOf(file);
  if (version === undefined) throw unavailable('what the Debian package holds does not run on this machine');
  if (!isNewEnough(version)) throw unavailable(`apt's packer is ${version}, and 1.6.0 is the oldest that serves`);
}

/** Leaves Debian's packer unpacked below `folder` and answers where the program lies. */
async function unpackPackage(folder) {
  const lists = path.join(folder, 'lists');
  const cache = path.join(folder, 'cache');
  fs.mkdirSync(path.join(lists, 'partial'), { recursive: true });
  fs.mkdirSync(path.join(cache, 'archives', 'partial'), { recursive: true });
  // Hooks of the system's own apt configuration (they clean its caches, tell the desktop) are not for us.
  const settings = path.join(folder, 'apt.conf');
  fs.writeFileSync(
    settings,
    '#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n',
  );
  // Own lists: a fresh machine's are empty, an old one's name files that are gone.
  const options = [
    ['Dir::State::Lists', lists],
    ['Dir::Cache', cache],
    ['APT::Sandbox::User', 'root'],
    ['APT::Get::AllowUnauthenticated', 'false'],
    ['Acquire::AllowInsecureRepositories', 'false'],
    ['Acquire::Languages', 'none'],
    ['Acquire::Retries', '2'],
    ['Acquire::http::Timeout', '30'],
    ['Acquire::https::Timeout', '30'],
  ];
  const apt = (...command) =>
    run('apt-get', ['-q', '-c', settings].concat(...options.map(([name, value]) => ['-o', `${name}=${value}`]), command), {
      cwd: folder,
      env: Object.assign({}, process.env, { LC_ALL: 'C' }),
    });

  const update = await apt('update');
  if (update.error !== undefined) throw unavailable('there is no apt-get');
  // A source that has nothing to do with packer may fail; whether packer's did shows in the download.
  const download = await apt('download', 'packer');
  const archive = fs.readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (download.code !== 0 || archive === undefined) {
    // The first run may have warned only, of a network that is not there.
    throw unavailable('apt could not fetch it', `${update.output}\n${download.output}`);
  }
  const unpacked = path.join(folder, 'unpacked');
  const result = await run('dpkg-deb', ['-x', path.join(folder, archive), unpacked], { cwd: folder, env: process.env });
  const file = path.join(unpacked, 'usr', 'bin', 'packer');
  if (result.code !== 0 || !isExecutable(file)) throw unavailable("apt's package could not be unpacked", result.output);
  return file;
}

/** Before the rename: a power cut must not leave an empty file under the final name. */
function sync(file) {
  const descriptor = fs.openSync(file, 'r');
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}

function unavailable(why, output) {
  const sentence = `packer 1.6.0 or later is not on PATH, and ${why}; get it from ${downloadPage} and run this again`;
  return new SetupProblem(output === undefined ? sentence : `${sentence}. It said:\n${errorLines(output, /^(?:E|W|dpkg-deb): /)}`);
}
