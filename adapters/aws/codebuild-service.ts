import {
  AccountLimitExceededException,
  BatchGetBuildsCommand,
  type CodeBuildClient,
  InvalidInputException,
  ResourceNotFoundException,
  StartBuildCommand,
  type StartBuildCommandInput,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';

import { environmentLimits } from '../../core/contract/deployment.ts';
import { type Outcome, failure } from '../../core/failure.ts';
import { type BuilderName, type RunId } from '../../core/identity.ts';
import { type BuildService, type StartAnswer, type StartRequest } from '../../core/ports.ts';
import { type RunRecord } from '../../core/run-record.ts';
import { checkStartEnvironment } from '../../core/start-environment.ts';
import { buildIdsOf, runRecordOf } from './codebuild-run.ts';
import { type Called, explained } from './service-failure.ts';

/** What CodeBuild takes as a time limit, in minutes. */
const timeLimits = { shortest: 5, longest: 2160 } as const;

export interface CodeBuildServiceOptions {
  /** A builder's project is named with this before the builder's name. */
  readonly projectPrefix: string;
}

/**
 * The build service over CodeBuild: a run is a build, its id the build's ARN. Runs of projects without the prefix are not
 * known.
 *
 * - A token is CodeBuild's idempotency token, which it remembers for five minutes; a start with other parameters under it is
 *   refused. That a later start makes no second attempt is the domain's own doing (a run waits for the word).
 * - A time limit is rounded up to whole minutes, from 5 to 2160.
 * - As many builds run at once as the account may run, CodeBuild itself lets five times as many wait, and beyond that a
 *   start is `full`; in an account that may run none it is refused, since waiting heals nothing.
 *
 * Throttling and lost connections are tried again by the client; what it gives up on is thrown as FailureError STORAGE, as are
 * missing permissions.
 */
export function codebuildService(client: CodeBuildClient, options: CodeBuildServiceOptions): BuildService {
  const idsOf = (run: RunId) => {
    const ids = buildIdsOf(run);
    return ids?.project.startsWith(options.projectPrefix) === true ? ids : undefined;
  };

  const look = async (runs: readonly RunId[]): Promise<readonly RunRecord[]> => {
    const ids = [...new Set(runs.flatMap((run) => idsOf(run)?.id ?? []))];
    if (ids.length === 0) return [];
    const called = { what: 'CodeBuild', action: 'codebuild:BatchGetBuilds', subject: `runs of ${options.projectPrefix}*` };
    const { builds = [] } = await explained(called, () => client.send(new BatchGetBuildsCommand({ ids })));
    // The id alone says neither account nor region.
    return builds.flatMap((build) => runRecordOf(build) ?? []).filter((record) => runs.includes(record.run));
  };

  return {
    start: (request) => start(client, options, request),
    look,

    async stop(run) {
      const ids = idsOf(run);
      if (ids === undefined) return;
      await explained({ ...named(ids.project, 'StopBuild'), subject: `the run ${run}` }, async () => {
        try {
          await client.send(new StopBuildCommand({ id: ids.id }));
        } catch (error) {
          if (error instanceof ResourceNotFoundException) return;
          if (!(error instanceof InvalidInputException)) throw error;
          const [record] = await look([run]);
          if (record?.status === 'IN_PROGRESS') throw error;
        }
      });
    },

    async forget() {
      // CodeBuild keeps builds for a year and then forgets them by itself; until then they are of use to people.
    },
  };
}

async function start(client: CodeBuildClient, options: CodeBuildServiceOptions, request: StartRequest): Promise<StartAnswer> {
  const project = `${options.projectPrefix}${request.builder}`;
  const environment = checkEnvironment(request);
  if (!environment.ok) return { state: 'refused', failure: environment.failure };
  const command = new StartBuildCommand(inputOf(project, request));
  return explained(named(project, 'StartBuild'), async () => {
    try {
      const { build } = await client.send(command);
      const ids = buildIdsOf(build?.arn ?? '');
      if (ids === undefined) throw new Error(`CodeBuild started a build of ${project} and did not say which`);
      return { state: 'started', run: ids.run };
    } catch (error) {
      return answerTo(error, project, request.builder);
    }
  });
}

function named(project: string, action: string): Called {
  return { what: `the CodeBuild project ${project}`, action: `codebuild:${action}` };
}

function inputOf(project: string, request: StartRequest): StartBuildCommandInput {
  const { shortest, longest } = timeLimits;
  return {
    projectName: project,
    idempotencyToken: request.token,
    // In one order, so that equal requests are equal under one token.
    environmentVariablesOverride: Object.keys(request.environment)
      .sort()
      .map((name) => ({ name, value: request.environment[name] ?? '', type: 'PLAINTEXT' as const })),
    timeoutInMinutesOverride: Math.min(longest, Math.max(shortest, Math.ceil(request.timeLimit / 60_000))),
  };
}

function checkEnvironment({ builder, environment }: StartRequest): Outcome<unknown> {
  const checked = checkStartEnvironment(environment);
  if (!checked.ok) return checked;
  const characters = Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const limit = environmentLimits.inAll - environmentLimits.ofProject;
  if (characters <= limit) return checked;
  return failure(
    'SERVICE_REFUSED',
    `the variables of a build of ${builder} have ${characters} characters, and ${limit} is the most that CodeBuild takes beside the project's own`,
    'give the request fewer or shorter variables, or put the values into a file of the repository',
  );
}

function answerTo(error: unknown, project: string, builder: BuilderName): StartAnswer {
  if (error instanceof ResourceNotFoundException)
    return refused(
      `there is no CodeBuild project ${project} for the builder ${builder}: ${error.message}`,
      'deploy the stack again: it makes a project for each builder of hybridcore.yaml',
    );
  if (error instanceof InvalidInputException)
    return refused(
      `CodeBuild does not take this start of ${project}: ${error.message}`,
      'deploy the stack again; where the message speaks of the request, change that',
    );
  if (!(error instanceof AccountLimitExceededException)) throw error;
  if (/Cannot have more than 0 /.test(error.message))
    return refused(
      `the account may run no builds of the compute type of ${project}: ${error.message}`,
      'ask AWS to raise the quota of concurrent builds, or give the builder another compute type under aws.compute',
    );
  return { state: 'full', message: `CodeBuild takes no more builds now: ${error.message}` };
}

function refused(message: string, remedy: string): StartAnswer {
  return { state: 'refused', failure: { rule: 'SERVICE_REFUSED', message, remedy } };
}
