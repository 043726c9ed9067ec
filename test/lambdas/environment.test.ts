import { describe, expect, it } from 'vitest';

import { functionVariables } from '../../core/contract/deployment.ts';
import { observationVariables } from '../../core/contract/metrics.ts';
import { FailureError } from '../../core/failure-error.ts';
import { functionEnvironment } from '../../lambdas/environment.ts';

const whole: Record<string, string> = {
  HYBRIDCORE_TABLE: 'images-table',
  HYBRIDCORE_BUCKET: 'images-bucket',
  HYBRIDCORE_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:operators',
  HYBRIDCORE_EVENT_BUS: 'images-events',
  HYBRIDCORE_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/images',
  HYBRIDCORE_PROJECT_PREFIX: 'images-',
  HYBRIDCORE_SERVICE: 'images',
};

function evidenceOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    functionEnvironment(environment);
  } catch (problem) {
    if (problem instanceof FailureError) return problem.failure.evidence ?? [];
    throw problem;
  }
  return [];
}

describe('the environment of a function', () => {
  it('says where the rest of the deployment is, and in which account and region', () => {
    expect(functionEnvironment({ ...whole, PATH: '/usr/bin' })).toEqual({
      table: 'images-table',
      bucket: 'images-bucket',
      topic: 'arn:aws:sns:eu-central-1:123456789012:operators',
      eventBus: 'images-events',
      queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/images',
      projectPrefix: 'images-',
      service: 'images',
      account: '123456789012',
      region: 'eu-central-1',
    });
  });

  it.each([...Object.values(functionVariables), ...Object.values(observationVariables)])('needs %s', (name) => {
    expect(evidenceOf({ ...whole, [name]: undefined })).toEqual([`${name} is missing`]);
  });

  it('is refused with every fault in one message, and without the values', () => {
    const faults = {
      ...whole,
      HYBRIDCORE_TABLE: undefined,
      HYBRIDCORE_TOPIC_ARN: 'planted-value',
      HYBRIDCORE_QUEUE_URL: 'ftp://queue',
      HYBRIDCORE_BUCKET: '',
    };
    expect(() => functionEnvironment(faults)).toThrow(
      'the environment of this function does not fit: HYBRIDCORE_TABLE is missing; HYBRIDCORE_BUCKET is empty; HYBRIDCORE_TOPIC_ARN is not the ARN of an SNS topic; HYBRIDCORE_QUEUE_URL is not the URL of a queue; deploy again',
    );
  });
});
