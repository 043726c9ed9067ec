import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectLegalHoldCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { s3KeptBucket } from '../../../adapters/aws/s3-kept-bucket.ts';
import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { type Build } from '../../../core/build.ts';
import { keys } from '../../../core/contract/keys.ts';
import { type Tags } from '../../../core/contract/tags.ts';
import { timestamp } from '../../../core/identity.ts';
import { type KeptBucket, type Objects, type Records } from '../../../core/ports.ts';
import { holdInBucket, releaseInBucket } from '../../../core/retention/bucket-hold.ts';
import { RetentionHoldDocument } from '../../../core/retention/documents.ts';
import { publishedSchemaFaults } from '../../e2e/published-schema.ts';
import { newBucket } from '../../fixtures/aws/buckets.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { makeTable } from '../../fixtures/aws/table.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord } from '../../fixtures/records.ts';
import { rig } from '../../fixtures/rig.ts';

const debian = builderNamed('debian-base');
const [mine, other] = [buildIdOf(1), buildIdOf(2)];

describeWithMoto('a legal hold in a bucket', () => {
  let moto: Moto;
  let client: S3Client;
  let dynamo: DynamoDBClient;
  let bucket: string;
  let table: string;
  let objects: Objects;
  let records: Records;
  let kept: KeptBucket;
  const clock = { now: () => Date.now() };
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    dynamo = new DynamoDBClient(moto.clientOptions);
  });
  afterAll(() => moto.end());
  beforeEach(async () => {
    bucket = await newBucket(client);
    table = await makeTable(dynamo);
    objects = s3Objects(client, { bucket, policy: { default: 'short', classes: { short: { days: 30 } } }, clock });
    records = dynamoRecords(dynamo, table);
    // Pages of three, so that what a build left takes several.
    kept = s3KeptBucket(client, bucket, 3);
    await records.commit([{ type: 'builder', expected: null, document: builderRecord(debian) }]);
    for (const n of [1, 2]) await leave(n);
    const newest = keys.newestManifest(debian);
    await objects.replace(newest, new Uint8Array(1), tagsOf(1, 'hash-manifest'), null);
    await objects.replace(newest, new Uint8Array(2), tagsOf(2, 'hash-manifest'), new Uint8Array(1));
    await objects.replace(keys.newestSummary(debian), new Uint8Array(1), tagsOf(1, 'log-summary'), null);
  });

  const tagsOf = (n: number, kind: Tags['kind']): Tags => ({ kind, builder: debian, build: buildIdOf(n), retention: 'short' });

  async function leave(n: number, changes: Partial<Build> = {}): Promise<void> {
    const [id, at] = [buildIdOf(n), timestamp(clock.now())];
    await objects.create(keys.manifest(debian, id), new Uint8Array(n), tagsOf(n, 'hash-manifest'));
    await objects.create(keys.result(debian, id), new Uint8Array(n), tagsOf(n, 'result'));
    await objects.create(keys.summary(debian, id), new Uint8Array(n), tagsOf(n, 'log-summary'));
    for (const attempt of [1, 2]) {
      await objects.create(keys.log(debian, id, attempt), new Uint8Array(n), tagsOf(n, 'log'));
      await objects.create(keys.scrubManifest(debian, id, attempt), new Uint8Array(n), tagsOf(n, 'scrub-manifest'));
    }
    const document = buildRecord(n, { state: 'failed', retention: 'short', finished_at: at, settled_at: at, ...changes });
    await records.commit([{ type: 'build', expected: null, document }]);
  }

  /** Under their keys the numbers of held and of other versions, told by S3. */
  async function holds(): Promise<Readonly<Record<string, string>>> {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const told: Record<string, string> = {};
    for (const { Key = '', VersionId } of Versions) {
      const seen = await client.send(new GetObjectLegalHoldCommand({ Bucket: bucket, Key, VersionId })).catch(() => undefined);
      told[Key] = `${told[Key] ?? ''}${seen?.LegalHold?.Status === 'ON' ? 'H' : '-'}`;
    }
    return told;
  }

  const own = [
    keys.manifest(debian, mine),
    keys.result(debian, mine),
    keys.summary(debian, mine),
    ...[1, 2].flatMap((attempt) => [keys.log(debian, mine, attempt), keys.scrubManifest(debian, mine, attempt)]),
  ];
  const expectHeld = async (held: boolean) => {
    const told = await holds();
    for (const key of own) expect(told[key], key).toBe(held ? 'H' : '-');
    expect(told[keys.newestSummary(debian)]).toBe(held ? 'H' : '-');
    // The newest first: it is the other build's.
    expect(told[keys.newestManifest(debian)]).toBe(held ? '-H' : '--');
    expect(Object.entries(told).filter(([key, marks]) => key.includes(other) && marks.includes('H'))).toEqual([]);
  };

  const ask = async (...words: readonly string[]) => {
    const nowhere = await rig({});
    return nowhere.start(['retention', ...words, '--bucket', bucket, '--table', table], { environment: moto.environment }).ended;
  };

  it('reaches every version that a build left and none of another, and ends, by the command line without a repository', async () => {
    const held = await ask('hold', mine.toLowerCase(), '--reason', 'case 7', '--json');
    expect(held).toMatchObject({ code: 0, stderr: '' });
    expect(await publishedSchemaFaults('retention-hold', held.json())).toEqual([]);
    expect(RetentionHoldDocument.parse(held.json())).toMatchObject({
      build_id: mine,
      hold: { reason: 'case 7' },
      hold_released: null,
      versions: 9,
    });
    await expectHeld(true);
    expect((await records.readBuild(mine))?.hold).toMatchObject({ reason: 'case 7' });
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: keys.result(debian, mine) }));
    const remove = () =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys.result(debian, mine), VersionId: Versions[0]?.VersionId }));
    await expect(remove()).rejects.toThrow('Access Denied');

    const released = await ask('release', mine, '--reason', 'case 7 is closed');
    expect(released).toMatchObject({
      code: 0,
      stdout: `build ${mine} is held no more: it expires as its class says (9 versions in ${bucket})\n`,
    });
    await expectHeld(false);
    expect(await records.readBuild(mine)).toMatchObject({ hold: null, hold_released: { reason: 'case 7 is closed' } });
    await remove();
  });

  it('costs a call a version, beside listing them', async () => {
    const counted = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    const calls = callsOf(counted);
    await holdInBucket({ records, bucket: s3KeptBucket(counted, bucket, 2), clock }, mine, 'counsel', 'case 7');
    const counts = Object.fromEntries([...Map.groupBy(calls, (call) => call)].map(([call, all]) => [call, all.length]));
    expect(counts).toEqual({
      // One whether anything is there; five kinds of keys, one of which takes a second page of two, and two newest-of keys.
      ListObjectVersionsCommand: 9,
      PutObjectLegalHoldCommand: 9,
      // Three versions under the newest-of keys.
      HeadObjectCommand: 3,
      GetObjectTaggingCommand: 3,
    });
  });

  it.each(['hold', 'release'] as const)('a %s that was cut off at any call is finished by asking again', async (word) => {
    const ports = { records, bucket: kept, clock };
    const change = word === 'hold' ? holdInBucket : releaseInBucket;
    if (word === 'release') await holdInBucket(ports, mine, 'counsel', 'case 7');
    for (let calls = 0; calls < 9; calls += 1) {
      let left = calls;
      const cut: KeptBucket = {
        ...kept,
        async setLegalHold(version, on) {
          if (left === 0) throw new Error('cut off');
          left -= 1;
          await kept.setLegalHold(version, on);
        },
      };
      await expect(change({ ...ports, bucket: cut }, mine, 'counsel', 'case 7')).rejects.toThrow('cut off');
    }
    expect(await change(ports, mine, 'somebody else', 'case 7')).toMatchObject({ ok: true, value: { versions: 9 } });
    await expectHeld(word === 'hold');
    const build = await records.readBuild(mine);
    expect(word === 'hold' ? build?.hold : build?.hold_released).toMatchObject({ by: 'counsel', reason: 'case 7' });
  });

  it('is refused for another reason than the one that is in the records, which is named, and so is a release', async () => {
    const taken = await ask('hold', mine, '--reason', 'case 7');
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringMatching(/ is held since .* \(a legal hold on 9 versions in /) as string });
    const refused = async (word: string, message: RegExp) => {
      const ended = await ask(word, mine, '--reason', 'case 8');
      expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string });
    };
    await refused('hold', /^HOLD_REFUSED .* is held since .* by \S+: case 7/s);
    expect(await ask('hold', mine, '--reason', 'case 7')).toMatchObject({ code: 0, stdout: taken.stdout });
    expect((await ask('release', mine, '--reason', 'case 7 is closed')).code).toBe(0);
    await refused('release', /^HOLD_REFUSED .* is not held: it was released at .* by \S+: case 7 is closed/s);
    expect((await ask('release', mine, '--reason', 'case 7 is closed')).code).toBe(0);
    await expectHeld(false);
  });

  it('holds a bundle that came later, once it is asked for again', async () => {
    const ports = { records, bucket: kept, clock };
    await holdInBucket(ports, mine, 'counsel', 'case 7');
    await objects.create(keys.diag(debian, mine), new Uint8Array(1), tagsOf(1, 'diag'));
    expect((await holds())[keys.diag(debian, mine)]).toBe('-');
    await holdInBucket(ports, mine, 'counsel', 'case 7');
    expect((await holds())[keys.diag(debian, mine)]).toBe('H');
  });

  it('refuses a build that has not ended, one that nobody held, and one that nobody knows; and touches nothing', async () => {
    await leave(3, { state: 'running', finished_at: null, settled_at: null });
    expect((await ask('hold', buildIdOf(3), '--reason', 'x')).stderr).toMatch(/^HOLD_REFUSED .* has not ended/s);
    expect((await ask('release', mine, '--reason', 'x')).stderr).toMatch(/^HOLD_REFUSED .* is not held/s);
    expect((await ask('hold', buildIdOf(9), '--reason', 'x')).stderr).toMatch(/^BUILD_UNKNOWN /);
    expect((await ask('hold', mine, '--reason', ' ')).stderr).toMatch(/^REQUEST_INVALID .* needs a reason/s);
    expect(Object.values(await holds()).join('')).not.toContain('H');
    expect(await records.readBuild(mine)).toMatchObject({ hold: null, hold_released: null });
  });

  it('refuses a build of which nothing is in the bucket, and records nothing', async () => {
    const empty = await newBucket(client);
    const ports = { records, bucket: s3KeptBucket(client, empty), clock };
    expect(await holdInBucket(ports, mine, 'counsel', 'case 7')).toMatchObject({ ok: false, failure: { rule: 'HOLD_REFUSED' } });
    expect(await records.readBuild(mine)).toMatchObject({ hold: null });
    await holdInBucket({ ...ports, bucket: kept }, mine, 'counsel', 'case 7');
    expect(await releaseInBucket(ports, mine, 'counsel', 'case 7')).toMatchObject({ ok: false, failure: { rule: 'HOLD_REFUSED' } });
    expect(await records.readBuild(mine)).toMatchObject({ hold: { reason: 'case 7' } });
  });

  /** The bucket, in which somebody else acts before the first hold is set. */
  function meanwhile(act: () => Promise<unknown>): KeptBucket {
    let acted = false;
    return {
      ...kept,
      async setLegalHold(version, on) {
        if (!acted) {
          acted = true;
          await act();
        }
        await kept.setLegalHold(version, on);
      },
    };
  }

  it('says so where somebody released the build while it was being held, and the other way round', async () => {
    for (const [change, other] of [
      [holdInBucket, releaseInBucket],
      [releaseInBucket, holdInBucket],
    ] as const) {
      const bucketMeanwhile = meanwhile(() => other({ records, bucket: kept, clock }, mine, 'somebody', 'else'));
      expect(await change({ records, bucket: bucketMeanwhile, clock }, mine, 'counsel', 'case 7')).toMatchObject({
        ok: false,
        failure: { rule: 'HOLD_REFUSED', message: expect.stringMatching(/somebody else .* at the same time/) as string },
      });
      await change({ records, bucket: kept, clock }, mine, 'counsel', 'case 7');
    }
  });

  it('says so where somebody released the build and held it anew while it was being held', async () => {
    let at = Date.now();
    const ports = { records, bucket: kept, clock: { now: () => (at += 1000) } };
    const bucketMeanwhile = meanwhile(async () => {
      await releaseInBucket(ports, mine, 'somebody', 'closed');
      await holdInBucket(ports, mine, 'somebody', 'case 8');
    });
    expect(await holdInBucket({ ...ports, bucket: bucketMeanwhile }, mine, 'counsel', 'case 7')).toMatchObject({
      ok: false,
      failure: { rule: 'HOLD_REFUSED', message: expect.stringContaining('somebody else') as string },
    });
  });

  it('needs the bucket and the table, both', async () => {
    const nowhere = await rig({});
    expect((await nowhere.run('retention', 'hold', mine, '--reason', 'x', '--bucket', bucket)).stderr).toMatch(
      /^USAGE .* by its bucket and its table, both/s,
    );
  });
});
