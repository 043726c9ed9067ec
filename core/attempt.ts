import { builderDiffers, checkReportable, checkSecrets, checkTold, inputsChanged, readSecrets, sourceDiffers } from './attempt-checks.ts';
import { recordLog } from './attempt-log.ts';
import { type AttemptReport, attemptReportSchemaName } from './attempt-report.ts';
import { builderDigest } from './builder-digest.ts';
import { rowsOf } from './classification/users-rows.ts';
import { type Verdict, verdictOf } from './classification/verdict.ts';
import { commandText } from './command-text.ts';
import { builderOf } from './builder-of.ts';
import { type Builder, type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { type Failure, type Outcome, failure, success } from './failure.ts';
import { fingerprintOf } from './fingerprint.ts';
import { documentText } from './document-text.ts';
import { timestamp } from './identity.ts';
import { judgeReport } from './judge.ts';
import { type PackerRun } from './packer-log/packer-run.ts';
import { packerVersionProblem, requiredPluginsProblem } from './packer-version.ts';
import {
  type Clock,
  type Control,
  type Discovery,
  type Handover,
  type ImageRepository,
  type Interruption,
  type Packer,
  type PackerJob,
  type PackerOutcome,
  type PackerTool,
  type Randomness,
  type Secrets,
} from './ports.ts';
import { scrubArtifact, scrubFailure, scrubText } from './receive.ts';
import { type AttemptRequest } from './request.ts';
import { refusedVariables } from './request-check.ts';
import { knownSecrets, notSearchedTexts } from './scrub/known-secrets.ts';
import { type SecretValue } from './scrub/known-values.ts';
import { createRedactor } from './scrub/redactor.ts';
import { createFileScrub, scrubManifest } from './scrub/file-scrub.ts';
import { type ScrubbedFile } from './scrub/scrub-manifest.ts';

export interface AttemptPorts {
  readonly repository: ImageRepository;
  readonly packer: Packer;
  readonly secrets: Secrets;
  readonly handover: Handover;
  readonly control: Control;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Gets every scrubbed line as it comes, for whoever watches. Where it gives a promise, packer waits for it. */
  readonly watch: (lines: readonly string[]) => Promise<void> | undefined;
  /** Gets a sentence that whoever watches has to know before packer runs. */
  readonly warn: (sentence: string) => void;
}

/** How long an attempt waits for the dispatcher's word: longer than it takes the sweep to come by twice. Milliseconds. */
const goLimit = 15 * 60_000;

/** What an attempt handed over, and what it thinks of itself; `complete` draws its own conclusion. */
export interface AttemptEnd {
  readonly report: AttemptReport;
  readonly verdict: Verdict;
}

/** What an attempt found out on its way, as far as it came. */
interface Findings {
  discovery?: Discovery;
  tool?: PackerTool;
  secrets?: Readonly<Record<string, string>>;
  unchanged?: true;
  ran?: { readonly job: PackerJob; readonly outcome: PackerOutcome; readonly run: PackerRun; readonly log: ScrubbedFile };
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
  const key = ports.randomness.bytes(32);
  const findings: Findings = {};
  const ended = await attemptSteps(ports, config, request, findings, key, interrupt);

  const { discovery, ran } = findings;
  const redactor = createRedactor({ values: secretValues(findings), key });
  const scrub = createFileScrub('report.json', redactor, key);
  const report: AttemptReport = {
    schema: attemptReportSchemaName,
    run: request.run,
    builder: request.builder,
    build_id: request.build,
    attempt: request.attempt,
    command: ran === undefined ? null : scrubText(scrub, commandText(ports.packer.commandLine(ran.job))),
    started_at: timestamp(startedAt),
    // A clock that was set back while packer ran is no reason to distrust the report.
    finished_at: timestamp(Math.max(startedAt, ports.clock.now())),
    packer: ran === undefined ? null : { exit_code: ran.outcome.exitCode, signal: ran.outcome.signal },
    interrupted: interrupt.aborted && findings.unchanged === undefined ? interruptionOf(interrupt) : null,
    unchanged: findings.unchanged ?? false,
    failure: ended.ok ? null : scrubFailure(scrub, reported(ended.failure)),
    fingerprint: discovery === undefined ? null : fingerprintOf(discovery.inputs),
    inputs: discovery === undefined ? [] : [...discovery.inputs],
    undeclared: discovery === undefined ? [] : [...discovery.undeclared],
    resolved: {
      packer: findings.tool?.version ?? null,
      plugins: { ...ran?.run.plugins },
      base_images: [...new Set(ran?.run.targets.flatMap(({ base }) => base))].toSorted().map((image) => scrubText(scrub, image)),
    },
    recorded: (ran?.outcome.recorded ?? []).map((artifact) => scrubArtifact(scrub, artifact)),
  };
  const of = { builder: request.builder, build_id: request.build, attempt: request.attempt };
  const at = keys.incoming(request.run);
  await ports.handover.put(
    at.scrubManifest,
    documentText(scrubManifest(of, redactor.notSearched, [...(ran === undefined ? [] : [ran.log]), scrub.end()])),
  );
  await ports.handover.put(at.report, documentText(report));
  return { report, verdict: ownJudgement(report, ran?.run ?? null, request, config).verdict };
}

/** What the attempt thinks of itself, with what it knows: `complete` has the records, and decides. */
function ownJudgement(report: AttemptReport, run: PackerRun | null, request: AttemptRequest, config: Config) {
  if (report.unchanged) return { verdict: verdictOf({ rule: 'UNCHANGED', message: 'the inputs are unchanged', remedy: '' }) };
  return judgeReport(
    report,
    run,
    { attempt: request.attempt, unless: null, expired_at: null },
    { by: 'an operator' },
    rowsOf(config.rules),
  );
}

async function attemptSteps(
  ports: AttemptPorts,
  config: Config,
  request: AttemptRequest,
  findings: Findings,
  key: Uint8Array,
  interrupt: AbortSignal,
): Promise<Outcome<void>> {
  const builder = builderOf(config, request.builder);
  if (builder === undefined) {
    return failure(
      'BUILDER_UNKNOWN',
      `the checked-out hybridcore.yaml has no builder ${request.builder}`,
      'check out the revision that was asked for, or deploy this one',
    );
  }
  if (request.builder_digest !== null && builderDigest(builder) !== request.builder_digest) return builderDiffers(request.builder);
  const discovered = await discover(ports, builder, request);
  if (!discovered.ok) return discovered;
  const fingerprint = fingerprintOf(discovered.value.inputs);
  // Inputs that nobody asked for are no claim about the build: none are reported.
  if (request.expected !== null && fingerprint !== request.expected) return sourceDiffers(fingerprint, request.expected);
  const reportable = checkReportable(discovered.value);
  if (!reportable.ok) return reportable;
  findings.discovery = discovered.value;
  const clear = await checkSecrets(
    (inputs) => ports.repository.findSecrets(inputs),
    discovered.value.inputs,
    config.secrets_allowed,
    ports.clock.now(),
  );
  if (!clear.ok) return clear;

  if (fingerprint === request.unless) {
    findings.unchanged = true;
    return success(undefined);
  }

  const found = await ports.packer.find();
  if (!found.ok) return found;
  findings.tool = found.value;
  const problem =
    packerVersionProblem(builder.packer?.version, found.value.version) ??
    requiredPluginsProblem(discovered.value.requiresPlugins, found.value.version);
  if (problem !== undefined) return { ok: false, failure: problem };
  const secrets = await readSecrets(ports.secrets, builder);
  if (!secrets.ok) return secrets;
  findings.secrets = secrets.value;
  const told = checkTold(discovered.value.inputs, createRedactor({ values: secretValues(findings), key }), config, ports.clock.now());
  if (!told.ok) return told;
  if (!(await ports.control.awaitGo(request.run, goLimit, interrupt))) return interrupt.aborted ? success(undefined) : notConfirmed();
  if (interrupt.aborted) return success(undefined);
  await runPacker(ports, request, jobOf(builder, request, found.value, discovered.value, secrets.value), findings, key, interrupt);

  const again = await ports.repository.discover(builder, request.variables);
  if (!again.ok) {
    return failure(
      'INPUTS_CHANGED',
      `the inputs can no longer be read: ${again.failure.message}`,
      'keep the repository still while a build runs, and build again',
    );
  }
  return fingerprintOf(again.value.inputs) === fingerprint ? success(undefined) : inputsChanged(discovered.value, again.value);
}

/** The run was started, and then nobody said that it is the attempt: it may be a second one, so it leaves packer alone. */
function notConfirmed(): Outcome<never> {
  return failure(
    'NOT_CONFIRMED',
    `the dispatcher did not tell this run within ${goLimit / 60_000} minutes that it is the attempt, so packer did not run`,
    'see whether the dispatcher, or its sweep, is running; the next command on this machine goes on',
  );
}

/** The inputs, where the request sets none of the variables that it may not. */
async function discover(ports: AttemptPorts, builder: Builder, request: AttemptRequest): Promise<Outcome<Discovery>> {
  const [refused] = refusedVariables(builder, request.builder, request.variables);
  if (refused !== undefined) return { ok: false, failure: refused };
  const discovered = await ports.repository.discover(builder, request.variables);
  const sensitive = discovered.ok ? discovered.value.sensitiveVariables.find((name) => Object.hasOwn(request.variables, name)) : undefined;
  if (sensitive === undefined) return discovered;
  return failure(
    'VARIABLE_NOT_ALLOWED',
    `the template calls the variable ${sensitive} sensitive, so a request cannot set it`,
    `name it under builders.${request.builder}.secrets instead`,
  );
}

function jobOf(
  builder: Builder,
  request: AttemptRequest,
  tool: PackerTool,
  discovery: Discovery,
  secrets: Readonly<Record<string, string>>,
): PackerJob {
  return {
    tool,
    template: builder.template,
    varFiles: builder.var_files,
    only: builder.only,
    except: builder.except,
    variables: request.variables,
    secrets,
    hiddenEnvironment: Object.values(builder.secrets).flatMap((reference) =>
      reference.startsWith('env:') ? [reference.slice('env:'.length)] : [],
    ),
    manifestOutputs: discovery.manifestOutputs,
    init: discovery.requiresPlugins,
  };
}

async function runPacker(
  ports: AttemptPorts,
  request: AttemptRequest,
  job: PackerJob,
  findings: Findings,
  key: Uint8Array,
  interrupt: AbortSignal,
): Promise<void> {
  const redactor = createRedactor({ values: secretValues(findings), key });
  for (const sentence of notSearchedTexts(redactor.notSearched, findings.discovery?.sensitiveVariables)) ports.warn(sentence);
  const scrub = createFileScrub('packer.log', redactor, key);
  const { outcome, run } = await recordLog(ports, request, scrub, (onLines) => ports.packer.run(job, onLines, interrupt));
  findings.ran = { job, outcome, run, log: scrub.end() };
}

/** What must be gone from everything that is handed over. */
function secretValues({ secrets = {}, discovery }: Findings): SecretValue[] {
  return knownSecrets(secrets, discovery);
}

/** The report's bounds hold for what our own checks say, too. */
function reported(cause: Failure): NonNullable<AttemptReport['failure']> {
  const cut = (text: string, length: number) => text.slice(0, length).toWellFormed();
  const evidence = cause.evidence?.slice(0, 100).map((line) => cut(line, 2000));
  const texts = { rule: cause.rule, message: cut(cause.message, 8000), remedy: cut(cause.remedy, 8000) };
  return evidence === undefined ? texts : { ...texts, evidence };
}

function interruptionOf(interrupt: AbortSignal): Interruption {
  const reason: unknown = interrupt.reason;
  return reason === 'stop' || reason === 'time-limit' ? reason : 'signal';
}
