import * as z from 'zod';

import { type Builder, type Config } from './config.ts';
import { type Failure, type Outcome, failure, success } from './failure.ts';
import { BuildId, BuilderName, RunId, VariableName } from './identity.ts';
import { RetentionClassName, keepsAtLeast } from './retention.ts';

/** What a schedule, an API call or a command asks for. */
export const BuildRequest = z.strictObject({
  builder: BuilderName,
  variables: z.record(VariableName, z.string().max(65_536)).default({}),
  /** A retention class that keeps at least as long as the builder's own. */
  retention: RetentionClassName.optional(),
});
export type BuildRequest = z.infer<typeof BuildRequest>;

/** What the dispatcher asks an attempt to do. It travels as environment variables (`contract/variables.ts`). */
export const AttemptRequest = z.strictObject({
  builder: BuilderName,
  build: BuildId,
  attempt: z.literal([1, 2]),
  run: RunId,
  variables: z.record(VariableName, z.string()),
});
export type AttemptRequest = z.infer<typeof AttemptRequest>;

/** Why a builder does not take these variables; undefined where it does. */
export function refusedVariable(builder: Builder, name: BuilderName, variables: Readonly<Record<string, string>>): Failure | undefined {
  const refused = Object.keys(variables).find((variable) => !builder.variables.includes(variable));
  if (refused === undefined) return undefined;
  const allowed = builder.variables.length === 0 ? 'none' : builder.variables.join(', ');
  const secret = refused in builder.secrets;
  return {
    rule: 'VARIABLE_NOT_ALLOWED',
    message: secret
      ? `the variable ${refused} of the builder ${name} is a secret, so a request cannot set it`
      : `the builder ${name} lets a request set: ${allowed}; not ${refused}`,
    remedy: secret
      ? `change the secret itself; hybridcore.yaml names it under builders.${name}.secrets`
      : `leave ${refused} out, or allow it under builders.${name}.variables in hybridcore.yaml`,
  };
}

/** The class under which a build's objects are kept: the one that was asked for where it is above the builder's floor. */
export function effectiveRetention(config: Config, builder: Builder, asked: string | undefined): Outcome<string> {
  const { classes } = config.retention;
  const floorName = builder.retention ?? config.retention.default;
  if (asked === undefined) return success(floorName);
  const floor = classes[floorName];
  const wanted = Object.hasOwn(classes, asked) ? classes[asked] : undefined;
  if (wanted === undefined)
    return failure('REQUEST_INVALID', `there is no retention class ${asked}`, `ask for one of: ${Object.keys(classes).join(', ')}`);
  if (floor !== undefined && !keepsAtLeast(wanted, floor)) {
    return failure(
      'RETENTION_TOO_LOW',
      `the retention class ${asked} keeps less than ${floorName}, the floor of this builder`,
      `leave it out, or ask for one that keeps at least ${floor.days} days${floor.lock === undefined ? '' : ` locked as ${floor.lock}`}`,
    );
  }
  return success(asked);
}
