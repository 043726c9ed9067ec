import { endedSchedule, scheduleOutlook } from '../../adapters/local/schedule-outlook.ts';
import { findSecrets } from '../../adapters/local/secret-scan.ts';
import { nearestName } from '../../adapters/local/nearest-name.ts';
import { secretsAtHand } from '../../adapters/local/environment-secrets.ts';
import { validateWithPacker } from '../../adapters/packer/run-packer.ts';
import { systemClock, systemRandomness } from '../../adapters/local/system.ts';
import { type AllowedSecret } from '../../core/allowed-secret.ts';
import { checkSecrets, checkTold } from '../../core/attempt-checks.ts';
import { classifyPackerRun } from '../../core/classification/classify.ts';
import { rowsOf } from '../../core/classification/users-rows.ts';
import { errorLines } from '../../core/packer-log/error-lines.ts';
import { builderOf } from '../../core/builder-of.ts';
import { type Builder } from '../../core/config.ts';
import { refusedVariables } from '../../core/request-check.ts';
import { type ValidateDocument } from '../../core/documents.ts';
import { type ExitCode, byGravity } from '../../core/exit-code.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { verdictOf } from '../../core/classification/verdict.ts';
import { packerRunReader } from '../../core/packer-log/packer-run-reader.ts';
import { packerVersionProblem, requiredPluginsProblem } from '../../core/packer-version.ts';
import { type Discovery, type PackerTool } from '../../core/ports.ts';
import { createFileScrub } from '../../core/scrub/file-scrub.ts';
import { knownSecrets } from '../../core/scrub/known-secrets.ts';
import { createRedactor } from '../../core/scrub/redactor.ts';
import { lineScrub } from '../../core/scrub/scrub-lines.ts';
import { type Answer, paint, verdictText } from '../answer.ts';
import { type Host, type Repository } from '../host.ts';
import { scheduleLines } from '../render/schedule-text.ts';
import { repositoryInputs } from '../repository-inputs.ts';
import { undeclaredFailure, undeclaredText } from './inputs.ts';

export interface ValidateOptions {
  /** An undeclared input is an error. */
  readonly strict: boolean;
  /** What a request would set. */
  readonly variables: Readonly<Record<string, string>>;
}

/** `validate [builder]`: config, inputs, secrets among the inputs, then `packer validate`; all builders, all faults. */
export async function validate(
  host: Host,
  repository: Repository,
  names: readonly BuilderName[],
  findTool: () => Promise<Outcome<PackerTool>>,
  options: ValidateOptions,
): Promise<Outcome<Answer>> {
  const builders: ValidateDocument['builders'] = [];
  const text: string[] = [];
  const inputNames = new Set<string>();
  for (const name of names) {
    const builder = builderOf(repository.config, name);
    if (builder === undefined) continue;
    const [refused] = refusedVariables(builder, name, options.variables);
    const discovered: Outcome<Discovery> =
      refused === undefined ? await repositoryInputs(repository).discover(builder, options.variables) : { ok: false, failure: refused };
    if (discovered.ok) host.outgoing.learn(knownSecrets({}, discovered.value));
    if (discovered.ok) for (const input of discovered.value.inputs) inputNames.add(input.name);
    const undeclared = discovered.ok ? [...discovered.value.undeclared] : [];
    const checked = discovered.ok ? await checkBuilder(host, repository, builder, discovered.value, findTool, options) : discovered;
    const outlook = builder.schedule === undefined ? undefined : scheduleOutlook(builder.schedule, systemClock.now());
    const ended = outlook === undefined ? undefined : endedSchedule(name, outlook);
    const fault = checked.ok ? ended : checked.failure;
    const verdict = fault === undefined ? null : verdictOf(fault);
    builders.push({
      builder: name,
      exit_code: verdict?.exit_code ?? 0,
      classification: verdict?.classification ?? null,
      fingerprint: discovered.ok ? fingerprintOf(discovered.value.inputs) : null,
      undeclared,
      schedule: outlook === undefined ? null : { ...outlook, next: [...outlook.next] },
    });
    text.push(
      verdict === null ? `${name}: ${paint(host.terminal.out, 'green', 'valid')}` : `${name}: ${verdictText(host.terminal.out, verdict)}`,
      ...undeclaredText(undeclared),
      ...(outlook === undefined || ended !== undefined ? [] : scheduleLines(outlook)),
    );
  }
  const unknown = repository.config.secrets_allowed.find(({ file }) => !inputNames.has(file));
  const all = names.length === Object.keys(repository.config.builders).length;
  if (unknown !== undefined && all && builders.every(({ fingerprint }) => fingerprint !== null)) return strayAllowance(unknown, inputNames);
  const exitCode: ExitCode = builders.map((each) => each.exit_code).sort(byGravity)[0] ?? 0;
  const document: ValidateDocument = { exit_code: exitCode, builders };
  return success({ exitCode, document, text: text.join('\n') });
}

/** An allowance that is for nothing: the file was renamed, or its name is mistyped. */
function strayAllowance({ file }: AllowedSecret, inputNames: ReadonlySet<string>): Outcome<never> {
  const near = nearestName(file, [...inputNames]);
  return failure(
    'CONFIG_INVALID',
    `secrets_allowed in hybridcore.yaml names ${file}, which is among the inputs of no builder`,
    near === undefined ? 'take the entry out' : `did you mean ${near}? Else take the entry out`,
  );
}

async function checkBuilder(
  host: Host,
  repository: Repository,
  builder: Builder,
  discovery: Discovery,
  findTool: () => Promise<Outcome<PackerTool>>,
  { strict, variables }: ValidateOptions,
): Promise<Outcome<void>> {
  const [hole] = discovery.undeclared;
  if (strict && hole !== undefined) return undeclaredFailure(hole, discovery.undeclared);
  const clear = await checkSecrets(
    (inputs) => findSecrets(repository.root, inputs),
    discovery.inputs,
    repository.config.secrets_allowed,
    systemClock.now(),
  );
  if (!clear.ok) return unbuilt(clear);
  const values = knownSecrets(secretsAtHand(host.environment, builder), discovery);
  const redactor = createRedactor({ values, key: systemRandomness.bytes(32) });
  const told = checkTold(discovery.inputs, redactor, repository.config, systemClock.now());
  if (!told.ok) return unbuilt(told);
  const tool = await findTool();
  if (!tool.ok) return tool;
  const problem =
    packerVersionProblem(builder.packer?.version, tool.value.version) ??
    requiredPluginsProblem(discovery.requiresPlugins, tool.value.version);
  if (problem !== undefined) return { ok: false, failure: problem };
  return packerValidate(host, repository, builder, discovery, variables, tool.value);
}

/** Nothing was built, so nothing has to be released from quarantine. */
function unbuilt(outcome: Outcome<void>): Outcome<void> {
  if (outcome.ok) return outcome;
  return { ok: false, failure: { ...outcome.failure, remedy: outcome.failure.remedy.replace(/, then release the builder.*$/, '') } };
}

async function packerValidate(
  host: Host,
  repository: Repository,
  builder: Builder,
  discovery: Discovery,
  variables: Readonly<Record<string, string>>,
  tool: PackerTool,
): Promise<Outcome<void>> {
  const atHand = secretsAtHand(host.environment, builder);
  // `packer validate` wants every variable set; where a secret is not at hand, a stand-in serves, since it is not used.
  const secrets = Object.fromEntries(Object.keys(builder.secrets).map((name) => [name, atHand[name] ?? 'stand-in-for-validation']));
  const key = systemRandomness.bytes(32);
  const scrubbed = lineScrub(createFileScrub('packer.log', createRedactor({ values: knownSecrets(atHand, discovery), key }), key));
  const reader = packerRunReader();
  const job = {
    tool,
    template: builder.template,
    varFiles: builder.var_files,
    only: builder.only,
    except: builder.except,
    variables,
    secrets,
    hiddenEnvironment: [],
    manifestOutputs: [],
    init: false,
  };
  const exitCode = await validateWithPacker({ root: repository.root, environment: host.environment }, job, (lines) => {
    for (const line of scrubbed.push(lines)) reader.line(line);
    return undefined;
  });
  for (const line of scrubbed.rest()) reader.line(line);
  if (exitCode === 0) return success(undefined);
  const run = reader.end();
  const verdict = classifyPackerRun(run, {
    packerExitCode: exitCode,
    signal: null,
    attempt: 1,
    recorded: [],
    rules: rowsOf(repository.config.rules),
  });
  const lines = errorLines(run)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return failure(
    'PACKER_INVALID',
    `packer validate refuses the template: ${lines[0] ?? verdict.classification.reason}`,
    verdict.classification.hint,
    lines.slice(0, 50),
  );
}
