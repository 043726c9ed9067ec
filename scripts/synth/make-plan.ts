import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

import { type ConfigFile, configFileName, findConfigFile, readConfigFile } from '../../adapters/local/config-file.ts';
import { readBuildspec } from '../../adapters/local/packaged-files.ts';
import { endedSchedule, scheduleOutlook } from '../../adapters/local/schedule-outlook.ts';
import { systemClock } from '../../adapters/local/system.ts';
import { planProblems } from '../../cdk/plan-problems.ts';
import { type DeploymentPlan } from '../../cdk/plan.ts';
import { type Config } from '../../core/config.ts';
import { type FunctionName, functionNames } from '../../core/contract/deployment.ts';
import { type Deployment } from '../../core/deployment.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { BuilderName } from '../../core/identity.ts';
import { version } from '../../core/version.ts';
import * as z from '../../core/zod.ts';
import { type DeploymentContext } from './context.ts';
import { deployedSources } from './deployed-inputs.ts';
import { stageRepository } from './stage-repository.ts';

const Buildspec = z.record(z.string(), z.unknown());

/** Writes the code that is deployed; given, since it takes longer than all the rest. */
export interface Bundlers {
  /** A folder for each function below `outdir`, with `deployment.json` where it reads that. */
  functions(outdir: string, deployment: Deployment): Promise<unknown>;
  /** The command line as one file. */
  commandLine(outfile: string): Promise<void>;
}

export interface PlanRequest {
  readonly context: DeploymentContext;
  /** Where the call came from: the nearest `hybridcore.yaml` is looked for there. Absolute. */
  readonly from: string;
  /** What a named one is relative to. Absolute. */
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where what is deployed is put together. It has to stay until the synthesis is done. Absolute. */
  readonly folder: string;
}

export interface MadePlan {
  readonly plan: DeploymentPlan;
  /** The `hybridcore.yaml` that it was made from. */
  readonly file: string;
  /** What a person should know, a sentence each. */
  readonly warnings: readonly string[];
}

/** Makes the plan of a deployment: reads `hybridcore.yaml`, stages the repository, computes fingerprints, bundles the code. */
export async function makePlan(request: PlanRequest, bundlers: Bundlers): Promise<Outcome<MadePlan>> {
  const { context, folder } = request;
  const found = await readConfig(request);
  if (!found.ok) return found;
  const { config, root, file } = found.value;
  const repository = join(folder, 'repository');
  const staged = await stageRepository(root, repository);
  if (!staged.ok) return staged;
  const discovered = await deployedSources(repository, config);
  if (!discovered.ok) return discovered;
  const { sources, warnings } = discovered.value;
  const deployment: Deployment = { schema: 'hybridcore-packer/deployment/1', version, config, sources };
  const bundles = join(folder, 'functions');
  const commandLine = join(folder, 'hybridcore-packer.cjs');
  const problems = [...planProblems(deployment), ...scheduleProblems(config)];
  if (problems.length > 0) {
    return failure(
      'CONFIG_INVALID',
      `${file} cannot be deployed: ${problems.join('; ')}`,
      'mend what is named; nothing was deployed',
      problems,
    );
  }
  await Promise.all([bundlers.functions(bundles, deployment), bundlers.commandLine(commandLine)]);
  return success({
    file,
    warnings: [
      ...warnings,
      ...ignoredWarning(staged.value.ignored),
      ...(context.operators.length === 0
        ? ['nobody is told what needs a person: give -c operators=ADDRESS, or subscribe to the topic']
        : []),
    ],
    plan: {
      stackName: context.stack,
      deployment,
      configFile: basename(file),
      assets: {
        repository,
        functions: foldersIn(bundles),
        commandLine: {
          file: commandLine,
          sha256: createHash('sha256')
            .update(await readFile(commandLine))
            .digest('hex'),
        },
      },
      buildspec: Buildspec.parse(parse(await readBuildspec())),
      operators: context.operators,
      runbook: context.runbook,
      api: {
        requestsPerSecond: context.api_requests_per_second,
        vpcEndpoints: context.api_vpc_endpoints,
        addresses: context.api_addresses,
      },
      reserveConcurrency: context.reserve_concurrency,
    },
  });
}

function ignoredWarning(ignored: readonly string[]): readonly string[] {
  if (ignored.length === 0) return [];
  const more = ignored.length > 5 ? ` and ${ignored.length - 5} more` : '';
  return [`git ignores ${ignored.slice(0, 5).join(', ')}${more}: not deployed; take in what is an input: git add --force`];
}

/** Schedules that a deployment would make for nothing, a sentence each. */
function scheduleProblems(config: Config): readonly string[] {
  const now = systemClock.now();
  return Object.entries(config.builders).flatMap(([name, { schedule }]) => {
    const ended = schedule === undefined ? undefined : endedSchedule(BuilderName.parse(name), scheduleOutlook(schedule, now));
    return ended === undefined ? [] : [`${ended.message}: ${ended.remedy}`];
  });
}

function foldersIn(bundles: string): Readonly<Record<FunctionName, string>> {
  const [dispatch, complete, reconcile, api] = functionNames;
  return {
    dispatch: join(bundles, dispatch),
    complete: join(bundles, complete),
    reconcile: join(bundles, reconcile),
    api: join(bundles, api),
  };
}

async function readConfig({ context, environment, from, workingFolder }: PlanRequest): Promise<Outcome<ConfigFile>> {
  const named = context.config ?? environment['HYBRIDCORE_CONFIG'];
  const found = findConfigFile(named === undefined ? from : workingFolder, named);
  if (found.ok) return readConfigFile(found.value);
  return failure(
    found.failure.rule,
    found.failure.message,
    `name the one to deploy: -c config=PATH/TO/${configFileName}, or HYBRIDCORE_CONFIG`,
  );
}
