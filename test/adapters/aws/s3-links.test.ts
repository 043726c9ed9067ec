import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { s3Links } from '../../../adapters/aws/s3-links.ts';
import { keys } from '../../../core/contract/keys.ts';
import { newBucket } from '../../fixtures/aws/buckets.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';

const key = keys.result(builderNamed('debian-base'), buildIdOf(1));

describeWithMoto('links to objects in S3', () => {
  let moto: Moto;
  let client: S3Client;
  let bucket: string;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client(moto.clientOptions);
    bucket = await newBucket(client);
  });
  afterAll(() => moto.end());

  const links = () => s3Links(client, { bucket, clock: { now: () => Date.parse('2026-11-25T10:00:00Z') } });
  const put = (text: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));

  it('lead to the version that stood there, whatever is written later', async () => {
    await put('the first');
    const link = await links().link(key);
    await put('another one');
    expect(link).toMatchObject({ expires_at: '2026-11-25T10:15:00.000Z', size: 'the first'.length });
    expect(await (await fetch(link?.url ?? '')).text()).toBe('the first');
  });

  it('are signed for a quarter of an hour from now', async () => {
    const { searchParams } = new URL((await links().link(key))?.url ?? '');
    expect([searchParams.get('X-Amz-Date'), searchParams.get('X-Amz-Expires')]).toEqual(['20261125T100000Z', '900']);
  });

  it('are not given where there is no object', async () => {
    expect(await links().link(keys.result(builderNamed('debian-base'), buildIdOf(2)))).toBeUndefined();
  });

  it('fail as the bucket does', async () => {
    const gone = s3Links(client, { bucket: 'there-is-none', clock: { now: () => 0 } });
    await expect(gone.link(key).then((link) => link ?? 'none')).resolves.toBe('none');
  });
});
