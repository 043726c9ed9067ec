import { builderOf } from './builder-of.ts';
import { type Builder, type Config } from './config.ts';
import { type Failure, type Outcome, failure, success } from './failure.ts';
import { BuilderName } from './identity.ts';
import { BuildRequest } from './request.ts';
import { RetentionClassName, keepsAtLeast } from './retention/policy.ts';
import * as z from './zod.ts';

/** A request that its builder takes. */
export interface AcceptableRequest {
  readonly request: BuildRequest;
  /** The retention class under which the build's objects are kept. */
  readonly retention: string;
}

/**
 * Holds a request against its schema and against what `hybridcore.yaml` lets it ask for.
 *
 * @param asked anything at all: it came from outside.
 * @returns every fault in one failure, where there are any.
 */
export function checkRequest(config: Config, asked: unknown): Outcome<AcceptableRequest> {
  const parsed = BuildRequest.safeParse(asked);
  const shape = parsed.success ? [] : parsed.error.issues.map((issue) => shapeFault(issue));
  const { faults, retention } = requestFaults(config, parsed.success ? parsed.data : RequestParts.parse(asked));
  const all = [...shape, ...faults];
  if (parsed.success && all.length === 0) return success({ request: parsed.data, retention });
  return { ok: false, failure: asOne(all) };
}

/** What of a request can be looked at even where the rest of it does not fit. */
const RequestParts = z.lazy(() =>
  z.withFallback(
    z.object({
      builder: z.withFallback(z.optional(BuilderName), undefined),
      variables: z.withDefault(z.withFallback(z.record(z.string(), z.unknown()), {}), {}),
      retention: z.withFallback(z.optional(RetentionClassName), undefined),
      only_if_changed: z.optional(z.unknown()),
      max_age: z.optional(z.unknown()),
      fingerprint: z.optional(z.unknown()),
    }),
    {
      builder: undefined,
      variables: {},
      retention: undefined,
      only_if_changed: undefined,
      max_age: undefined,
      fingerprint: undefined,
    },
  ),
);

type RequestParts = Readonly<z.infer<typeof RequestParts>>;

function shapeFault(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): Failure {
  return {
    rule: 'REQUEST_INVALID',
    message: `${issue.path.map((part) => String(part)).join('.') || 'the request'}: ${issue.message}`,
    remedy: 'see `hybridcore-packer schema build-request`',
  };
}

function requestFaults(config: Config, parts: RequestParts): { faults: readonly Failure[]; retention: string } {
  const builder = parts.builder === undefined ? undefined : builderOf(config, parts.builder);
  const retention = effectiveRetention(config, builder, parts.retention);
  return {
    faults: [
      ...(parts.builder === undefined ? [] : builderFaults(config, parts.builder, builder, parts.variables)),
      ...(retention.ok ? [] : [retention.failure]),
      ...unconditionalFaults(parts),
    ],
    retention: retention.ok ? retention.value : config.retention.default,
  };
}

function builderFaults(
  config: Config,
  name: BuilderName,
  builder: Builder | undefined,
  variables: Readonly<Record<string, unknown>>,
): readonly Failure[] {
  if (builder !== undefined) return refusedVariables(builder, name, variables);
  const remedy = `there are: ${Object.keys(config.builders).join(', ')}`;
  return [{ rule: 'BUILDER_UNKNOWN', message: `hybridcore.yaml has no builder ${name}`, remedy }];
}

/** What means something only where a build may be skipped. */
function unconditionalFaults(parts: RequestParts): readonly Failure[] {
  if (parts.only_if_changed === true) return [];
  return (['max_age', 'fingerprint'] as const)
    .filter((name) => parts[name] !== undefined)
    .map((name) => shapeFault({ path: [name], message: 'means something with only_if_changed alone' }));
}

function asOne(faults: readonly Failure[]): Failure {
  const [first] = faults;
  if (first === undefined) throw new TypeError('a request without a fault was refused');
  if (faults.length === 1) return first;
  return {
    rule: faults.every((fault) => fault.rule === first.rule) ? first.rule : 'REQUEST_INVALID',
    message: `the request has ${faults.length} faults: ${faults.map((fault) => fault.message).join('; ')}`,
    remedy: [...new Set(faults.map((fault) => fault.remedy))].join('; '),
    evidence: faults.map((fault) => fault.message),
  };
}

/** Why a builder does not take these variables, a failure each; none where it takes them all. */
export function refusedVariables(builder: Builder, name: BuilderName, variables: Readonly<Record<string, unknown>>): readonly Failure[] {
  const allowed = builder.variables.length === 0 ? 'none' : builder.variables.join(', ');
  return Object.keys(variables)
    .filter((variable) => !builder.variables.includes(variable))
    .map((variable) => refusal(builder, name, variable, allowed));
}

function refusal(builder: Builder, name: BuilderName, refused: string, allowed: string): Failure {
  const secret = Object.hasOwn(builder.secrets, refused);
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

/** The class under which a build's objects are kept: the one that was asked for where it is above the floor of its builder, if that is known. */
function effectiveRetention(config: Config, builder: Builder | undefined, asked: string | undefined): Outcome<string> {
  const { classes } = config.retention;
  const floorName = builder?.retention ?? config.retention.default;
  if (asked === undefined) return success(floorName);
  const floor = classes[floorName];
  const wanted = Object.hasOwn(classes, asked) ? classes[asked] : undefined;
  if (wanted === undefined)
    return failure('REQUEST_INVALID', `there is no retention class ${asked}`, `ask for one of: ${Object.keys(classes).join(', ')}`);
  if (builder !== undefined && floor !== undefined && !keepsAtLeast(wanted, floor)) {
    return failure(
      'RETENTION_TOO_LOW',
      `the retention class ${asked} keeps less than ${floorName}, the floor of this builder`,
      `leave it out, or ask for one that keeps at least ${floor.days} days${floor.lock === undefined ? '' : ` locked as ${floor.lock}`}`,
    );
  }
  return success(asked);
}
