import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

import { buildApp } from '../cdk/app.ts';
import { proveRetention } from '../cdk/template-lifecycle.ts';
import { checkTemplateSize } from '../cdk/template-size.ts';
import { FailureError } from '../core/failure-error.ts';
import { type Failure } from '../core/failure.ts';
import { bundleFunctions } from './bundle-functions.ts';
import { bundle } from './bundle.ts';
import { readContext } from './synth/context.ts';
import { makePlan } from './synth/make-plan.ts';

const root = resolve(import.meta.dirname, '..');

/**
 * Synthesizes the deployment of a `hybridcore.yaml`: what `cdk.json` names as the app, and `npm run synth`. It needs neither
 * network nor credentials.
 *
 * @param parameters the words after the program's name.
 * @returns the code to exit with.
 */
export async function synthesize(
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
): Promise<number> {
  const context = await readContext(parameters, environment, join(root, 'cdk.json'));
  if (!context.ok) return tell(context.failure, say);
  const folder = await mkdtemp(join(tmpdir(), 'hybridcore-packer-synth-'));
  try {
    // npm goes to the root of the package, and says where it was called.
    const from = environment['INIT_CWD'] ?? process.cwd();
    const made = await makePlan(
      { context: context.value, from, workingFolder: process.cwd(), environment, folder },
      { functions: bundleFunctions, commandLine: bundle },
    );
    if (!made.ok) return tell(made.failure, say);
    for (const warning of made.value.warnings) say(`warning: ${warning}`);
    const outdir = environment['CDK_OUTDIR'] ?? join(root, 'cdk.out');
    const { stackName, deployment } = made.value.plan;
    const assembly = buildApp(made.value.plan, { outdir, checks: true }).synth();
    const { templateFullPath } = assembly.getStackByName(stackName);
    const { size } = await stat(templateFullPath);
    const fits = checkTemplateSize(stackName, Object.keys(deployment.config.builders).length, size);
    if (!fits.ok) return tell(fits.failure, say);
    const kept = proveRetention(JSON.parse(await readFile(templateFullPath, 'utf8')), deployment.config.retention);
    if (!kept.ok) return tell(kept.failure, say);
    say(`${relative(from, made.value.file)} as the stack ${stackName}: ${relative(from, assembly.directory)}`);
    return 0;
  } catch (cause) {
    if (cause instanceof FailureError) return tell(cause.failure, say);
    throw cause;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tell({ message, remedy, evidence = [] }: Failure, say: (text: string) => void): number {
  const lines = evidence.filter((line) => !message.includes(line)).map((line) => `    ${line}\n`);
  say(`${message}\n${lines.join('')}  next: ${remedy}`);
  return 1;
}

if (import.meta.main) process.exitCode = await synthesize(process.argv.slice(2), process.env, (text) => process.stderr.write(`${text}\n`));
