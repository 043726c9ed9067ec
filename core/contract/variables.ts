import { digestOf } from '../digest.ts';

/**
 * The environment variables by which the dispatcher speaks to an attempt, through the build service.
 * `buildspecs/packer-build.yml` and `cdk/` use the same names.
 */
export const variables = {
  /** The builder's name. */
  builder: 'HYBRIDCORE_BUILDER',
  /** The build's id, a ULID. */
  buildId: 'HYBRIDCORE_BUILD_ID',
  /** 1 or 2. */
  attempt: 'HYBRIDCORE_ATTEMPT',
  /** The request's variables: a JSON object of strings. */
  variables: 'HYBRIDCORE_VARIABLES',
  /** The fingerprint at which packer need not run; empty or missing where it has to. */
  unless: 'HYBRIDCORE_UNLESS',
  /** The fingerprint of the source as the dispatcher knows it; empty or missing where it does not. */
  expected: 'HYBRIDCORE_EXPECTED',
  /** The digest of the builder as the dispatcher knows it (`builderDigest`): the checked-out one has to be equal. */
  builderDigest: 'HYBRIDCORE_BUILDER_DIGEST',
  /** `hybridcore.yaml`, absolute or below the source's folder. */
  config: 'HYBRIDCORE_CONFIG',
  /** Where `incoming/` and `control/` are: a folder on one machine. */
  home: 'HYBRIDCORE_HOME',
  /** The bucket that `incoming/` and `control/` are in, on AWS; without it they are below `home`. */
  bucket: 'HYBRIDCORE_BUCKET',
  /** The command that the buildspec runs as `hybridcore-packer`; where it is not set the buildspec fetches the bundle. */
  command: 'HYBRIDCORE_COMMAND',
  /** The bundle of the command line that this deployment built: `s3://BUCKET/KEY`. */
  bundle: 'HYBRIDCORE_BUNDLE',
  /** The bundle's SHA-256, in hex. */
  bundleDigest: 'HYBRIDCORE_BUNDLE_SHA256',
  /** The packer to install: `1.14.2`. Without it the image's own is used. */
  packerVersion: 'HYBRIDCORE_PACKER_VERSION',
  /** The SHA-256 of that release for this project's architecture, in hex. */
  packerDigest: 'HYBRIDCORE_PACKER_SHA256',
  /** Where releases come from; HashiCorp's where it is not set. */
  packerReleases: 'HYBRIDCORE_PACKER_RELEASES',
  /** Set by the buildspec and exported: the exit status of the attempt, where the service's own record lacks it. */
  exitStatus: 'HYBRIDCORE_EXIT_STATUS',
  /** The build service's id of the run, on both homes under CodeBuild's name. */
  run: 'CODEBUILD_BUILD_ARN',
} as const;

/** What a start of a run may set, and nothing else: the rest is the project's own. */
export const startVariables: readonly string[] = [
  variables.builder,
  variables.buildId,
  variables.attempt,
  variables.variables,
  variables.unless,
  variables.expected,
  variables.builderDigest,
];

/**
 * The variable in which an attempt on AWS finds a secret: the build service fills it from the store that the reference
 * names. A name made of the reference itself would have to leave characters out, and two references could then meet.
 *
 * @param reference as in `hybridcore.yaml`: `secretsmanager:images/join#token`, `ssm:/images/join`.
 */
export function secretVariable(reference: string): string {
  return `HYBRIDCORE_SECRET_${digestOf(reference).slice('sha256:'.length, 'sha256:'.length + 16)}`;
}
