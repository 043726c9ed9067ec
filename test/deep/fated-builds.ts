import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { commandLine } from '../fixtures/command-line.ts';

/** How packer's script in a build ends: a request says it with `--var fate=...`, so the end of each build is known before. */
const fates = {
  sound: 'succeeded',
  /** Fails transiently in its first attempt. */
  flaky: 'succeeded',
  /** Fails transiently in both. */
  doomed: 'escalated',
  /** Fails for good. */
  broken: 'failed',
} as const;
export type Fate = keyof typeof fates;

/** The state that a build of this fate ends in; undefined where there is no such fate. */
export function fatedEnd(fate: string): (typeof fates)[Fate] | undefined {
  return new Map<string, (typeof fates)[Fate]>(Object.entries(fates)).get(fate);
}

/** Builders that packer runs for, and one whose inputs hold a secret, so that its builds quarantine it. */
export const fatedBuilders = ['alma', 'alpine', 'arch', 'debian', 'fedora', 'ubuntu'] as const;
export const leakyBuilder = 'leaky';

/** One execution of `packer build`, as packer itself was called. */
export interface PackerExecution {
  readonly build: string;
  readonly attempt: string;
  readonly run: string;
}

/** An image repository whose builds end as they are asked to, and a record of every packer that ran, kept outside of its home. */
export interface FatedBuilds {
  readonly root: string;
  start(words: readonly string[]): ChildProcess;
  executions(): Promise<readonly PackerExecution[]>;
  /** Pairs of packer runs of one builder that were under way at the same time: each a line. */
  overlaps(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** @param packer the real one; what the builds find on PATH notes each call and becomes it. */
export async function fatedBuilds(packer: string): Promise<FatedBuilds> {
  const outside = await mkdtemp(join(tmpdir(), 'killed-dispatcher-'));
  const root = join(outside, 'images');
  const [executions, overlaps] = [join(outside, 'packer-executions'), join(outside, 'overlaps')];
  const files: Readonly<Record<string, string>> = {
    [join(outside, 'bin', 'packer')]: notingPacker(packer, root, executions),
    [join(root, 'hybridcore.yaml')]: [
      'version: 1',
      'builders:',
      ...fatedBuilders.map((name) => `  ${name}: { template: ${name}, variables: [fate, ticket], retry: { delay: 1s } }`),
      `  ${leakyBuilder}: { template: ${leakyBuilder} }`,
      '',
    ].join('\n'),
    ...Object.fromEntries([...fatedBuilders, leakyBuilder].map((name) => [join(root, name, 'image.pkr.hcl'), templateOf(name)] as const)),
    ...Object.fromEntries(fatedBuilders.map((name) => [join(root, name, 'run.sh'), script(name, outside, overlaps)] as const)),
    // In two pieces, so that no scanner takes this file for a leak.
    [join(root, leakyBuilder, 'run.sh')]: `#!/bin/sh\n# ${['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('')}\n`,
    [executions]: '',
    [overlaps]: '',
  };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    if (content.startsWith('#!')) await chmod(file, 0o755);
  }
  const environment = { ...process.env, NO_COLOR: '1', PATH: [join(outside, 'bin'), process.env['PATH']].join(delimiter) };
  return {
    root,
    start: (words) => spawn(process.execPath, [commandLine, ...words], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] }),
    executions: async () =>
      (await linesOf(executions)).map((line) => {
        const [build = '', attempt = '', run = ''] = line.split(' ');
        return { build, attempt, run };
      }),
    overlaps: () => linesOf(overlaps),
    remove: () => rm(outside, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

async function linesOf(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).split('\n').slice(0, -1);
}

/** The dispatcher hides the ids of build and attempt from packer, so they are read where the build service keeps what was asked of it. */
function notingPacker(packer: string, root: string, executions: string): string {
  return `#!/bin/sh
if [ "\${1:-}" = build ]; then
  told() { sed -n 's/.*"'"$1"'": "\\([^"]*\\)".*/\\1/p' '${root}/state/build-service/'"$CODEBUILD_BUILD_ARN"/request.json; }
  ATTEMPT=$(told HYBRIDCORE_ATTEMPT)
  export ATTEMPT
  echo "$(told HYBRIDCORE_BUILD_ID) $ATTEMPT $CODEBUILD_BUILD_ARN" >> '${executions}'
fi
exec '${packer}' "$@"
`;
}

function templateOf(name: string): string {
  return `variable "fate" {
  type    = string
  default = "sound"
}

variable "ticket" {
  type    = string
  default = ""
}

source "file" "image" {
  content = "an image"
  target  = "out/${name}.txt"
}

build {
  sources = ["source.file.image"]

  provisioner "shell-local" {
    environment_vars = ["FATE=\${var.fate}"]
    script           = "\${path.root}/run.sh"
  }
}
`;
}

function script(name: string, outside: string, overlaps: string): string {
  return `#!/bin/sh
set -eu
before=$(cat '${outside}/running-${name}' 2>/dev/null || true)
if [ -n "$before" ] && ps -p "$before" -o args= | grep -q '${name}/run.sh'; then
  echo "${name}: $CODEBUILD_BUILD_ARN began while another run's script lived" >> '${overlaps}'
fi
echo $$ > '${outside}/running-${name}'
sleep 0.2
transient() { echo 'curl: (7) Failed to connect to mirror.example: Connection refused' >&2; exit 7; }
case "$FATE" in
  flaky) if [ "$ATTEMPT" = 1 ]; then transient; fi ;;
  doomed) transient ;;
  broken) echo 'there is no such package' >&2; exit 1 ;;
esac
`;
}
