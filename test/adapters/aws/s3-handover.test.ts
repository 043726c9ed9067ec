import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { s3Handover } from '../../../adapters/aws/s3-handover.ts';
import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { keys } from '../../../core/contract/keys.ts';
import { defaultRetention } from '../../../core/retention/policy.ts';
import { handoverContract } from '../../contracts/handover.ts';
import { newBucket, versionsIn } from '../../fixtures/aws/buckets.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { type ScriptedEndpoint, s3Error, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { runNamed, someTime } from '../../fixtures/records.ts';

const run = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
const at = keys.incoming(run);
const nothing = () => undefined;
/** The SDK says of each stream that fails that it does not send it again itself. */
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

describeWithMoto('the handover through S3', () => {
  let moto: Moto;
  let client: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
  });
  afterAll(() => moto.end());

  handoverContract('a bucket', async () => {
    const bucket = await newBucket(client);
    const objects = s3Objects(client, { bucket, policy: defaultRetention, clock: { now: () => someTime } });
    return {
      of: (of) => s3Handover(client, { bucket, run: of }),
      async read(key) {
        const read = await objects.read(key, { bytes: 100_000_000 });
        return read.state === 'read' ? read.content : undefined;
      },
      keys: async () => (await objects.list('', { limit: 1000 })).items,
      remove: async () => undefined,
    };
  });

  it('makes no call but PutObject, one for each part', async () => {
    const bucket = await newBucket(client);
    const own = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    const calls = callsOf(own);
    const handover = s3Handover(own, { bucket, run });
    const log = await handover.openLog(run);
    for (let n = 0; n < 20_000; n += 1) await log.write(`line ${n} ${Math.sin(n)}\n`);
    await log.close();
    await handover.put(at.report, 'a report');
    expect(calls).toEqual(['PutObjectCommand', 'PutObjectCommand']);
    expect(await versionsIn(client, bucket)).toEqual([at.log, at.report]);
  });
});

describe('a log that is handed over to an S3 that answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  let folder: string;
  const waited: number[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 's3-handover-'));
    waited.length = 0;
  });
  afterEach(async () => {
    await endpoint?.end();
    await rm(folder, { recursive: true, force: true });
  });
  const handoverTo = ({ clientOptions }: ScriptedEndpoint) =>
    s3Handover(new S3Client({ ...clientOptions, forcePathStyle: true, logger: quiet }), {
      bucket: 'b',
      run,
      folder,
      wait: async (milliseconds) => waited.push(milliseconds),
    });

  it('is sent again, whole and with the same checksum, where S3 fails', async () => {
    endpoint = await startScriptedEndpoint((_, response, n) => {
      if (n === 0) s3Error(response, 503, 'SlowDown');
      else if (n === 1) response.destroy();
      else response.writeHead(200, { etag: '"e"' }).end();
    });
    const log = await handoverTo(endpoint).openLog(run);
    await log.write('a line\n');
    await log.close();
    expect(waited).toEqual([500, 1000]);
    const sent = endpoint.asked.map(({ headers, bytes }) => [headers['x-amz-checksum-sha256'], gunzipSync(bytes).toString()]);
    expect(sent[0]?.[0]).toMatch(/^[\w+/]{43}=$/);
    expect(sent[0]?.[1]).toBe('a line\n');
    expect(sent).toEqual([sent[0], sent[0], sent[0]]);
  });

  it('is an error where S3 fails to the end, and at once where the attempt may not write there', async () => {
    let code: readonly [number, string] = [503, 'SlowDown'];
    endpoint = await startScriptedEndpoint((_, response) => s3Error(response, ...code));
    const log = await handoverTo(endpoint).openLog(run);
    await expect(log.close()).rejects.toMatchObject({ failure: { rule: 'STORAGE', message: expect.stringContaining(at.log) } });
    expect(endpoint.asked).toHaveLength(4);
    code = [403, 'AccessDenied'];
    await expect((await handoverTo(endpoint).openLog(run)).close()).rejects.toMatchObject({
      failure: { message: expect.stringContaining('AccessDenied') },
    });
    await expect(handoverTo(endpoint).put(at.report, 'x')).rejects.toMatchObject({
      failure: { message: expect.stringContaining(at.report) },
    });
    expect(endpoint.asked).toHaveLength(6);
  });

  it('lies in a file for its user alone while it is written, and nowhere once it was sent or could not be', async () => {
    let status = 200;
    endpoint = await startScriptedEndpoint((_, response) => {
      if (status === 200) response.writeHead(200, { etag: '"e"' }).end();
      else s3Error(response, status, 'AccessDenied');
    });
    for (status of [200, 403]) {
      const log = await handoverTo(endpoint).openLog(run);
      await log.write('a line\n');
      const [own = ''] = await readdir(folder);
      expect((await stat(path.join(folder, own))).mode & 0o777).toBe(0o700);
      await log.close().catch(() => undefined);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('that the disk cannot take is an error when it is closed, and is not sent', async () => {
    endpoint = await startScriptedEndpoint((_, response) => response.writeHead(200, { etag: '"e"' }).end());
    const log = await handoverTo(endpoint).openLog(run);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await log.write('a line\n');
    await expect(log.close()).rejects.toThrow(/ENOENT/);
    expect(endpoint.asked).toEqual([]);
  });
});
