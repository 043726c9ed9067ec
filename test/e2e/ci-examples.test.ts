import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';

import * as z from '../../core/zod.ts';
import { type Rig, rig } from '../fixtures/rig.ts';

/*
 * The pipelines of examples/ci on the example repository: their own lines, as a shell of the service runs them. What only the
 * services know (checking out, their rules for jobs) stays theirs.
 */

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..', '..');
const examples = join(root, 'examples');

const Workflow = z.looseObject({
  env: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(z.looseObject({ name: z.optional(z.string()), run: z.optional(z.string()) })) }),
  ),
});
const Job = z.looseObject({ stage: z.string(), script: z.array(z.string()) });
const Pipeline = z.looseObject({
  variables: z.record(z.string(), z.string()),
  stages: z.array(z.string()),
  validate: Job,
  image: Job,
  publish: Job,
});

let folder: string;
let images: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-examples-'));
  images = join(folder, 'images');
  await cp(join(examples, 'images'), images, { recursive: true });
  await mkdir(join(folder, 'bin'));
  const program = join(folder, 'bin', 'hybridcore-packer');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin', 'hybridcore-packer.mjs')}' "$@"\n`);
  await chmod(program, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

/** Runs lines as a job does: the first that fails ends it. @returns its exit code, and what it said. */
async function job(lines: readonly string[], variables: Readonly<Record<string, string>>): Promise<{ code: number; said: string }> {
  const path = [join(folder, 'bin'), resolve(inject('packer').file, '..'), process.env['PATH']].join(delimiter);
  try {
    const { stdout, stderr } = await run('sh', ['-e', '-c', lines.join('\n')], {
      cwd: images,
      env: { ...process.env, NO_COLOR: '1', PATH: path, ...variables },
    });
    return { code: 0, said: stdout + stderr };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && typeof cause.code === 'number' && 'stdout' in cause && 'stderr' in cause)
      return { code: cause.code, said: `${String(cause.stdout)}${String(cause.stderr)}` };
    throw cause;
  }
}

async function changeInput(): Promise<void> {
  const file = join(images, 'motd', 'scripts', 'check.sh');
  await writeFile(file, `${await readFile(file, 'utf8')}\n# another line\n`);
}

describe('the workflow for GitHub Actions', { timeout: 120_000 }, () => {
  it('builds and publishes what changed, builds nothing that did not, and shows what a change would be', async () => {
    const { env, jobs } = Workflow.parse(parse(await readFile(join(examples, 'ci', 'github-actions.yml'), 'utf8')));
    const linesOf = (name: string) => (jobs[name]?.steps ?? []).flatMap((step) => (step.run === undefined ? [] : [step.run]));
    const variables = { ...env, IMAGES_HOME: join(folder, 'home') };
    expect(linesOf('check')).toHaveLength(2);
    expect(linesOf('image')).toHaveLength(3);
    const gate = linesOf('image').findIndex((line) => line.includes('--check'));
    expect(gate).toBe(linesOf('image').findIndex((line) => line.includes('publish')));

    expect((await job(linesOf('check'), variables)).code).toBe(0);
    const first = await job(linesOf('image'), variables);
    expect(first, first.said).toMatchObject({ code: 0 });
    expect(first.said).toMatch(/latest of motd points to build/);
    const second = await job(linesOf('image'), variables);
    expect(second, second.said).toMatchObject({ code: 0 });
    expect(second.said).toMatch(/UNCHANGED[^]*points already to build/);

    await changeInput();
    expect((await job(linesOf('check'), variables)).said).toContain('motd/scripts/check.sh');
    const gateAlone = await job(linesOf('image').slice(gate), variables);
    expect(gateAlone).toMatchObject({ code: 1 });
    expect(gateAlone.said).toContain('INPUTS_DRIFTED');
  });
});

describe('the pipeline for GitLab', { timeout: 120_000 }, () => {
  it('asks a dispatcher elsewhere, and publishes no other inputs than were built', async () => {
    const { variables, image, publish, validate } = Pipeline.parse(parse(await readFile(join(examples, 'ci', 'gitlab-ci.yml'), 'utf8')));
    const server: Rig = await rig({});
    await cp(images, server.root, { recursive: true });
    const serving = server.start(['serve', '--port', '0']);
    try {
      let said = '';
      serving.process.stderr?.on('data', (text: string) => (said += text));
      await serving.says(/serving \d+ builders at http/);
      const all = {
        ...variables,
        CI_PIPELINE_ID: '17',
        HYBRIDCORE_API: /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1] ?? '',
        HYBRIDCORE_API_TOKEN_FILE: join(server.root, 'state', 'api-token'),
      };
      expect((await job(validate.script, all)).code).toBe(0);
      const built = await job(image.script, all);
      expect(built, built.said).toMatchObject({ code: 0 });
      const again = await job(image.script, all);
      expect(again.said).toContain('the one that this client token was given');
      const published = await job(publish.script, all);
      expect(published, published.said).toMatchObject({ code: 0 });
      expect(published.said).toMatch(/would point to build[^]*points to build/);
      await changeInput();
      expect((await job(publish.script, all)).said).toContain('INPUTS_DRIFTED');
    } finally {
      serving.process.kill('SIGTERM');
      await serving.ended;
    }
  });
});
