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
  /** `hybridcore.yaml`, absolute or below the source's folder. */
  config: 'HYBRIDCORE_CONFIG',
  /** Where `incoming/` and `control/` are: a folder on one machine. */
  home: 'HYBRIDCORE_HOME',
  /** The command that the buildspec runs as `hybridcore-packer`. */
  command: 'HYBRIDCORE_COMMAND',
  /** The build service's id of the run, on both homes under CodeBuild's name. */
  run: 'CODEBUILD_BUILD_ARN',
} as const;
