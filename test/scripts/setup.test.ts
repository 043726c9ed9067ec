import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

/** A clone with a lock file of one package, and a search path on which there is only what a test puts there. */
let clone: string;
let bin: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'setup with blank-'));
  clone = join(folder, 'clone');
  bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await cp(join(repository, 'scripts/setup.mjs'), join(clone, 'scripts/setup.mjs'));
  await cp(join(repository, 'scripts/setup'), join(clone, 'scripts/setup'), { recursive: true });
  await writeLock('1.0.0');
  for (const name of ['sh', 'cat', 'cp', 'mkdir', 'sleep', 'touch', 'ls', 'rm', 'chmod', 'env'])
    await symlink(await programNamed(name), join(bin, name));
  await symlink(process.execPath, join(bin, 'node'));
});
afterEach(async () => {
  await rm(dirname(clone), { recursive: true, force: true });
});

async function programNamed(name: string): Promise<string> {
  for (const folder of ['/bin', '/usr/bin']) if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error(`this machine has no ${name}`);
}

async function writeLock(version: string): Promise<void> {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { optionalDependencies: { 'node-here': '24.0.0' } },
      'node_modules/one': { version, integrity: `sha512-${version}` },
      'node_modules/node-here': { version: '24.0.0', os: process.platform, cpu: process.arch, optional: true, bin: { node: 'bin/node' } },
      'node_modules/elsewhere': { version: '1.0.0', os: ['nowhere'], cpu: ['none'], optional: true },
    },
  };
  await writeFile(join(clone, 'package-lock.json'), JSON.stringify(lock));
}

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** An npm that does what `npm ci` does: away with the old, in with what is locked, its own record last. */
const installing = `
echo "$@" >> '../npm-calls'
rm -rf node_modules
mkdir -p node_modules/one node_modules/node-here node_modules/.bin
touch node_modules/one/package.json node_modules/node-here/package.json node_modules/.bin/node
node -e 'const { packages } = JSON.parse(fs.readFileSync("package-lock.json")); delete packages[""]; delete packages["node_modules/elsewhere"];
  fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }))'
`;

/** An apt-get whose package holds a packer of this version, and the dpkg-deb that unpacks it. */
async function debianWith(packer: string): Promise<void> {
  await program('apt-get', `echo "$@" >> '../../../apt-calls'; case "$*" in *download*) echo package > packer_1_amd64.deb;; esac`);
  await program(
    'dpkg-deb',
    `mkdir -p "$3/usr/bin"; cat > "$3/usr/bin/packer" <<'END'\n#!/bin/sh\n${packer}\nEND\nchmod 755 "$3/usr/bin/packer"`,
  );
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...parameters: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(clone, 'scripts/setup.mjs'), ...parameters], {
    cwd: tmpdir(),
    env: { PATH: bin },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, ended: once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr })) };
}

const setup = (...parameters: string[]) => start(...parameters).ended;
const lines = async (name: string) => (await readFile(join(dirname(clone), name), 'utf8')).trim().split('\n');
const quiet = { code: 0, stdout: '', stderr: '' };

async function until(file: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return;
    await setTimeout(20);
  }
  throw new Error(`${file} did not come`);
}

describe('installing the locked packages', () => {
  it('installs what is locked without any install script, then has nothing to do', async () => {
    await program('npm', installing);
    expect(await setup('--without-packer')).toEqual({ code: 0, stdout: '', stderr: 'setup: installing the locked npm packages ...\n' });
    expect((await lines('npm-calls'))[0]).toMatch(/^ci --ignore-scripts /);
    expect(await setup('--without-packer')).toEqual(quiet);
    expect(await lines('npm-calls')).toHaveLength(1);
  });

  it('installs anew after the lock has changed, and when Node.js is gone from the packages', async () => {
    await program('npm', installing);
    await setup('--without-packer');
    await writeLock('2.0.0');
    await setup('--without-packer');
    expect(await lines('npm-calls')).toHaveLength(2);
    await rm(join(clone, 'node_modules/.bin/node'));
    await setup('--without-packer');
    expect(await lines('npm-calls')).toHaveLength(3);
  });

  it('takes what the user installed with npm as it is, where it is what the lock says', async () => {
    await program('npm', installing);
    await setup('--without-packer');
    await rm(join(clone, 'node_modules/.hybridcore-setup'));
    expect(await setup('--without-packer')).toEqual(quiet);
    await rm(join(clone, 'node_modules/.hybridcore-setup'));
    await rm(join(clone, 'node_modules/one'), { recursive: true });
    await setup('--without-packer');
    expect(await lines('npm-calls')).toHaveLength(2);
  });

  it("shows npm's own words where it fails, and does not take the rest for complete", async () => {
    await program('npm', `${installing}\necho npm warn much; echo npm error code EAI_AGAIN >&2; exit 1`);
    const failed = await setup('--without-packer');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('could not install the locked packages');
    expect(failed.stderr).toContain('npm error code EAI_AGAIN');
    expect(failed.stderr).not.toContain('npm warn');
    await program('npm', installing);
    expect(await setup('--without-packer')).toMatchObject({ code: 0 });
    expect(await lines('npm-calls')).toHaveLength(2);
  });

  it('asks the registry where the cache of npm does not know a version', async () => {
    await program('npm', `case "$*" in *--prefer-offline*) echo "npm error code ETARGET"; exit 1;; esac\n${installing}`);
    expect(await setup('--without-packer')).toMatchObject({ code: 0 });
  });

  it('fails where npm left out a package that this platform needs', async () => {
    await program('npm', `${installing}\nrm -rf node_modules/node-here node_modules/.bin/node`);
    expect(await setup('--without-packer')).toMatchObject({ code: 1, stderr: expect.stringContaining('not every locked package') });
    expect(existsSync(join(clone, 'node_modules/.hybridcore-setup'))).toBe(false);
  });

  it('says so where there is no npm', async () => {
    expect(await setup('--without-packer')).toMatchObject({ code: 1, stderr: expect.stringContaining('npm could not be started') });
  });

  it('installs once where two run at the same time', async () => {
    await program('npm', `${installing}\nsleep 0.5`);
    const both = await Promise.all([setup('--without-packer'), setup('--without-packer')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await lines('npm-calls')).toHaveLength(1);
    expect(await readdir(join(clone, '.cache'))).toEqual([]);
  });

  it.each([['SIGTERM', 143] as const, ['SIGINT', 130] as const])(
    'ends npm on %s and leaves nothing that counts as complete',
    async (signal, code) => {
      await program('npm', installing);
      await setup('--without-packer');
      await writeLock('2.0.0');
      await program('npm', "touch '../npm-runs'; exec sleep 60");
      const { child, ended } = start('--without-packer');
      await until(join(dirname(clone), 'npm-runs'));
      child.kill(signal);
      expect(await ended).toMatchObject({ code, stderr: expect.stringContaining('interrupted') });
      // Even the old lock is not met any more: who knows how far npm had come.
      await writeLock('1.0.0');
      await program('npm', installing);
      expect(await setup('--without-packer')).toMatchObject({ code: 0 });
      expect(await lines('npm-calls')).toHaveLength(2);
      expect(await readdir(join(clone, '.cache'))).toEqual([]);
    },
  );

  it('does not wait for a setup that died with the lock in its hands', async () => {
    await program('npm', installing);
    await mkdir(join(clone, '.cache'), { recursive: true });
    const gone = spawn(process.execPath, ['-e', '0']);
    await once(gone, 'close');
    await writeFile(join(clone, '.cache/setup.lock'), String(gone.pid));
    expect(await setup('--without-packer')).toEqual({ code: 0, stdout: '', stderr: 'setup: installing the locked npm packages ...\n' });
  });
});

describe('getting packer', () => {
  const cached = () => join(clone, '.cache/packer/bin/packer');
  const downloadPage = 'https://developer.hashicorp.com/packer/install';

  beforeEach(async () => {
    await program('npm', installing);
    await setup('--without-packer');
  });

  it("unpacks Debian's package into the cache and leaves nothing else there", async () => {
    await debianWith('echo Packer v1.6.6');
    expect(await setup()).toEqual({ code: 0, stdout: '', stderr: 'setup: fetching packer (Debian package, into .cache/packer) ...\n' });
    expect(await readFile(cached(), 'utf8')).toContain('Packer v1.6.6');
    expect(await readdir(join(clone, '.cache'))).toEqual(['packer']);
    expect(await setup()).toEqual(quiet);
  });

  it('lets apt write nowhere but into the cache', async () => {
    await debianWith('echo Packer v1.6.6');
    await setup();
    for (const call of await lines('apt-calls')) {
      expect(call).toContain(`Dir::State::Lists=${join(clone, '.cache', 'packer.partial-')}`);
      expect(call).toContain(`Dir::Cache=${join(clone, '.cache', 'packer.partial-')}`);
    }
  });

  it('is content with a packer on PATH from 1.6 on', async () => {
    await program('packer', 'echo Packer v1.6.0');
    expect(await setup()).toEqual(quiet);
  });

  it.each(['echo Packer v1.5.6', 'echo something else', 'exit 1'])('fetches its own where the one on PATH does `%s`', async (script) => {
    await program('packer', script);
    await debianWith('echo Packer v1.6.6');
    expect(await setup()).toMatchObject({ code: 0 });
    expect(existsSync(cached())).toBe(true);
  });

  it('names the download page where there is no apt', async () => {
    const { code, stderr } = await setup();
    expect(code).toBe(1);
    expect(stderr).toContain('there is no apt-get');
    expect(stderr).toContain(downloadPage);
  });

  it("names the download page and apt's error where apt cannot fetch it", async () => {
    await program('apt-get', 'case "$*" in *download*) echo "E: Unable to locate package packer"; exit 100;; esac');
    const { code, stderr } = await setup();
    expect(code).toBe(1);
    expect(stderr).toContain(downloadPage);
    expect(stderr).toContain('E: Unable to locate package packer');
    expect(await readdir(join(clone, '.cache'))).toEqual([]);
  });

  it.each([
    ['does not run', 'exit 1'],
    ['is too old', 'echo Packer v1.5.6'],
  ])('keeps no packer that %s', async (_, script) => {
    await debianWith(script);
    expect(await setup()).toMatchObject({ code: 1, stderr: expect.stringContaining(downloadPage) });
    expect(await readdir(join(clone, '.cache'))).toEqual([]);
  });

  it('clears away what an interrupted setup and a killed one left', async () => {
    await program('apt-get', "touch '../../../apt-runs'; exec sleep 60");
    const { child, ended } = start();
    await until(join(dirname(clone), 'apt-runs'));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143 });
    expect(await readdir(join(clone, '.cache'))).toEqual([]);

    await mkdir(join(clone, '.cache/packer.partial-killed'));
    await debianWith('echo Packer v1.6.6');
    expect(await setup()).toMatchObject({ code: 0 });
    expect(await readdir(join(clone, '.cache'))).toEqual(['packer']);
  });
});
