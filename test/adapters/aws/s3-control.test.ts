import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { s3Control } from '../../../adapters/aws/s3-control.ts';
import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { defaultRetention } from '../../../core/retention/policy.ts';
import { controlContract } from '../../contracts/control.ts';
import { newBucket } from '../../fixtures/aws/buckets.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { type ScriptedEndpoint, s3Error, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { runNamed, someTime } from '../../fixtures/records.ts';

const run = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
const never = new AbortController().signal;

describeWithMoto('the control through S3', () => {
  let moto: Moto;
  let client: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
  });
  afterAll(() => moto.end());
  const objectsIn = (bucket: string) => s3Objects(client, { bucket, policy: defaultRetention, clock: { now: () => someTime } });

  controlContract('a bucket', async () => {
    const bucket = await newBucket(client);
    const objects = objectsIn(bucket);
    return {
      control: s3Control(client, bucket),
      tell: (to, word) => objects.tell(to, word, 'a reason'),
      remove: async () => undefined,
    };
  });

  it('tells what was told to this run, and makes no call but GetObject', async () => {
    const bucket = await newBucket(client);
    const own = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    const calls = callsOf(own);
    const control = s3Control(own, bucket);
    expect([await control.isTold(run, 'stop'), await control.isTold(run, 'go')]).toEqual([false, false]);
    await objectsIn(bucket).tell(run, 'stop', 'enough');
    expect([await control.isTold(run, 'stop'), await control.isTold(run, 'go')]).toEqual([true, false]);
    expect(await control.isTold(runNamed(`${run}2`), 'stop')).toBe(false);
    expect(new Set(calls)).toEqual(new Set(['GetObjectCommand']));
  });
});

describe('the control of an attempt whose S3 answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  afterEach(() => endpoint?.end());

  const said: string[] = [];
  const controlOf = (scripted: ScriptedEndpoint) => {
    said.length = 0;
    const client = new S3Client({ ...scripted.clientOptions, forcePathStyle: true, maxAttempts: 1 });
    return s3Control(client, 'b', { say: (text) => said.push(text), poll: 10 });
  };

  it('takes AccessDenied for "not told", and goes when the word is there', async () => {
    endpoint = await startScriptedEndpoint((_, response, n) => {
      if (n < 5) s3Error(response, 403, 'AccessDenied');
      else response.end('{}');
    });
    expect(await controlOf(endpoint).awaitGo(run, 60_000, never)).toBe(true);
    expect(said).toEqual([]);
  });

  it('says once that it may lack the permission, where it has waited for the word in vain', async () => {
    endpoint = await startScriptedEndpoint((_, response) => s3Error(response, 403, 'AccessDenied'));
    const control = controlOf(endpoint);
    expect(await control.isTold(run, 'stop')).toBe(false);
    expect(said).toEqual([]);
    expect(await control.awaitGo(run, 100, never)).toBe(false);
    expect(said).toEqual([expect.stringMatching(/AccessDenied for control\/arn:.*\/go .*s3:GetObject/)]);
  });

  it('says nothing of permissions where S3 says that the word is not there', async () => {
    endpoint = await startScriptedEndpoint((_, response) => s3Error(response, 404, 'NoSuchKey'));
    expect(await controlOf(endpoint).awaitGo(run, 50, never)).toBe(false);
    expect(said).toEqual([]);
  });

  it('is kept from no word by errors in between, and says each kind once', async () => {
    endpoint = await startScriptedEndpoint((_, response, n) => {
      if (n < 3) s3Error(response, 503, 'SlowDown');
      else if (n < 6) s3Error(response, 400, 'ExpiredToken');
      else response.end('{}');
    });
    expect(await controlOf(endpoint).awaitGo(run, 60_000, never)).toBe(true);
    expect(said).toEqual([expect.stringContaining('SlowDown'), expect.stringContaining('ExpiredToken')]);
  });

  it('is no error for who asks for a stop while S3 cannot be reached', async () => {
    endpoint = await startScriptedEndpoint(() => undefined);
    const control = controlOf(endpoint);
    await endpoint.end();
    expect([await control.isTold(run, 'stop'), await control.isTold(run, 'stop')]).toEqual([false, false]);
    expect(said).toHaveLength(1);
    endpoint = undefined;
  });

  it('ends a look that S3 does not answer when it is interrupted', async () => {
    endpoint = await startScriptedEndpoint(() => undefined);
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort('stop'), 100);
    const start = performance.now();
    expect(await controlOf(endpoint).awaitGo(run, 60_000, interrupt.signal)).toBe(false);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(said).toEqual([]);
  });
});
