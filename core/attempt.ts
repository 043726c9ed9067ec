import { recordLog } from './attempt-log.ts';
import { type AttemptReport, attemptReportSchemaName } from './attempt-report.ts';
import { type Builder, type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { compareInputs } from './drift.ts';
import { type Failure, type Outcome, failure, success } from './failure.ts';
import { fingerprintOf } from './fingerprint.ts';
import { documentText } from './hash-manifest.ts';
import { timestamp } from './identity.ts';
import { type AttemptRequest, refusedVariable } from './request.ts';
import { type Verdict } from './classification/verdict.ts';
import { judgeReport } from './judge.ts';
import { type PackerRun } from './packer-log/packer-run.ts';
import { commandText } from './command-text.ts';
import { packerVersionProblem } from './packer-version.ts';
import {
  type Clock,
  type Discovery,
  type Handover,
  type ImageRepository,
  type Interruption,
  type Packer,
  type PackerOutcome,
  type PackerTool,
  type Randomness,
  type Secrets,
} from './ports.ts';
import { type SecretValue } from './scrub/known-values.ts';
import { createRedactor } from './scrub/redactor.ts';
import { createFileScrub, scrubManifest } from './scrub/scrub-manifest.ts';

export interface AttemptPorts {
  readonly repository: ImageRepository;
  readonly packer: Packer;
  readonly secrets: Secrets;
  readonly handover: Handover;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Gets every scrubbed line as it comes, for whoever watches. */
  readonly watch: (line: string) => void;
}

/** What an attempt found out on its way, as far as it came. */
interface Findings {
  discovery?: Discovery;
  tool?: PackerTool;
  command?: string;
  outcome?: PackerOutcome;
  run?: PackerRun;
}

/** What an attempt handed over, and what it thinks of itself; `complete` draws its own conclusion. */
export interface AttemptEnd {
  readonly report: AttemptReport;
  readonly verdict: Verdict;
}

/**
 * One run of packer: inputs, fingerprint, secret scan, packer, scrubbed log, inputs again; and hands over what it
 * found under `incoming/<run>/`. Everything that can be expected to go wrong ends in the report; the report is
 * written last, so where there is one the rest is whole.
 *
 * @param interrupt aborted with an `Interruption` as its reason to end the attempt early and kindly.
 * @throws where the world fails it: the handover cannot be written. Then the build service's record decides.
 */
export async function runAttempt(
  ports: AttemptPorts,
  config: Config,
  request: AttemptRequest,
  interrupt: AbortSignal,
): Promise<AttemptEnd> {
  const startedAt = ports.clock.now();
  const findings: Findings = {};
  const ended = await attemptSteps(ports, config, request, findings, interrupt);
  const { discovery, outcome } = findings;
  const report: AttemptReport = {
    schema: attemptReportSchemaName,
    run: request.run,
    builder: request.builder,
    build_id: request.build,
    attempt: request.attempt,
    command: findings.command ?? null,
    started_at: timestamp(startedAt),
    finished_at: timestamp(ports.clock.now()),
    packer: outcome === undefined ? null : { exit_code: outcome.exitCode, signal: outcome.signal },
    interrupted: interrupt.aborted ? interruptionOf(interrupt) : null,
    failure: ended.ok ? null : reported(ended.failure),
    fingerprint: discovery === undefined ? null : fingerprintOf(discovery.inputs),
    inputs: discovery === undefined ? [] : [...discovery.inputs],
    undeclared: discovery === undefined ? [] : [...discovery.undeclared],
    resolved: { packer: findings.tool?.version ?? null, plugins: {}, base_images: [] },
    recorded: [...(outcome?.recorded ?? [])],
  };
  await ports.handover.put(keys.incoming(request.run).report, documentText(report));
  return { report, verdict: judgeReport(report, findings.run ?? null, request.attempt, { by: 'an operator' }).verdict };
}

async function attemptSteps(
  ports: AttemptPorts,
  config: Config,
  request: AttemptRequest,
  findings: Findings,
  interrupt: AbortSignal,
): Promise<Outcome<void>> {
  const builder = config.builders[request.builder];
  if (builder === undefined)
    return failure(
      'BUILDER_UNKNOWN',
      `the checked-out hybridcore.yaml has no builder ${request.builder}`,
      'check out the revision that was asked for, or deploy this one',
    );
  const refused = refusedVariable(builder, request.builder, request.variables);
  if (refused !== undefined) return { ok: false, failure: refused };

  const discovered = await ports.repository.discover(builder, request.variables);
  if (!discovered.ok) return discovered;
  findings.discovery = discovered.value;
  const sensitive = discovered.value.sensitiveVariables.find((name) => name in request.variables);
  if (sensitive !== undefined)
    return failure(
      'VARIABLE_NOT_ALLOWED',
      `the template calls the variable ${sensitive} sensitive, so a request cannot set it`,
      `name it under builders.${request.builder}.secrets instead`,
    );

  const planted = await ports.repository.findSecrets(discovered.value.inputs);
  if (planted.length > 0) return secretFailure(planted);

  const found = await ports.packer.find();
  if (!found.ok) return found;
  findings.tool = found.value;
  const unpinned = packerVersionProblem(builder.packer?.version, found.value.version);
  if (unpinned !== undefined) return { ok: false, failure: unpinned };

  const secrets = await readSecrets(ports.secrets, builder);
  if (!secrets.ok) return secrets;
  if (interrupt.aborted) return success(undefined);
  await runPacker(ports, request, builder, findings, found.value, discovered.value, secrets.value, interrupt);

  const again = await ports.repository.discover(builder, request.variables);
  if (!again.ok)
    return failure(
      'INPUTS_CHANGED',
      `the inputs can no longer be read: ${again.failure.message}`,
      'keep the repository still while a build runs, and build again',
    );
  if (fingerprintOf(again.value.inputs) !== fingerprintOf(discovered.value.inputs)) return inputsChanged(discovered.value, again.value);
  return success(undefined);
}

async function runPacker(
  ports: AttemptPorts,
  request: AttemptRequest,
  builder: Builder,
  findings: Findings,
  tool: PackerTool,
  discovery: Discovery,
  secrets: Readonly<Record<string, string>>,
  interrupt: AbortSignal,
): Promise<void> {
  const values: SecretValue[] = [
    ...Object.entries(secrets).map(([name, value]) => ({ name, value })),
    ...discovery.sensitiveValues.map((value) => ({ name: 'sensitive', value })),
  ];
  const key = ports.randomness.bytes(32);
  const redactor = createRedactor({ values, key });
  const job = {
    tool,
    template: builder.template,
    varFiles: builder.var_files,
    variables: request.variables,
    secrets,
    hiddenEnvironment: Object.values(builder.secrets).flatMap((reference) =>
      reference.startsWith('env:') ? [reference.slice('env:'.length)] : [],
    ),
    manifestOutputs: discovery.manifestOutputs,
    init: discovery.requiresPlugins,
  };
  const commandScrub = createFileScrub('command', redactor.forAnotherFile(), key);
  findings.command = commandScrub.line(commandText(ports.packer.commandLine(job)));
  const logScrub = createFileScrub('packer.log', redactor, key);
  const recorded = await recordLog(ports, request, logScrub, (onLine) => ports.packer.run(job, onLine, interrupt));
  const manifest = scrubManifest({ builder: request.builder, build_id: request.build, attempt: request.attempt }, redactor.notSearched, [
    logScrub.end(),
    commandScrub.end(),
  ]);
  await ports.handover.put(keys.incoming(request.run).scrubManifest, documentText(manifest));
  findings.outcome = recorded.outcome;
  findings.run = recorded.run;
}

async function readSecrets(secrets: Secrets, builder: Builder): Promise<Outcome<Readonly<Record<string, string>>>> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(builder.secrets)) {
    const value = await secrets.read(reference);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return success(values);
}

/** Secrets among the inputs as a failure: the places, never the text. */
export function secretFailure(findings: readonly { file: string; line: number; rule: string }[]): Outcome<never> {
  const places = findings.map((finding) => `${finding.file}:${finding.line} (${finding.rule})`);
  const [first] = places;
  return failure(
    'INPUT_SECRET',
    `a secret stands in clear among the inputs: ${first}${places.length > 1 ? ` and ${places.length - 1} more` : ''}`,
    'take it out of the file and out of its history, make it worthless (rotate it), name it under `secrets` instead, then release the builder with `hybridcore-packer quarantine release`',
    places.slice(0, 100),
  );
}

function inputsChanged(before: Discovery, after: Discovery): Outcome<never> {
  const { added, removed, changed } = compareInputs(before.inputs, after.inputs);
  const changes = [
    ...added.map((input) => `added ${input.kind} ${input.name}`),
    ...removed.map((input) => `removed ${input.kind} ${input.name}`),
    ...changed.map((input) => `changed ${input.kind} ${input.name} (${input.changed.join(', ')})`),
  ];
  return failure(
    'INPUTS_CHANGED',
    `inputs changed while packer was running: ${changes[0] ?? 'unknown'}`,
    'keep the repository still while a build runs, and build again',
    changes.slice(0, 100),
  );
}

/** The report's bounds hold for what our own checks say, too. */
function reported(cause: Failure): NonNullable<AttemptReport['failure']> {
  const evidence = cause.evidence?.slice(0, 100).map((line) => line.slice(0, 4096));
  return {
    rule: cause.rule,
    message: cause.message.slice(0, 16_384),
    remedy: cause.remedy.slice(0, 16_384),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

function interruptionOf(interrupt: AbortSignal): Interruption {
  const reason: unknown = interrupt.reason;
  return reason === 'stop' || reason === 'time-limit' ? reason : 'signal';
}
