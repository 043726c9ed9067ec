import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { bundle } from '../scripts/bundle.ts';
import { type Peers, gitRepository, installPeers, overBothCores, peerVersions, turboRepository } from './inputs-peers.ts';
import { type BenchRepository, makeRepository } from './inputs-repository.ts';
import { type Contestant, measure, run } from './measure-process.ts';

const own = 'hybridcore-packer inputs';

/** What own time divided by a peer's may be at most; 1: ahead of it. */
type Targets = Readonly<Record<string, number>>;

/** Peak of resident memory at 100,000 files, MB. */
const memoryTarget = 150;

/**
 * Measures `inputs --json` as it is installed, whole processes with their start, against tools that do as much or less,
 * in interleaved runs.
 *
 * @returns whether every target holds.
 */
export async function inputs(words: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...words], options: { runs: { type: 'string', default: '15' } } });
  const runs = Number(values.runs);
  const peers = await installPeers();
  const folder = await mkdtemp(join(tmpdir(), 'bench-inputs-'));
  const environment = environmentIn(folder);
  try {
    const program = join(folder, 'hybridcore-packer.cjs');
    await bundle(program);
    console.log(
      `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, ${await peerVersions(environment)}, ${runs} rounds\n`,
    );
    const bench: Bench = { folder, program, peers, environment, runs };
    const held = [await largeFiles(bench), await manyFiles(bench), await growth(bench)];
    return held.every(Boolean);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Bench {
  readonly folder: string;
  readonly program: string;
  readonly peers: Peers;
  readonly environment: Readonly<Record<string, string>>;
  readonly runs: number;
}

async function largeFiles({ folder, program, environment, runs }: Bench): Promise<boolean> {
  const repository = await makeRepository(join(folder, 'large'), { files: 50, folders: 5, size: 20 * 1024 * 1024 });
  const contestants = [
    asInstalled(program, repository, { cold: true }),
    overBothCores('openssl dgst -sha256 x 2', ['openssl', 'dgst', '-sha256'], repository),
    overBothCores('sha256sum x 2', ['sha256sum'], repository),
  ];
  const times = await measure(contestants, Math.max(3, Math.ceil(runs / 3)), environment);
  await rm(repository.root, { recursive: true });
  return report(`50 files, ${(repository.bytes / 1e9).toFixed(2)} GB, cold`, times, {
    'openssl dgst -sha256 x 2': 1.15,
    'sha256sum x 2': 1,
  });
}

async function manyFiles({ folder, program, peers, environment, runs }: Bench): Promise<boolean> {
  const repository = await makeRepository(join(folder, 'many'), { files: 10_000, folders: 500, size: 8192 });
  const git = await gitRepository(repository, join(folder, 'git'), environment);
  const turbo = await turboRepository(repository, join(folder, 'turbo'), environment);
  const nxCache = join(folder, 'nx');
  const turboDry: Contestant = { name: 'turbo run build --dry', folder: turbo, commands: [[peers.turbo, 'run', 'build', '--dry=json']] };
  const nx = (name: string): Contestant => ({ name, folder, commands: [[process.execPath, peers.nx, repository.root, nxCache]] });
  const cold = await measure(
    [
      asInstalled(program, repository, { cold: true }),
      overBothCores('openssl dgst -sha256 x 2', ['openssl', 'dgst', '-sha256'], repository),
      overBothCores('sha256sum x 2', ['sha256sum'], repository),
      {
        name: 'git add, fresh index',
        folder: git,
        commands: [['git', 'add', '-A']],
        prepare: () => rm(join(git, '.git/index'), { force: true }),
      },
      turboDry,
      { ...nx("nx's native hasher, no cache"), prepare: () => rm(nxCache, { recursive: true, force: true }) },
    ],
    runs,
    environment,
  );
  const coldHolds = report(`10,000 files, ${(repository.bytes / 1e6).toFixed(0)} MB, cold`, cold, {
    'openssl dgst -sha256 x 2': 1.8,
    'sha256sum x 2': 1,
    'git add, fresh index': 1,
    'turbo run build --dry': 1,
  });
  for (let turn = 0; turn < 2; turn += 1) await run([process.execPath, program, 'inputs', 'image', '--json'], repository.root, environment);
  const warm = await measure(
    [
      asInstalled(program, repository, { cold: false }),
      { name: 'git status', folder: git, commands: [['git', 'status']] },
      turboDry,
      nx("nx's native hasher"),
      { name: 'node -e 0', folder, commands: [[process.execPath, '-e', '0']] },
    ],
    runs * 2,
    environment,
  );
  return report('10,000 files, unchanged', warm, { 'git status': 2.8, 'turbo run build --dry': 1, "nx's native hasher": 1 }) && coldHolds;
}

async function growth({ folder, program, environment }: Bench): Promise<boolean> {
  console.log(
    '| files | cold, ms | one changed, ms | unchanged, ms | peak memory cold / one changed / unchanged, MB |\n|---|---|---|---|---|',
  );
  let most = 0;
  for (const files of [1000, 10_000, 100_000]) {
    const repository = await makeRepository(join(folder, 'growth'), { files, folders: files / 20, size: 8192 });
    const changed = join(repository.root, repository.names[0] ?? '');
    const cold = asInstalled(program, repository, { cold: true });
    const one: Contestant = { ...asInstalled(program, repository, { cold: false }), prepare: () => writeFile(changed, `${Math.random()}`) };
    const warm = asInstalled(program, repository, { cold: false });
    const row: { time: number; memory: number }[] = [];
    for (const contestant of [cold, one, warm]) {
      const times = await measure([contestant], 5, environment);
      await contestant.prepare?.();
      row.push({ time: times.get(own) ?? Number.NaN, memory: await peakMemory(program, repository.root, environment) });
    }
    most = Math.max(most, ...row.map(({ memory }) => memory));
    const cells = [files, ...row.map(({ time }) => time.toFixed(0)), row.map(({ memory }) => memory.toFixed(0)).join(' / ')];
    console.log(`| ${cells.join(' | ')} |`);
    await rm(repository.root, { recursive: true });
  }
  const holds = most < memoryTarget;
  console.log(`\n${holds ? 'holds' : 'MISSED'}: less than ${memoryTarget} MB of memory\n`);
  return holds;
}

function asInstalled(program: string, { root }: BenchRepository, { cold }: { cold: boolean }): Contestant {
  const command = [process.execPath, program, 'inputs', 'image', '--json'] as const;
  const forget = (): Promise<void> => rm(join(root, 'state'), { recursive: true, force: true });
  return { name: own, folder: root, commands: [command], ...(cold ? { prepare: forget } : {}) };
}

/** MB that a process had resident at most. */
async function peakMemory(program: string, folder: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const place = join(folder, '..', 'peak-memory');
  const report = `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(place)}, String(process.resourceUsage().maxRSS)))`;
  const script = `${place}.cjs`;
  await writeFile(script, report);
  await run([process.execPath, '--require', script, program, 'inputs', 'image', '--json'], folder, environment);
  return Number(await readFile(place, 'utf8')) / 1024;
}

function report(title: string, times: ReadonlyMap<string, number>, targets: Targets): boolean {
  const ownTime = times.get(own) ?? Number.NaN;
  console.log(`| ${title} | ms | own / this | at most |\n|---|---|---|---|`);
  let holds = true;
  for (const [name, time] of times) {
    const ratio = ownTime / time;
    const target = targets[name];
    const isMissed = target !== undefined && !(ratio <= target);
    holds &&= !isMissed;
    console.log(
      `| ${name} | ${time.toFixed(0)} | ${ratio.toFixed(2)} | ${target === undefined ? '' : `${target}${isMissed ? ' MISSED' : ''}`} |`,
    );
  }
  console.log('');
  return holds;
}

/** Nothing of whoever measures: certificates that the machine adds to Node's own, for instance, slow a start. */
function environmentIn(folder: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    TURBO_TELEMETRY_DISABLED: '1',
    NX_DAEMON: 'false',
  };
}
