import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildApp } from '../../cdk/app.ts';
import { type DeploymentPlan } from '../../cdk/plan.ts';
import { functionNames } from '../../core/contract/deployment.ts';
import { type Outcome } from '../../core/failure.ts';
import { type DeploymentContext } from '../../scripts/synth/context.ts';
import { type Bundlers, type MadePlan, makePlan } from '../../scripts/synth/make-plan.ts';
import { type Template } from './template.ts';

const root = resolve(import.meta.dirname, '../..');

/** The example stage: what `npm run synth` deploys. */
export const exampleConfig = join(root, 'examples', 'images', 'hybridcore.yaml');

/** An image repository whose two builders use between them all that a builder of a deployment may have. */
export const fullConfig = join(import.meta.dirname, 'images', 'hybridcore.yaml');

/** Bundles of the right form with nothing in them: what is in the real ones is looked at elsewhere. */
export const emptyBundles: Bundlers = {
  async functions(outdir) {
    for (const name of functionNames) {
      await mkdir(join(outdir, name), { recursive: true });
      await writeFile(join(outdir, name, 'index.mjs'), `export const handler = () => ${JSON.stringify(name)};\n`);
    }
  },
  commandLine: (outfile) => writeFile(outfile, '#!/usr/bin/env node\n'),
};

export const plainContext: DeploymentContext = {
  stack: 'images',
  operators: ['duty@example.com'],
  runbook: 'https://example.com/runbook.md',
  api_requests_per_second: 20,
  api_vpc_endpoints: [],
  api_addresses: [],
  reserve_concurrency: false,
};

/** Makes a plan in a folder that vanishes, and gives what was done with it. */
export async function withPlan<T>(
  config: string,
  use: (made: MadePlan, folder: string) => T | Promise<T>,
  context: DeploymentContext = plainContext,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'plan-'));
  try {
    const made = await planIn(folder, config, context);
    if (!made.ok) throw new Error(made.failure.message);
    return await use(made.value, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function planIn(folder: string, config: string, context: DeploymentContext = plainContext): Promise<Outcome<MadePlan>> {
  return makePlan(
    { context: { ...context, config }, from: folder, workingFolder: folder, environment: {}, folder: join(folder, 'plan') },
    emptyBundles,
  );
}

/** The template of a plan, without the rule packs: those take longer than all the rest. */
export async function templateOf(plan: DeploymentPlan, outdir: string): Promise<Template> {
  const assembly = buildApp(plan, { outdir, checks: false }).synth();
  return JSON.parse(await readFile(assembly.getStackByName(plan.stackName).templateFullPath, 'utf8')) as Template;
}
