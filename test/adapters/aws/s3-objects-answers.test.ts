import { once } from 'node:events';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { keys } from '../../../core/contract/keys.ts';
import { defaultRetention as policy } from '../../../core/retention/policy.ts';
import { type ScriptedEndpoint, s3Error, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { builderNamed, buildIdOf, runNamed, someTime, tagsWith } from '../../fixtures/records.ts';

const clock = { now: () => someTime };
const key = keys.result(builderNamed('debian-base'), buildIdOf(1));
const bytes = (text: string) => new TextEncoder().encode(text);

describe('objects of an S3 that answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  afterEach(() => endpoint?.end());

  const waited: number[] = [];
  beforeEach(() => {
    waited.length = 0;
  });
  const objectsOf = (scripted: ScriptedEndpoint) =>
    s3Objects(new S3Client({ ...scripted.clientOptions, forcePathStyle: true, maxAttempts: 1 }), {
      bucket: 'b',
      policy,
      clock,
      wait: async (milliseconds) => waited.push(milliseconds),
    });

  it('a body that is larger than its reader allows is not loaded, however long it is', async () => {
    let sent = 0;
    let closed: Promise<unknown> | undefined;
    endpoint = await startScriptedEndpoint((_, response) => {
      closed = once(response, 'close');
      response.writeHead(200, { 'content-length': 1e12, 'x-amz-checksum-crc32': 'AAAAAA==', etag: '"e"' });
      const chunk = Buffer.alloc(65_536);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await objectsOf(endpoint).read(key, { bytes: 1000 })).toEqual({ state: 'too-large', size: 1e12 });
    await closed;
    expect(sent, 'what the buffers between the two take').toBeLessThan(20_000_000);
  });

  it('a body whose length nobody tells is read up to the limit and no further', async () => {
    let closed: Promise<unknown> | undefined;
    endpoint = await startScriptedEndpoint((asked, response) => {
      response.writeHead(200, { etag: '"e"' });
      if (asked.url.includes('short')) return void response.end('short');
      closed = once(response, 'close');
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const objects = objectsOf(endpoint);
    expect(await objects.read('artifacts/short', { bytes: 5 })).toEqual({ state: 'read', content: Buffer.from('short'), version: null });
    expect(await objects.read('artifacts/short', { bytes: 4 })).toEqual({ state: 'too-large', size: 5 });
    expect(await objects.read('artifacts/long', { bytes: 1000 })).toEqual({ state: 'too-large', size: 1001 });
    await closed;
  });

  it('a body that breaks off, or is not what its checksum says, is an error and no shorter object', async () => {
    endpoint = await startScriptedEndpoint((asked, response) => {
      if (asked.url.includes('broken')) {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      } else {
        response.writeHead(200, { 'content-length': 4, 'x-amz-checksum-crc32': 'AAAAAA==' });
        response.end('else');
      }
    });
    for (const at of ['artifacts/broken', 'artifacts/changed'])
      await expect(objectsOf(endpoint).read(at, { bytes: 1000 }), at).rejects.toMatchObject({
        failure: { rule: 'STORAGE', message: expect.stringContaining(at) },
      });
  });

  it('a write that meets another one under way is tried again after a growing pause', async () => {
    endpoint = await startScriptedEndpoint((_, response, n) => {
      if (n < 3) s3Error(response, 409, 'ConditionalRequestConflict');
      else response.writeHead(200, { etag: '"e"' }).end();
    });
    expect(await objectsOf(endpoint).create(key, bytes('x'), tagsWith())).toBe('created');
    expect(waited).toEqual([25, 50, 100]);
    expect(endpoint.asked.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*', '*', '*']);
  });

  it('a write that meets another one at each try is a failure in the end', async () => {
    endpoint = await startScriptedEndpoint((_, response) => s3Error(response, 409, 'ConditionalRequestConflict'));
    await expect(objectsOf(endpoint).tell(runNamed('run-1'), 'go', 'it is the attempt')).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('control/run-1/go') },
    });
    expect(endpoint.asked).toHaveLength(8);
  });

  it('what stood in the way of a create and was removed before it could be looked at is created over', async () => {
    endpoint = await startScriptedEndpoint((asked, response, n) => {
      if (asked.method === 'GET') s3Error(response, 404, 'NoSuchKey');
      else if (n === 0) s3Error(response, 412, 'PreconditionFailed');
      else response.writeHead(200, { etag: '"e"' }).end();
    });
    expect(await objectsOf(endpoint).create(key, bytes('x'), tagsWith())).toBe('created');
    expect(endpoint.asked.map(({ method }) => method)).toEqual(['PUT', 'GET', 'PUT']);
  });

  it('what is removed or replaced between the look and the replace is changed', async () => {
    for (const [status, code] of [
      [404, 'NoSuchKey'],
      [412, 'PreconditionFailed'],
    ] as const) {
      const own = await startScriptedEndpoint((asked, response) => {
        if (asked.method === 'GET') response.writeHead(200, { 'content-length': 3, etag: '"of-one"' }).end('one');
        else s3Error(response, status, code);
      });
      expect(await objectsOf(own).replace(key, bytes('two'), tagsWith(), bytes('one'))).toBe('changed');
      expect(own.asked.map(({ headers }) => headers['if-match'])).toEqual([undefined, '"of-one"']);
      await own.end();
    }
  });

  it('each write carries the SHA-256 of its bytes and its condition', async () => {
    endpoint = await startScriptedEndpoint((_, response) => response.writeHead(200, { etag: '"e"' }).end());
    const objects = objectsOf(endpoint);
    await objects.create(key, bytes('x'), tagsWith());
    await objects.replace(key, bytes('x'), tagsWith(), null);
    await objects.tell(runNamed('run-1'), 'go', 'it is the attempt');
    for (const { headers } of endpoint.asked)
      expect(headers).toMatchObject({ 'x-amz-checksum-sha256': expect.stringMatching(/^[\w+/]{43}=$/), 'if-none-match': '*' });
    expect(endpoint.asked.map(({ headers }) => headers['x-amz-tagging'] !== undefined)).toEqual([true, true, false]);
  });

  it('what a role may not do is a failure that says so', async () => {
    endpoint = await startScriptedEndpoint((_, response) => s3Error(response, 403, 'AccessDenied'));
    await expect(objectsOf(endpoint).read(key, { bytes: 1 })).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('AccessDenied'), remedy: expect.stringContaining('permission') },
    });
  });

  it('keys that the XML of one request cannot hold are removed by requests of their own', async () => {
    endpoint = await startScriptedEndpoint((asked, response) => {
      if (asked.method === 'DELETE') return void response.writeHead(204).end();
      response.writeHead(200, { 'content-type': 'application/xml' });
      const found = asked.url.includes('incoming') ? ['a%01b', 'a%0Ab', 'plain'] : [];
      const contents = found.map((name) => `<Contents><Key>incoming%2Frun-1%2F${name}</Key></Contents>`).join('');
      response.end(
        asked.method === 'GET' ? `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>` : '<DeleteResult/>',
      );
    });
    await objectsOf(endpoint).removeRun(runNamed('run-1'));
    const removed = endpoint.asked
      .filter(({ method }) => method !== 'GET')
      .map(({ method, url, body }) => `${method} ${url.split('?')[0]} ${body.match(/<Key>.*<\/Key>/)?.[0] ?? ''}`);
    expect(removed).toEqual([
      'DELETE /b/incoming/run-1/a%01b ',
      'DELETE /b/incoming/run-1/a%0Ab ',
      'POST /b/ <Key>incoming/run-1/plain</Key>',
    ]);
  });

  it('objects that S3 does not remove are a failure', async () => {
    endpoint = await startScriptedEndpoint((asked, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(
        asked.method === 'GET'
          ? '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>incoming%2Frun-1%2Fa+b</Key></Contents></ListBucketResult>'
          : '<DeleteResult><Error><Key>incoming/run-1/a b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
      );
    });
    await expect(objectsOf(endpoint).removeRun(runNamed('run-1'))).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('incoming/run-1/a b') },
    });
    expect(endpoint.asked[1]?.body).toContain('<Key>incoming/run-1/a b</Key>');
  });

  it('an S3 that cannot be reached is a failure that names the object', async () => {
    endpoint = await startScriptedEndpoint(() => undefined);
    await endpoint.end();
    await expect(objectsOf(endpoint).read(key, { bytes: 1 })).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringMatching(new RegExp(`${key}.*ECONNREFUSED`)) },
    });
    endpoint = undefined;
  });
});
