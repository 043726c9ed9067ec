import { functionVariables } from '../core/contract/deployment.ts';
import { observationVariables } from '../core/contract/metrics.ts';
import { FailureError } from '../core/failure-error.ts';

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

/** What is wrong with a value; undefined where it fits. */
type Check = (value: string) => string | undefined;

const isThere: Check = (value) => (value === '' ? 'is empty' : undefined);

// Without schemas: a function that needs none otherwise then loads none.
const checks: Readonly<Record<keyof typeof variables, Check>> = {
  table: isThere,
  bucket: isThere,
  topic: (value) => (/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/.test(value) ? undefined : 'is not the ARN of an SNS topic'),
  eventBus: isThere,
  queue: (value) => (/^https?:/.test(value) && URL.canParse(value) ? undefined : 'is not the URL of a queue'),
  projectPrefix: isThere,
  service: isThere,
};

/**
 * Parses the environment of a function. All have the same one, and each asks for all of it: what is missing shows with the
 * first call of any, not only where a run is to be started or sealed.
 *
 * @throws FailureError DEPLOYMENT_INVALID that names everything that is missing or wrong; never with a value.
 */
export function functionEnvironment(environment: Readonly<Record<string, string | undefined>>): FunctionEnvironment {
  const evidence: string[] = [];
  const valueOf = (name: keyof typeof variables): string => {
    const value = environment[variables[name]];
    const fault = value === undefined ? 'is missing' : checks[name](value);
    if (fault !== undefined) evidence.push(`${variables[name]} ${fault}`);
    return value ?? '';
  };
  const found = {
    table: valueOf('table'),
    bucket: valueOf('bucket'),
    topic: valueOf('topic'),
    eventBus: valueOf('eventBus'),
    queue: valueOf('queue'),
    projectPrefix: valueOf('projectPrefix'),
    service: valueOf('service'),
  };
  if (evidence.length === 0) {
    const [, , , region = '', account = ''] = found.topic.split(':');
    return { ...found, account, region };
  }
  throw new FailureError({
    rule: 'DEPLOYMENT_INVALID',
    message: `the environment of this function does not fit: ${evidence.join('; ')}`,
    remedy: 'deploy again; the stack sets these variables, and nobody changes them by hand',
    evidence,
  });
}
