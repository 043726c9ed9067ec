import { describe, expect, it } from 'vitest';

import { runEventOf } from '../../../adapters/aws/codebuild-event.ts';

const run = 'arn:aws:codebuild:us-east-1:123456789012:build/images-base:0f0b8b5e-1d7c-4e0f-9d57-7f1d6f0a5a11';
const build = '01JD8VQ4XK3T5W7Y9Z1B3C5D7E';

/** The service's own sample, merged with a real failed one. */
function event(change: (event: ReturnType<typeof sample>) => void = () => undefined): unknown {
  const made = sample();
  change(made);
  return made;
}

function sample() {
  return {
    version: '0',
    id: 'c030038d-8c4d-6141-9545-00ff7b7153EX',
    'detail-type': 'CodeBuild Build State Change',
    source: 'aws.codebuild',
    account: '123456789012',
    time: '2026-11-22T10:33:00Z',
    region: 'us-east-1',
    resources: [run],
    detail: {
      'build-status': 'FAILED',
      'project-name': 'images-base',
      'build-id': run,
      'additional-information': {
        cache: { type: 'NO_CACHE' },
        'build-number': 12,
        'timeout-in-minutes': 60,
        'build-complete': true,
        initiator: 'images-dispatch',
        'build-start-time': 'Nov 22, 2026 10:30:41 AM',
        source: { buildspec: '...', location: 'bucket/source.zip', type: 'S3' },
        artifact: { md5sum: '', sha256sum: '', location: '' },
        environment: {
          image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
          'privileged-mode': false,
          'compute-type': 'BUILD_GENERAL1_SMALL',
          type: 'ARM_CONTAINER',
          'environment-variables': [
            { name: 'HYBRIDCORE_BUILDER', type: 'PLAINTEXT', value: 'base' },
            { name: 'HYBRIDCORE_BUILD_ID', type: 'PLAINTEXT', value: build },
          ],
        },
        phases: [
          { 'phase-type': 'SUBMITTED', 'phase-status': 'SUCCEEDED', 'phase-context': [], 'start-time': 'Nov 22, 2026 10:30:41 AM' },
          { 'phase-type': 'BUILD', 'phase-status': 'FAILED', 'phase-context': ['COMMAND_EXECUTION_ERROR: ... exit status 10'] },
          { 'phase-type': 'COMPLETED', 'start-time': 'Nov 22, 2026 10:32:59 AM' },
        ],
      },
      'current-phase': 'COMPLETED',
      'current-phase-context': '[: ]',
      version: '1',
    },
  };
}

const variablesIn = (made: ReturnType<typeof sample>) => made.detail['additional-information'].environment['environment-variables'];

describe('a state change of a CodeBuild build', () => {
  it('is the run, its status and the build that its variables name', () => {
    expect(runEventOf(event())).toStrictEqual({ ok: true, value: { run, status: 'FAILED', build_id: build } });
  });

  it.each([
    ['names no build', (made: ReturnType<typeof sample>) => variablesIn(made).pop()],
    ['names something that is no build', (made: ReturnType<typeof sample>) => Object.assign(variablesIn(made)[1] ?? {}, { value: '../x' })],
    ['has it from a secret', (made: ReturnType<typeof sample>) => Object.assign(variablesIn(made)[1] ?? {}, { type: 'SECRETS_MANAGER' })],
    ['says nothing of its environment', (made: ReturnType<typeof sample>) => Reflect.deleteProperty(made.detail, 'additional-information')],
  ])('has no build where it %s', (_what, change) => {
    expect(runEventOf(event(change))).toMatchObject({ ok: true, value: { run, build_id: null } });
  });

  it.each([
    ['another kind of event', { 'detail-type': 'CodeBuild Build Phase Change' }, 'detail-type'],
    ['another source', { source: 'my.codebuild' }, 'source'],
    ['no ARN of a build', { detail: { ...sample().detail, 'build-id': 'arn:aws:s3:::bucket' } }, 'detail.build-id'],
    ['a status that there is not', { detail: { ...sample().detail, 'build-status': 'FINE' } }, 'detail.build-status'],
  ])('is refused with %s, by its place', (_what, instead, place) => {
    const parsed = runEventOf({ ...sample(), ...instead });
    expect(parsed).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID', message: expect.stringContaining(place) } });
  });

  it.each([[null], ['text'], [[]], [{ turn: 'base' }]])('is refused where it is %j', (message) => {
    expect(runEventOf(message).ok).toBe(false);
  });

  it('is never quoted, whatever is wrong with it', () => {
    const parsed = runEventOf(
      event((made) => {
        Object.assign(variablesIn(made)[0] ?? {}, { value: 7, name: 'hunter2' });
        Object.assign(made.detail, { 'build-id': 'hunter2', 'build-status': 'hunter2' });
      }),
    );
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });
});
