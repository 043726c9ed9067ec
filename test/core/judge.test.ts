import { describe, expect, it } from 'vitest';

import { AttemptReport } from '../../core/attempt-report.ts';
import { judge, judgeReport } from '../../core/judge.ts';
import { readPackerRun } from '../../core/packer-log/packer-run-reader.ts';
import { type RunRecord } from '../../core/run-record.ts';
import { buildIdOf, buildRecord, runNamed } from '../fixtures/records.ts';

const run = runNamed('run-01J9Z3K4M5N6P7Q8R9S0T1V2W3');

function report(changes: Partial<AttemptReport>): AttemptReport {
  return AttemptReport.parse({
    schema: 'hybridcore-packer/attempt-report/1',
    run,
    builder: 'debian-base',
    build_id: buildIdOf(1),
    attempt: 1,
    command: 'packer build debian-base',
    started_at: '2026-11-22T10:00:00.000Z',
    finished_at: '2026-11-22T10:01:00.000Z',
    packer: { exit_code: 1, signal: null },
    interrupted: null,
    unchanged: false,
    failure: null,
    fingerprint: null,
    inputs: [],
    undeclared: [],
    resolved: { packer: '1.6.6', plugins: {}, base_images: [] },
    recorded: [],
    ...changes,
  });
}

function failedWith(error: string, target = 'null.x') {
  return readPackerRun([
    `1795378213,${target},error,${error}`,
    '1795378213,,error-count,1',
    `1795378213,,ui,error,\\n==> Some builds didn't complete successfully and had errors:`,
    `1795378213,,ui,error,--> ${target}: ${error}`,
  ]);
}

const cancelled = readPackerRun([
  '1795378213,,ui,error,Cancelling build after receiving terminated',
  "1795378213,,ui,say,Build 'null.x' finished after 3 seconds.",
  '1795378213,,ui,say,Cleanly cancelled builds after being interrupted.',
]);
const configError = failedWith('Script exited with non-zero exit status: 7');
const denied = failedWith(
  'Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\\n\\tstatus code: 403%!(PACKER_COMMA) request id: 1',
  'amazon-ebs.x',
);

const ownFailure = { rule: 'INPUTS_CHANGED', message: 'inputs changed', remedy: 'build again' } as const;

describe('what an attempt reports', () => {
  it.each([
    ['a stop that an operator asked for', { interrupted: 'stop' }, cancelled, { by: 'ops' }, 1, 'STOPPED'],
    ['a stop that nobody asked for', { interrupted: 'stop' }, cancelled, null, 2, 'INTERRUPTED'],
    ['a signal', { interrupted: 'signal' }, cancelled, null, 2, 'INTERRUPTED'],
    ['the time limit', { interrupted: 'time-limit' }, cancelled, null, 2, 'TIMED_OUT'],
    ['the time limit, even where a script failed on the way out', { interrupted: 'time-limit' }, configError, null, 2, 'TIMED_OUT'],
    ['a violation, even where it was stopped', { interrupted: 'stop' }, denied, { by: 'ops' }, 3, 'AWS_UNAUTHORIZED'],
    ['the graver of our own check and the log: the log', { failure: ownFailure }, denied, null, 3, 'AWS_UNAUTHORIZED'],
    [
      'the graver of our own check and the log: our check',
      { interrupted: 'time-limit', failure: ownFailure },
      cancelled,
      null,
      1,
      'INPUTS_CHANGED',
    ],
    [
      'our own check, where packer never ran',
      { packer: null, failure: { ...ownFailure, rule: 'PACKER_MISSING' } },
      null,
      null,
      1,
      'PACKER_MISSING',
    ],
    ['nothing at all, which no attempt writes', { packer: null }, null, null, 3, 'HANDOVER_INVALID'],
  ] as const)('is decided by %s', (_, changes, packerRun, stop, exitCode, rule) => {
    const { verdict } = judgeReport(report(changes), packerRun, { attempt: 1, unless: null, expired_at: null }, stop);
    expect([verdict.exit_code, verdict.classification.rule]).toEqual([exitCode, rule]);
  });
});

describe('without a report', () => {
  const build = buildRecord(1, { state: 'running' });
  const attempt = {
    attempt: 1,
    token: 't',
    run,
    intended_at: '2026-11-22T10:00:00.000Z',
    time_limit: 60_000,
    unless: null,
    expected: null,
    builder_digest: null,
    expired_at: null,
    started_at: null,
    finished_at: null,
    outcome: null,
  } as const;
  const record = (status: RunRecord['status']): RunRecord => ({
    run,
    status,
    started_at: '2026-11-22T10:00:00.000Z',
    finished_at: '2026-11-22T10:01:00.000Z',
    phases: [],
  });

  it.each([
    ['FAULT', null, 2, 'RUN_FAULT'],
    ['TIMED_OUT', null, 2, 'TIMED_OUT'],
    ['STOPPED', null, 1, 'STOPPED'],
    ['STOPPED', { at: '2026-11-22T10:00:30.000Z', by: 'ops' }, 1, 'STOPPED'],
    [undefined, null, 2, 'RUN_LOST'],
  ] as const)('the build service decides: %s', (status, stop, exitCode, rule) => {
    const { verdict } = judge({ state: 'absent' }, null, { ...build, stop }, attempt, status === undefined ? undefined : record(status));
    expect([verdict.exit_code, verdict.classification.rule]).toEqual([exitCode, rule]);
  });

  it('a handover that no attempt writes is a violation, whatever the build service says', () => {
    const failure = { rule: 'HANDOVER_INVALID', message: 'incoming/x is no JSON', remedy: 'look' } as const;
    expect(judge({ state: 'invalid', failure }, null, build, attempt, record('SUCCEEDED')).verdict).toMatchObject({
      exit_code: 3,
      classification: { rule: 'HANDOVER_INVALID' },
    });
  });
});
