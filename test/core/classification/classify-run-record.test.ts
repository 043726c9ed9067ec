import { describe, expect, it } from 'vitest';

import { classifyRunRecord } from '../../../core/classification/classify-run-record.ts';
import { RunRecord, type RunStatus } from '../../../core/run-record.ts';

function record(status: RunStatus, contexts: readonly (readonly [phase: string, statusCode: string, message: string])[] = []): RunRecord {
  const at = '2026-11-22T20:00:00.000Z';
  return RunRecord.parse({
    run: 'arn:aws:codebuild:us-east-1:123456789012:build/p:1',
    status,
    started_at: at,
    finished_at: at,
    phases: contexts.map(([phase, status_code, message]) => ({
      phase,
      status: 'FAILED',
      started_at: at,
      finished_at: at,
      contexts: [{ status_code, message }],
    })),
  });
}

function outcome(run: RunRecord): string {
  const verdict = classifyRunRecord(run, 1);
  return `${verdict.exit_code} ${verdict.classification.rule}`;
}

const command = (reason: string) =>
  ['BUILD', 'COMMAND_EXECUTION_ERROR', `Error while executing command: hybridcore-packer attempt\n  base. Reason: ${reason}`] as const;

describe('an attempt that left no result', () => {
  it.each([
    ['FAULT', '2 RUN_FAULT'],
    ['TIMED_OUT', '2 TIMED_OUT'],
    ['STOPPED', '1 STOPPED'],
    ['SUCCEEDED', '2 RUN_LOST'],
    ['FAILED', '2 RUN_LOST'],
  ] as const)('with the status %s is %s', (status, expected) => {
    expect(outcome(record(status))).toBe(expected);
  });

  it('and failed at its time limit has timed out', () => {
    expect(outcome(record('FAILED', [['BUILD', 'BUILD_TIMED_OUT', 'Build has timed out.']]))).toBe('2 TIMED_OUT');
  });

  it.each([
    ['QUEUED', 'INSUFFICIENT_SUBNET', 'no addresses', '2 CB_INFRA'],
    ['DOWNLOAD_SOURCE', 'YAML_FILE_ERROR', 'YAML file does not exist', '1 CB_BUILDSPEC'],
    ['SUBMITTED', 'ACCESS_DENIED', 'Service role arn:x does not allow AWS CodeBuild to create logs', '3 CB_SERVICE_ROLE'],
    ['QUEUED', 'VPC_CLIENT_ERROR', 'Request limit exceeded.', '2 AWS_THROTTLED'],
    ['PROVISIONING', 'BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE', 'Unable to pull', '1 CB_IMAGE_PULL'],
    ['PROVISIONING', 'BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE', 'toomanyrequests: slow down', '2 CB_IMAGE_PULL'],
    ['PROVISIONING', 'BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE', 'CodeBuild is not authorized to perform ecr:BatchGetImage', '3 CB_IMAGE_PULL'],
  ] as const)('is judged by the context %s %s: %s', (phase, statusCode, message, expected) => {
    expect(outcome(record('FAILED', [[phase, statusCode, message]]))).toBe(expected);
  });

  it.each([
    ['exit status 2', '2 RUN_LOST'],
    ['exit status 137', '2 RUN_LOST'],
    ['exit status 1', '1 UNKNOWN'],
    ['exit status 3', '1 UNKNOWN'],
    ['exit status 127', '1 UNKNOWN'],
  ])('and whose command ended with %s is %s', (reason, expected) => {
    expect(outcome(record('FAILED', [command(reason), ['POST_BUILD', '', ' ']]))).toBe(expected);
  });

  it.each([
    [40, '2 INSTALL_UNREACHABLE'],
    [41, '1 INSTALL_INVALID'],
    [42, '3 INSTALL_TAMPERED'],
    [43, '2 RUN_LOST'],
  ])('and whose installation ended with exit status %d is %s', (status, expected) => {
    const context = ['COMMAND_EXECUTION_ERROR', `Error while executing command: (exit "$S"). Reason: exit status ${status}`] as const;
    expect(outcome(record('FAILED', [['INSTALL', ...context]]))).toBe(expected);
    // Only the install phase is all the buildspec's own: a build may end with any status.
    expect(outcome(record('FAILED', [['BUILD', ...context]]))).toBe('2 RUN_LOST');
  });

  it.each([
    ['1', '1 UNKNOWN'],
    ['2', '2 RUN_LOST'],
    ['0', '1 UNKNOWN'],
    ['', '1 UNKNOWN'],
    ['no number', '1 UNKNOWN'],
  ])('is judged by the exported exit status %j where the context lacks one', (exported, expected) => {
    const contexts = record('FAILED', [command('(unknown)')]);
    expect(outcome({ ...contexts, exported_variables: { HYBRIDCORE_EXIT_STATUS: exported } })).toBe(expected);
    expect(outcome({ ...record('FAILED', [command('exit status 2')]), exported_variables: { HYBRIDCORE_EXIT_STATUS: '1' } })).toBe(
      '2 RUN_LOST',
    );
  });

  it('is not judged by the words of its command', () => {
    expect(
      outcome(
        record('FAILED', [
          ['BUILD', 'COMMAND_EXECUTION_ERROR', 'Error while executing command: grep AccessDenied log. Reason: exit status 2'],
        ]),
      ),
    ).toBe('2 RUN_LOST');
  });

  it('is not judged while the run is under way', () => {
    expect(() => classifyRunRecord(record('IN_PROGRESS'), 1)).toThrow(TypeError);
  });

  it('shows the contexts it rests on', () => {
    expect(classifyRunRecord(record('FAILED', [command('exit status 2')]), 1).classification.evidence[0]).toContain('exit status 2');
  });
});
