import crypto from 'crypto';
import fs from 'fs';
import path from 'path';

import { withLock } from './lock.mjs';
import { SetupProblem } from './problem.mjs';
import { errorLines, run } from './run.mjs';

/**
 * Installs the packages of package-lock.json where they are missing or others are there. No package's own
 * install script runs. An interrupted install is not taken for a complete one: the stamp comes last.
 */
export async function installDependencies(root) {
  const lockText = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const lock = JSON.parse(lockText);
  const digest = crypto.createHash('sha256').update(lockText).digest('hex');
  if (isInstalled(root, lock, digest)) return;
  await withLock(path.join(root, '.cache', 'setup.lock'), async () => {
    if (isInstalled(root, lock, digest)) return;
    console.error('setup: installing the locked npm packages ...');
    removeProofs(root);
    await npmInstall(root);
    if (!installedByNpm(root, lock)) {
      throw new SetupProblem('npm ended without an error, but not every locked package of this platform is in node_modules; run it again');
    }
    writeStamp(root, digest);
  });
}

const stampFile = (root) => path.join(root, 'node_modules', '.hybridcore-setup');
const npmRecordFile = (root) => path.join(root, 'node_modules', '.package-lock.json');

function isInstalled(root, lock, digest) {
  if (readOrNothing(stampFile(root)) === digest && hasNode(root, lock)) return true;
  if (!installedByNpm(root, lock)) return false;
  writeStamp(root, digest);
  return true;
}

/** Without these two files nothing takes node_modules for complete. npm writes its own at the very end. */
function removeProofs(root) {
  fs.rmSync(stampFile(root), { force: true });
  fs.rmSync(npmRecordFile(root), { force: true });
}

function writeStamp(root, digest) {
  const partial = `${stampFile(root)}.${process.pid}`;
  fs.writeFileSync(partial, digest);
  fs.renameSync(partial, stampFile(root));
}

/** Whether npm's own record of node_modules holds just what the lock asks of this platform. */
function installedByNpm(root, lock) {
  const text = readOrNothing(npmRecordFile(root));
  if (text === undefined) return false;
  let found;
  try {
    found = JSON.parse(text).packages;
  } catch {
    return false;
  }
  if (typeof found !== 'object' || found === null) return false;
  const there = (name) => fs.existsSync(path.join(root, name, 'package.json'));
  const wanted = Object.keys(lock.packages).filter((name) => name !== '');
  return (
    Object.keys(found).every((name) => lock.packages[name] !== undefined) &&
    wanted.every((name) => {
      if (found[name] === undefined) return !isNeeded(lock.packages[name]);
      return found[name].version === lock.packages[name].version && found[name].integrity === lock.packages[name].integrity && there(name);
    }) &&
    hasNode(root, lock)
  );
}

/** npm leaves out optional packages, also such as it failed to fetch; those of this platform are needed all the same. */
function isNeeded(entry) {
  if (entry.optional !== true && entry.devOptional !== true) return true;
  // Which C library a machine has is npm's to find out.
  return entry.os !== undefined && entry.cpu !== undefined && entry.libc === undefined && isForThisPlatform(entry);
}

function isForThisPlatform(entry) {
  return [].concat(entry.os || []).includes(process.platform) && [].concat(entry.cpu || []).includes(process.arch);
}

/** Whether the Node.js of the packages is there, where the platform has one. */
function hasNode(root, lock) {
  const names = Object.keys(lock.packages[''].optionalDependencies || {});
  const entries = names.map((name) => lock.packages[`node_modules/${name}`]);
  const offered = entries.some(
    (entry) => entry !== undefined && entry.bin !== undefined && entry.bin.node !== undefined && isForThisPlatform(entry),
  );
  return !offered || fs.existsSync(path.join(root, 'node_modules', '.bin', 'node'));
}

async function npmInstall(root) {
  // Whatever the surroundings say, the tools for tests and checks are wanted, and Node 24 comes with them.
  const wanted = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional', '--no-engine-strict'];
  // npm would wait for over a minute before it says that there is no network.
  const patience = ['--fetch-retries=3', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000'];
  const options = { cwd: root, env: Object.assign({}, process.env, { PATH: pathForNpm(root) }) };
  // With a full cache no network is needed; only where the cache has never heard of a version, npm must ask.
  let result = await run('npm', wanted.concat(patience, '--prefer-offline'), options);
  if (/^npm error code (?:ETARGET|ENOVERSIONS)$/m.test(result.output)) result = await run('npm', wanted.concat(patience), options);
  if (result.code === 0) return;
  removeProofs(root);
  if (result.error !== undefined) throw new SetupProblem(`npm could not be started (${result.error.message}): https://nodejs.org has it`);
  const said = errorLines(result.output, /^npm error (?!A complete log)./);
  throw new SetupProblem(`npm could not install the locked packages; the first time it needs its registry. It said:\n${said}`);
}

/** npm must not run on the very Node.js that it is about to delete. */
function pathForNpm(root) {
  const own = path.join(root, 'node_modules', '.bin');
  const entries = (process.env.PATH || '').split(path.delimiter).filter((entry) => path.resolve(entry) !== own);
  return entries.concat(path.dirname(process.env.npm_node_execpath || process.execPath)).join(path.delimiter);
}

function readOrNothing(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (problem) {
    if (problem.code === 'ENOENT' || problem.code === 'ENOTDIR') return undefined;
    throw problem;
  }
}
