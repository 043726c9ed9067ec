import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { afterEach, describe, expect, it } from 'vitest';

import { codebuildConsoles } from '../../../adapters/aws/codebuild-consoles.ts';
import { consoleBeginning, consolePiece } from '../../../core/api/dispatcher.ts';
import { type ScriptedEndpoint, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { runNamed } from '../../fixtures/records.ts';

const run = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/images_base:0a1b2c3d');
const logs = { groupName: 'images-log', streamName: '0a1b2c3d' };

let endpoint: ScriptedEndpoint | undefined;
afterEach(() => endpoint?.end());

/** Consoles over an AWS whose log answers as the test says. @param asked what GetLogEvents was asked. */
async function consoles(
  answer: (asked: { limit: number; nextToken?: string }) => { status?: number; body: object },
  known: object = { logs },
) {
  endpoint = await startScriptedEndpoint((asked, response) => {
    const isLook = asked.headers['x-amz-target'] === 'CodeBuild_20161006.BatchGetBuilds';
    const { status = 200, body } = isLook
      ? { body: { builds: [{ arn: run, ...known }] } }
      : answer(JSON.parse(asked.body) as { limit: number });
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  });
  const clients = {
    codebuild: new CodeBuildClient({ ...endpoint.clientOptions, maxAttempts: 1 }),
    logs: new CloudWatchLogsClient({ ...endpoint.clientOptions, maxAttempts: 1 }),
  };
  return codebuildConsoles(clients, { projectPrefix: 'images_', scrub: (text) => text.replaceAll('hunter2', '[REDACTED]') });
}

describe('consoles of CodeBuild', () => {
  it('give what has come since a place, scrubbed and without what steers a terminal', async () => {
    const console = await consoles(({ nextToken }) => ({
      body: { events: [{ message: `after ${nextToken ?? 'nothing'}: \u001B[1mhunter2` }, { message: 'more\n' }], nextForwardToken: 'f/1' },
    }));
    expect(await console.read(run, consoleBeginning)).toEqual({ text: 'after nothing: [REDACTED]\nmore\n', next: 'f/1' });
    expect(await console.read(run, 'f/1')).toEqual({ text: 'after f/1: [REDACTED]\nmore\n', next: 'f/1' });
  });

  it('give no more than a piece at a time, and lose nothing of what does not fit', async () => {
    const message = 'x'.repeat(1023);
    const console = await consoles(({ limit }) => ({
      body: { events: Array.from({ length: limit }, () => ({ message })), nextForwardToken: `f/${limit}` },
    }));
    const { text, next } = await console.read(run, consoleBeginning);
    expect([text.length, next]).toEqual([100 * 1024, 'f/100']);
    expect(text.length).toBeLessThanOrEqual(consolePiece);
  });

  it('cut one event that is more than a piece', async () => {
    const console = await consoles(() => ({ body: { events: [{ message: 'y'.repeat(300 * 1024) }], nextForwardToken: 'f/1' } }));
    expect((await console.read(run, consoleBeginning)).text.length).toBe(consolePiece);
  });

  it('say nothing of a run whose log has not begun, and stay where they are', async () => {
    const missing = { status: 400, body: { __type: 'ResourceNotFoundException', message: 'The specified log stream does not exist.' } };
    expect(await (await consoles(() => missing)).read(run, 'f/7')).toEqual({ text: '', next: 'f/7' });
    expect(await (await consoles(() => missing, {})).read(run, consoleBeginning)).toEqual({ text: '', next: consoleBeginning });
  });

  it('know no run of another project', async () => {
    const console = await consoles(() => ({ body: {} }));
    const foreign = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/others_base:0a1b2c3d');
    expect(await console.read(foreign, consoleBeginning)).toEqual({ text: '', next: consoleBeginning });
    expect(endpoint?.asked).toEqual([]);
  });

  it('refuse a place that is none, and tell of an AWS that fails', async () => {
    const refusing = await consoles(() => ({
      status: 400,
      body: { __type: 'InvalidParameterException', message: 'The specified nextToken is invalid.' },
    }));
    await expect(refusing.read(run, 'elsewhere')).rejects.toMatchObject({ failure: { rule: 'REQUEST_INVALID' } });
    const denied = await consoles(() => ({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }));
    await expect(denied.read(run, consoleBeginning)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('logs:GetLogEvents') as string },
    });
  });
});
