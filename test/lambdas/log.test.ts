import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { metrics, metricsNamespace } from '../../core/contract/metrics.ts';
import { failure } from '../../core/failure.ts';
import { completeMessages } from '../../lambdas/complete/complete-messages.ts';
import { functionCounts } from '../../lambdas/counts.ts';
import { dispatchRequest } from '../../lambdas/dispatch/dispatch-request.ts';
import { type Output, functionLog, problemOf } from '../../lambdas/log.ts';
import { scrubText } from '../../lambdas/scrub-text.ts';
import { config, dispatcher } from '../fixtures/dispatcher.ts';
import { functionDependencies } from '../fixtures/function-dependencies.ts';
import { buildIdOf, builderNamed, someTime } from '../fixtures/records.ts';

/** All that was written, also past the log. */
let written: string;
beforeEach(() => {
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

const output: Output = { service: 'images', clock: { now: () => someTime }, write: (line) => void process.stdout.write(line) };

const scrub = async () => scrubText({ bytes: (count) => new Uint8Array(count) });
const lines = () =>
  written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const key = ['AKIA', 'Z7Q2M4N6P8R1S3T5'].join('');

describe('a line of the log', () => {
  it('is JSON with its registered code and words, and what it is about', () => {
    const { log, begin } = functionLog(output, scrub);
    begin({ awsRequestId: 'an-id', functionName: 'images-dispatch' } as Context);
    log('REQUEST_DISPATCHED', { build_id: buildIdOf(1), builder: builderNamed('base'), state: 'running', how: 'accepted' });
    expect(lines()).toEqual([
      {
        level: 'INFO',
        message: 'a request was given a build',
        service: 'images',
        code: 'REQUEST_DISPATCHED',
        build_id: buildIdOf(1),
        builder: 'base',
        state: 'running',
        how: 'accepted',
        timestamp: '2026-11-22T10:00:00.000Z',
        function_name: 'images-dispatch',
        function_request_id: 'an-id',
      },
    ]);
  });

  it('has what went wrong scrubbed, in one line, without control characters and bounded', async () => {
    const { logProblem } = functionLog(output, scrub);
    await logProblem('CALL_FAILED', {}, `denied for ${key}\n\u001b[31mtoday`);
    await logProblem('CALL_FAILED', {}, 'x'.repeat(100_000));
    const [first, second] = lines();
    expect(first).toMatchObject({ level: 'ERROR', problem: expect.stringMatching(/^denied for .*; today$/) as string });
    expect(written).not.toContain(key);
    expect(String(second?.['problem'])).toHaveLength(4096);
  });

  it('is written without what went wrong where that cannot be scrubbed', async () => {
    const { logProblem } = functionLog(output, () => Promise.reject(new Error('no such file')));
    await logProblem('CALL_FAILED', { builder: builderNamed('base') }, `denied for ${key}`);
    expect(lines()).toMatchObject([{ code: 'CALL_FAILED', builder: 'base', problem: expect.stringContaining('is not said') as string }]);
    expect(written).not.toContain(key);
  });
});

describe('what an invocation counted', () => {
  it('is one document of the embedded metric format', () => {
    functionCounts(output)({ openBuilds: 3, sweepProblems: 0 });
    expect(lines()).toEqual([
      {
        service: 'images',
        [metrics.openBuilds]: 3,
        [metrics.sweepProblems]: 0,
        _aws: {
          Timestamp: someTime,
          CloudWatchMetrics: [
            {
              Namespace: metricsNamespace,
              Dimensions: [['service']],
              Metrics: [
                { Name: metrics.openBuilds, Unit: 'Count' },
                { Name: metrics.sweepProblems, Unit: 'Count' },
              ],
            },
          ],
        },
      },
    ]);
  });
});

describe('nothing of an event', () => {
  const planted = 'planted-value';

  it('is ever logged raw: neither the environment that it carries nor what it says instead', async () => {
    const home = await dispatcher();
    const given = {
      ...functionDependencies(),
      ...functionLog(output, scrub),
      count: functionCounts(output),
      ports: home.ports,
      config,
    };
    const event = {
      'detail-type': 'CodeBuild Build State Change',
      detail: {
        'additional-information': { environment: { 'environment-variables': [{ name: 'A', type: 'PLAINTEXT', value: planted }] } },
      },
    };
    const readRunEvent = () => failure('REQUEST_INVALID', 'a message is no event', 'see which rule sends it');
    const Records = [event, planted, { turn: planted.toUpperCase() }].map((body, n) => ({
      messageId: `m${n}`,
      body: JSON.stringify(body),
    }));
    await completeMessages({ ...given, readRunEvent }, { Records: [...Records, { messageId: 'm9', body: `{${planted}` }] });
    await expect(completeMessages({ ...given, readRunEvent }, event)).rejects.not.toThrow(planted);
    await dispatchRequest(given, { request: { builder: 'base', variables: { n: planted } } }, 'an-id');
    await dispatchRequest(given, { request: { builder: planted, variables: { [planted]: planted }, [planted]: 1 }, by: 'ann' }, 'an-id');
    expect(
      lines()
        .map((line) => line['code'])
        .filter(Boolean),
    ).toEqual([
      'MESSAGE_UNREADABLE',
      'MESSAGE_UNREADABLE',
      'MESSAGE_UNREADABLE',
      'MESSAGE_UNREADABLE',
      'BATCH_FAILED',
      'REQUEST_DISPATCHED',
      'REQUEST_REFUSED',
    ]);
    expect(written.slice(0, written.indexOf('REQUEST_REFUSED'))).not.toMatch(/planted-value/i);
  });
});

it('says of what was thrown what it is and says', () => {
  expect([problemOf(new TypeError('no')), problemOf('bare')]).toEqual(['TypeError: no', 'bare']);
});
