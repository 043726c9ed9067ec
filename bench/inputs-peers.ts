import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import * as z from '../core/zod.ts';
import { type BenchRepository } from './inputs-repository.ts';
import { type Contestant, run } from './measure-process.ts';

/** What is measured beside, from the registry. No dependencies of the product: this bench installs them for itself. */
const peerPackages = { turbo: '2.11.11', nx: '24.0.6' } as const;

const Package = z.object({ version: z.string() });

const folder = resolve(import.meta.dirname, '..', '.cache', 'bench-inputs');

const nxHasher = `const { WorkspaceContext } = require('nx/src/native');
const [root, cache] = process.argv.slice(2);
if (new WorkspaceContext(root, cache).allFileData().length < 10000) process.exit(1);
`;

/** The peers, as they are started. */
export interface Peers {
  readonly turbo: string;
  /** A script that hashes the files of a folder with nx's native hasher, and keeps what it knows in another. */
  readonly nx: string;
}

/** @throws Error where they cannot be installed: a row that is missing would pass for one that is won. */
export async function installPeers(): Promise<Peers> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: peerPackages }));
  try {
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: folder,
      timeout: 300_000,
    });
  } catch (cause) {
    throw new Error(`turbo ${peerPackages.turbo} and nx ${peerPackages.nx} cannot be installed, so the bench cannot compare with them`, {
      cause,
    });
  }
  const nx = join(folder, 'nx-hasher.cjs');
  await writeFile(nx, nxHasher);
  return { turbo: await turboProgram(), nx };
}

/** The program itself: the one on the path would first start Node. */
async function turboProgram(): Promise<string> {
  const { resolve: from } = createRequire(join(folder, 'package.json'));
  const native = `@turbo/${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  return join(from(`${native}/package.json`), '..', 'bin', 'turbo');
}

/** The same files as a package of a workspace of turborepo's, committed with git. */
export async function turboRepository(
  { root }: BenchRepository,
  place: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  await rm(place, { recursive: true, force: true });
  await mkdir(join(place, 'packages'), { recursive: true });
  await cp(join(root, 'files'), join(place, 'packages/image/files'), { recursive: true });
  const workspace = { name: 'bench', private: true, packageManager: 'npm@10.0.0', workspaces: ['packages/*'] };
  await writeFile(join(place, 'package.json'), JSON.stringify(workspace));
  await writeFile(
    join(place, 'packages/image/package.json'),
    JSON.stringify({ name: 'image', version: '1.0.0', scripts: { build: 'true' } }),
  );
  await writeFile(join(place, 'turbo.json'), JSON.stringify({ tasks: { build: {} } }));
  await commitAll(place, environment);
  return place;
}

/** A copy of the files, committed with git. */
export async function gitRepository(
  { root }: BenchRepository,
  place: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await cp(join(root, 'files'), join(place, 'files'), { recursive: true });
  await commitAll(place, environment);
  return place;
}

async function commitAll(place: string, environment: Readonly<Record<string, string>>): Promise<void> {
  for (const words of [
    ['init', '-q'],
    ['add', '-A'],
    ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', 'commit', '-qm', 'all'],
  ])
    await run(['git', ...words], place, environment);
}

/** A tool over both cores: each of two processes gets every other file. */
export function overBothCores(name: string, program: readonly [string, ...string[]], { root, names }: BenchRepository): Contestant {
  const half = (rest: number): readonly string[] => names.filter((_, at) => at % 2 === rest);
  return { name, folder: root, commands: [0, 1].map((rest) => [...program, ...half(rest)] as const) };
}

/** A line of versions: figures mean nothing without them. */
export async function peerVersions(environment: Readonly<Record<string, string>>): Promise<string> {
  const said = async (program: string, word: string): Promise<string> =>
    (await run([program, word], folder, environment)).split('\n')[0] ?? '';
  const installed = await Promise.all(
    Object.keys(peerPackages).map(async (name) => {
      const { version } = Package.parse(JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')));
      return `${name} ${version}`;
    }),
  );
  return [await said('openssl', 'version'), await said('git', '--version'), await said('sha256sum', '--version'), ...installed].join(', ');
}
