import { type Builder, type Config } from '../core/config.ts';
import { type Digest } from '../core/digest.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import { type Failure } from '../core/failure.ts';
import { checkRequest } from '../core/request-check.ts';
import { type Repository } from './host.ts';
import { repositoryInputs } from './repository-inputs.ts';

/** A request's options as they were typed. */
export interface RequestOptions {
  readonly var: Readonly<Record<string, string>>;
  readonly retention?: string;
  readonly onlyIfChanged?: boolean;
  readonly maxAge?: string;
  readonly clientToken?: string;
}

/**
 * A request as a command was typed; dispatching checks it. Where the build may be skipped, the fingerprint of what stands
 * in the repository now goes with it.
 *
 * @param repository undefined where there is none: then nothing can be said of its inputs.
 * @param about the builder's name as it was typed; its builder is null where there is none of that name.
 */
export async function typedRequest(
  repository: Repository | undefined,
  { name, builder }: { readonly name: string; readonly builder: Builder | null },
  options: RequestOptions,
): Promise<{ readonly builder?: unknown }> {
  const fingerprint =
    options.onlyIfChanged === true && builder !== null && repository !== undefined
      ? await fingerprintNow(repository, builder, options.var)
      : undefined;
  return Object.fromEntries(
    Object.entries({
      builder: name,
      variables: options.var,
      retention: options.retention,
      client_token: options.clientToken,
      only_if_changed: options.onlyIfChanged,
      max_age: options.maxAge,
      fingerprint,
    }).filter(([, value]) => value !== undefined),
  );
}

/** Undefined where the inputs cannot be read: the attempt will say so, and leave a record of it. */
async function fingerprintNow(
  repository: Repository,
  builder: Builder,
  variables: Readonly<Record<string, string>>,
): Promise<Digest | undefined> {
  const discovered = await repositoryInputs(repository).discover(builder, variables);
  return discovered.ok ? fingerprintOf(discovered.value.inputs) : undefined;
}

/** What is said of a builder that is not there, with whatever else is wrong with the request: all of it in one answer. */
export function withOtherFaults(unknown: Failure, config: Config, request: object): Failure {
  const checked = checkRequest(config, request);
  const faults = checked.ok ? [] : (checked.failure.evidence ?? []);
  return checked.ok || faults.length < 2 ? unknown : { ...checked.failure, remedy: [unknown.remedy, checked.failure.remedy].join('; ') };
}
