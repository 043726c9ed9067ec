import { reportLimits } from './attempt-report.ts';
import { type RefusedSecret, refusedSecrets } from './refused-secrets.ts';
import { type Builder, type Config } from './config.ts';
import { type Digest } from './digest.ts';
import { compareInputs } from './drift.ts';
import { type Outcome, failure, success } from './failure.ts';
import { FailureError } from './failure-error.ts';
import { fitsReport, handoverLimits } from './handed-over.ts';
import { documentText } from './document-text.ts';
import { type BuilderName } from './identity.ts';
import { type Input } from './input.ts';
import { secretsInManifest } from './input-secrets.ts';
import { type Redactor } from './scrub/redactor.ts';
import { type Discovery, type ImageRepository, type Secrets } from './ports.ts';

/** A checked-out builder that is not the one that the dispatcher has. */
export function builderDiffers(name: BuilderName): Outcome<never> {
  return failure(
    'BUILDER_DIFFERS',
    `the checked-out hybridcore.yaml declares the builder ${name} otherwise than the dispatcher knows it`,
    'deploy the revision that is checked out, or check out the deployed one; on one machine, leave hybridcore.yaml alone while a build is under way, and build again',
  );
}

/** Checked-out inputs that are not those that the dispatcher was deployed with. */
export function sourceDiffers(found: Digest, expected: Digest): Outcome<never> {
  return failure(
    'SOURCE_DIFFERS',
    `the checked-out inputs have the fingerprint ${found}, and those that the dispatcher was deployed with ${expected}`,
    'where a deployment was under way, build again; else deploy the revision that is checked out',
  );
}

/** The values of a builder's secrets, or the reason why one could not be had. */
export async function readSecrets(secrets: Secrets, builder: Builder): Promise<Outcome<Readonly<Record<string, string>>>> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(builder.secrets)) {
    const value = await secrets.read(reference);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return success(values);
}

/** Whether no secret stands in clear among the inputs that is not allowed there at a time. @throws what is no failure of theirs. */
export async function checkSecrets(
  find: ImageRepository['findSecrets'],
  inputs: readonly Input[],
  allowed: Config['secrets_allowed'],
  now: number,
): Promise<Outcome<void>> {
  try {
    const planted = refusedSecrets(await find(inputs), allowed, now);
    return planted.length > 0 ? secretFailure(planted) : success(undefined);
  } catch (cause) {
    if (cause instanceof FailureError) return { ok: false, failure: cause.failure };
    throw cause;
  }
}

/** Whether no secret stands in what a manifest tells of the inputs: their names, and the values of plain variables. */
export function checkTold(
  inputs: readonly Input[],
  redactor: Redactor,
  { secrets_allowed: allowed }: Pick<Config, 'secrets_allowed'>,
  now: number,
): Outcome<void> {
  const told = refusedSecrets(secretsInManifest(inputs, redactor), allowed, now);
  return told.length > 0 ? secretFailure(told) : success(undefined);
}

/**
 * Whether the dispatcher takes a report of these inputs. One that it does not take would read as a lie, which is class 3;
 * that there are too many files is nobody's lie.
 */
export function checkReportable({ inputs, undeclared }: Discovery): Outcome<void> {
  const isFew = inputs.length <= reportLimits.inputs && undeclared.length <= reportLimits.undeclared;
  if (isFew && fitsReport(Buffer.from(documentText({ inputs, undeclared })))) return success(undefined);
  return failure(
    'INPUTS_TOO_MANY',
    `${inputs.length} inputs and ${undeclared.length} undeclared ones, with their names, are more than an attempt can hand over (at most ${reportLimits.inputs}, and ${handoverLimits.report / 2 ** 20} MiB with all else)`,
    'leave out under inputs.exclude what the image is not made of, or let the template name an archive of the files',
  );
}

/** Secrets among the inputs as a failure: the places, never the text. */
export function secretFailure(findings: readonly RefusedSecret[]): Outcome<never> {
  const places = findings.map(({ file, line, rule, allowedUntil }) =>
    allowedUntil === undefined ? `${file}:${line} (${rule})` : `${file}:${line} (${rule}, which was allowed until ${allowedUntil})`,
  );
  const [first] = places;
  return failure(
    'INPUT_SECRET',
    `a secret stands in clear among the inputs: ${first}${places.length > 1 ? ` and ${places.length - 1} more` : ''}`,
    'take it out of the file and out of its history, make it worthless (rotate it), name it under `secrets` instead, or where it is none give it a reason under `secrets_allowed`, then release the builder with `hybridcore-packer quarantine release`',
    places.slice(0, 100),
  );
}

/** Inputs that are not the same after packer as before it. */
export function inputsChanged(before: Discovery, after: Discovery): Outcome<never> {
  const { added, removed, changed } = compareInputs(before.inputs, after.inputs);
  const changes = [
    ...added.map((input) => `added ${input.kind} ${input.name}`),
    ...removed.map((input) => `removed ${input.kind} ${input.name}`),
    ...changed.map((input) => `changed ${input.kind} ${input.name} (${input.changed.join(', ')})`),
  ];
  return failure(
    'INPUTS_CHANGED',
    `inputs changed while packer was running: ${changes[0] ?? 'unknown'}`,
    'where the build itself writes the file, leave it out under inputs.exclude of the builder; else keep the repository still while a build runs, and build again',
    changes.slice(0, 100),
  );
}
