import * as z from 'zod';

import { functionVariables } from '../core/contract/deployment.ts';
import { observationVariables } from '../core/contract/metrics.ts';
import { FailureError } from '../core/failure-error.ts';
import { namesOf } from '../core/names-of.ts';

/** Where a function finds the rest of its deployment. */
export interface FunctionEnvironment {
  readonly table: string;
  readonly bucket: string;
  /** An ARN. */
  readonly topic: string;
  readonly eventBus: string;
  /** A URL. */
  readonly queue: string;
  readonly projectPrefix: string;
  /** What tells this deployment from others in logs and metrics. */
  readonly service: string;
  /** The number of the account and the region, which the topic's ARN holds. */
  readonly account: string;
  readonly region: string;
}

const variables = { ...functionVariables, service: observationVariables.service } as const;

const Name = z.string().min(1, 'is empty');

const Environment = z.object({
  table: Name,
  bucket: Name,
  topic: z.string().regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/, 'is not the ARN of an SNS topic'),
  eventBus: Name,
  queue: z.url({ protocol: /^https?$/, error: 'is not the URL of a queue' }),
  projectPrefix: Name,
  service: Name,
} satisfies Record<keyof typeof variables, z.ZodType>);

/**
 * Parses the environment of a function. All have the same one, and each asks for all of it: what is missing shows with the
 * first call of any, not only where a run is to be started or sealed.
 *
 * @throws FailureError DEPLOYMENT_INVALID that names everything that is missing or wrong; never with a value.
 */
export function functionEnvironment(environment: Readonly<Record<string, string | undefined>>): FunctionEnvironment {
  const names = namesOf(variables);
  const parsed = Environment.safeParse(Object.fromEntries(names.map((name) => [name, environment[variables[name]]])));
  if (parsed.success) {
    const [, , , region = '', account = ''] = parsed.data.topic.split(':');
    return { ...parsed.data, account, region };
  }
  const faults = new Map<string, string>();
  for (const name of names) {
    const variable = variables[name];
    const issue = parsed.error.issues.find(({ path }) => path[0] === name);
    if (issue !== undefined) faults.set(variable, environment[variable] === undefined ? 'is missing' : issue.message);
  }
  const evidence = [...faults].map(([variable, message]) => `${variable} ${message}`);
  throw new FailureError({
    rule: 'DEPLOYMENT_INVALID',
    message: `the environment of this function does not fit: ${evidence.join('; ')}`,
    remedy: 'deploy again; the stack sets these variables, and nobody changes them by hand',
    evidence,
  });
}
