import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { keys } from '../../../core/contract/keys.ts';
import { type Objects } from '../../../core/ports.ts';
import { type RetentionPolicy } from '../../../core/retention/policy.ts';
import { longObjectsContract } from '../../contracts/long-objects.ts';
import { objectsContract } from '../../contracts/objects.ts';
import { newBucket, versionsIn } from '../../fixtures/aws/buckets.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { builderNamed, buildIdOf, runNamed, someTime, tagsWith } from '../../fixtures/records.ts';
import { portProcesses } from '../../fixtures/remote-port/remote-port.ts';

const policy: RetentionPolicy = {
  default: 'standard',
  classes: {
    standard: { days: 365 },
    evidence: { days: 2555, lock: 'GOVERNANCE' },
    law: { days: 10, lock: 'COMPLIANCE' },
  },
};
const clock = { now: () => someTime };
const key = keys.result(builderNamed('debian-base'), buildIdOf(1));
const bytes = (text: string) => new TextEncoder().encode(text);

describeWithMoto('S3', () => {
  let moto: Moto;
  let client: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
  });
  afterAll(() => moto.end());

  objectsContract(
    'a bucket',
    async () => {
      const bucket = await newBucket(client);
      return {
        open: async () => s3Objects(new S3Client({ ...moto.clientOptions, forcePathStyle: true }), { bucket, policy, clock }),
        remove: async () => undefined,
      };
    },
    { versioned: true },
  );

  longObjectsContract(
    'a bucket',
    async () => {
      const bucket = await newBucket(client);
      return { objects: s3Objects(client, { bucket, policy, clock }), remove: async () => undefined };
    },
    { versioned: true },
  );

  describe('in several processes', () => {
    const processes = portProcesses(3);
    afterAll(() => processes.end());

    objectsContract(
      'a bucket, in several processes,',
      async () => {
        const bucket = await newBucket(client);
        return {
          open: () => processes.open('s3-objects', `${moto.endpoint}/${bucket}`),
          remove: async () => undefined,
        };
      },
      { versioned: true },
    );
  });

  describe('objects in a bucket', () => {
    let bucket: string;
    let objects: Objects;
    beforeEach(async () => {
      bucket = await newBucket(client);
      objects = s3Objects(client, { bucket, policy, clock });
    });

    const lockOf = async (at: string) => {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: at }));
      return [head.ObjectLockMode, head.ObjectLockRetainUntilDate];
    };
    const putAsIs = (at: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: at, Body: 'x' }));

    it('carry the four tags under their names, in the request that makes them', async () => {
      await objects.create(key, bytes('x'), tagsWith({ kind: 'diag', builder: 'a b+c=d/e:f@g', retention: 'standard' }));
      const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key }));
      expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual({
        'hybridcore:kind': 'diag',
        'hybridcore:builder': 'a b+c=d/e:f@g',
        'hybridcore:build': buildIdOf(1),
        'hybridcore:retention': 'standard',
      });
      expect(await versionsIn(client, bucket)).toEqual([key]);
    });

    it('have no tags of ours where nobody gave any, or a foreign hand changed them', async () => {
      await putAsIs(key);
      expect(await objects.tags(key)).toBeUndefined();
      await client.send(
        new PutObjectTaggingCommand({ Bucket: bucket, Key: key, Tagging: { TagSet: [{ Key: 'hybridcore:kind', Value: 'nonsense' }] } }),
      );
      expect(await objects.tags(key)).toBeUndefined();
    });

    it('of a class with a lock are locked from the moment they are made, as long as the class says', async () => {
      const newest = keys.newestSummary(builderNamed('debian-base'));
      await objects.create(key, bytes('x'), tagsWith({ retention: 'evidence' }));
      await objects.replace(newest, bytes('x'), tagsWith({ retention: 'law' }), null);
      expect(await lockOf(key)).toEqual(['GOVERNANCE', new Date(someTime + 2555 * 86_400_000)]);
      expect(await lockOf(newest)).toEqual(['COMPLIANCE', new Date(someTime + 10 * 86_400_000)]);
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
      await expect(
        client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: Versions[0]?.VersionId ?? '' })),
      ).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it('of a class without a lock, and words to a run, are not locked', async () => {
      await objects.create(key, bytes('x'), tagsWith({ retention: 'standard' }));
      await objects.tell(runNamed('run-1'), 'stop', 'enough');
      for (const at of [key, keys.control(runNamed('run-1'), 'stop')]) expect(await lockOf(at), at).toEqual([undefined, undefined]);
    });

    it('are listed without what else is in the bucket, and pages are as long as asked for all the same', async () => {
      for (const at of ['artifacts/', 'artifacts/.hidden', 'artifacts/a b', 'artifacts/é', 'functions/code.zip']) await putAsIs(at);
      for (const at of ['artifacts/a', 'artifacts/b', 'artifacts/c']) await objects.create(at, bytes(at), tagsWith());
      const first = await objects.list('', { limit: 2 });
      expect(first.items).toEqual(['artifacts/a', 'artifacts/b']);
      expect(await objects.list('', { limit: 2, cursor: first.cursor ?? '' })).toEqual({ items: ['artifacts/c'] });
      expect(await objects.list('artifacts/', { limit: 3 })).toEqual({ items: ['artifacts/a', 'artifacts/b', 'artifacts/c'] });
    });

    it('that a run handed over are removed whatever they are called and however many, and stay as versions', async () => {
      const run = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
      const odd = ['a b', 'a+b', 'a%2Bb', '.hidden', '<&>', 'é', 'deep/er'].map((name) => `incoming/${run}/${name}`);
      for (const at of odd) await putAsIs(at);
      await objects.removeRun(run);
      expect(await versionsIn(client, bucket)).toEqual(odd.flatMap((at) => [at, `${at} removed`]).sort());
      for (let n = 0; n < 1020; n += 20) await Promise.all(Array.from({ length: 20 }, (_, m) => putAsIs(`incoming/${run}/${n + m}`)));
      await objects.tell(run, 'go', 'it is the attempt');
      await objects.removeRun(run);
      const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(KeyCount).toBe(0);
    });

    it('that were removed are absent, and can be created anew; their versions can still be read', async () => {
      const run = runNamed('run-1');
      const at = keys.incoming(run).report;
      await objects.create(at, bytes('one'), tagsWith());
      const read = await objects.read(at, { bytes: 10 });
      await objects.removeRun(run);
      expect([await objects.read(at, { bytes: 10 }), await objects.tags(at)]).toEqual([{ state: 'absent' }, undefined]);
      const version = read.state === 'read' && read.version !== null ? read.version : 'none';
      expect(await objects.read(at, { bytes: 10, version })).toEqual(read);
      const { DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: at }));
      expect(await objects.read(at, { bytes: 10, version: DeleteMarkers[0]?.VersionId ?? '' })).toEqual({ state: 'absent' });
      expect(await objects.create(at, bytes('two'), tagsWith())).toBe('created');
    });

    it('in a bucket that is not there are a failure that names the object and says what to do', async () => {
      const nowhere = s3Objects(client, { bucket: 'hybridcore-is-not-there', policy, clock });
      const asked = [
        () => nowhere.read(key, { bytes: 10 }),
        () => nowhere.create(key, bytes('x'), tagsWith()),
        () => nowhere.replace(key, bytes('x'), tagsWith(), null),
        () => nowhere.tags(key),
      ];
      for (const ask of asked)
        await expect(ask()).rejects.toMatchObject({
          failure: {
            rule: 'STORAGE',
            message: expect.stringMatching(new RegExp(`${key}: NoSuchBucket`)),
            remedy: expect.stringContaining('deploy'),
          },
        });
    });
  });
});
