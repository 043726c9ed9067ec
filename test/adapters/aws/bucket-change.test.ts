import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutBucketLifecycleConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { s3KeptBucket } from '../../../adapters/aws/s3-kept-bucket.ts';
import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { type Build } from '../../../core/build.ts';
import { tagKeys } from '../../../core/contract/deployment.ts';
import { keys } from '../../../core/contract/keys.ts';
import { type Tags } from '../../../core/contract/tags.ts';
import { digestOf } from '../../../core/digest.ts';
import { timestamp } from '../../../core/identity.ts';
import { type KeptBucket, type ListedVersion, type Objects, type Records } from '../../../core/ports.ts';
import { applyPolicy } from '../../../core/retention/apply-policy.ts';
import { auditBucket } from '../../../core/retention/bucket-audit.ts';
import { bucketChangePorts, bucketPlanPorts, raiseInBucket } from '../../../core/retention/bucket-change.ts';
import { RetentionApplyDocument, RetentionPlanDocument } from '../../../core/retention/documents.ts';
import { type RetentionPolicy, retentionTerms } from '../../../core/retention/policy.ts';
import { publishedSchemaFaults } from '../../e2e/published-schema.ts';
import { newBucket } from '../../fixtures/aws/buckets.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { rulesOf } from '../../fixtures/aws/kept-rules.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { makeTable } from '../../fixtures/aws/table.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord } from '../../fixtures/records.ts';
import { fileTemplate, rig } from '../../fixtures/rig.ts';

const day = 86_400_000;
const debian = builderNamed('debian-base');
const [mine, other] = [buildIdOf(1), buildIdOf(2)];
const policy: RetentionPolicy = {
  default: 'short',
  classes: { short: { days: 30 }, standard: { days: 365 }, evidence: { days: 2555, lock: 'GOVERNANCE' } },
};

describeWithMoto('what builds left in a bucket', () => {
  let moto: Moto;
  let client: S3Client;
  let dynamo: DynamoDBClient;
  let bucket: string;
  let table: string;
  let objects: Objects;
  let records: Records;
  let kept: KeptBucket;
  let now: number;
  const clock = { now: () => now };
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    dynamo = new DynamoDBClient(moto.clientOptions);
  });
  afterAll(() => moto.end());
  beforeEach(async () => {
    // S3 tells times in whole seconds: nothing may seem to have been made before.
    now = Math.floor(Date.now() / 1000) * 1000;
    bucket = await newBucket(client);
    table = await makeTable(dynamo);
    objects = s3Objects(client, { bucket, policy, clock });
    records = dynamoRecords(dynamo, table);
    kept = s3KeptBucket(client, bucket, 3);
    await putRules(policy);
    await records.commit([{ type: 'builder', expected: null, document: builderRecord(debian) }]);
    for (const n of [1, 2]) await leave(n);
    const newest = keys.newestManifest(debian);
    await objects.replace(newest, new Uint8Array(1), tagsOf(1, 'hash-manifest'), null);
    await objects.replace(newest, new Uint8Array(2), tagsOf(2, 'hash-manifest'), new Uint8Array(1));
    await objects.replace(keys.newestSummary(debian), new Uint8Array(1), tagsOf(1, 'log-summary'), null);
  });

  const putRules = (of: RetentionPolicy) =>
    client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules: [...rulesOf(of)] } }));
  const tagsOf = (n: number, kind: Tags['kind']): Tags => ({ kind, builder: debian, build: buildIdOf(n), retention: 'short' });

  async function leave(n: number, changes: Partial<Build> = {}): Promise<void> {
    const [id, at, digest] = [buildIdOf(n), timestamp(now), digestOf(String(n))];
    await objects.create(keys.manifest(debian, id), new Uint8Array(n), tagsOf(n, 'hash-manifest'));
    await objects.create(keys.result(debian, id), new Uint8Array(n), tagsOf(n, 'result'));
    await objects.create(keys.summary(debian, id), new Uint8Array(n), tagsOf(n, 'log-summary'));
    const document = buildRecord(n, {
      state: 'succeeded',
      retention: 'short',
      retention_terms: retentionTerms(policy, 'short'),
      finished_at: at,
      settled_at: at,
      result_path: keys.result(debian, id),
      summary_path: keys.summary(debian, id),
      manifest: { path: keys.manifest(debian, id), digest, fingerprint: digest },
      ...changes,
    });
    await records.commit([{ type: 'build', expected: null, document }]);
  }

  const ports = () => ({ records, clock, bucket: kept });
  const raise = (name: string, id = mine, more: Partial<ReturnType<typeof ports>> = {}) =>
    raiseInBucket({ ...ports(), ...more }, policy, id, { class: name, by: 'counsel', reason: 'case 7' });
  const findings = async (of: RetentionPolicy = policy) => {
    const audit = await auditBucket({ ...ports() }, of, { deep: true });
    return audit.findings.map(({ finding, key }) => `${finding} ${key.replace(mine, 'MINE').replace(other, 'OTHER')}`).toSorted();
  };
  /** Under their keys the class and the lock of each version, the newest first. */
  async function keeping(): Promise<Readonly<Record<string, readonly string[]>>> {
    const told: Record<string, string[]> = {};
    for await (const version of kept.versions('')) {
      const seen = await kept.look(version);
      const days = seen?.lock === null || seen?.lock === undefined ? '' : ` ${seen.lock.mode} ${(seen.lock.until - version.created) / day}`;
      (told[version.key.replace(mine, 'MINE').replace(other, 'OTHER')] ??= []).push(`${seen?.tags[tagKeys.retention]}${days}`);
    }
    return told;
  }

  it('are raised to a higher class: every version gets its tag and its lock, and nothing of others does', async () => {
    const raised = await raise('evidence');
    expect(raised).toMatchObject({
      ok: true,
      value: { retention: 'evidence', retention_changes: [{ from: 'short', to: 'evidence', by: 'counsel', tagged_at: timestamp(now) }] },
    });
    const evidence = ['evidence GOVERNANCE 2555'];
    expect(await keeping()).toEqual({
      'artifacts/debian-base.hash.json': ['short', ...evidence],
      'artifacts/debian-base/MINE.hash.json': evidence,
      'artifacts/debian-base/OTHER.hash.json': ['short'],
      'state/packer/logs/debian-base.json': evidence,
      'state/packer/logs/debian-base/MINE.json': evidence,
      'state/packer/logs/debian-base/OTHER.json': ['short'],
      'state/packer/results/debian-base/MINE.json': evidence,
      'state/packer/results/debian-base/OTHER.json': ['short'],
    });
    expect(await findings()).toEqual([]);
  });

  it('cost two to four calls a version, and nothing is written twice', async () => {
    const calls = callsOf(client);
    expect((await raise('standard')).ok).toBe(true);
    const counted = (name: string) => calls.filter((call) => call === `${name}Command`).length;
    // Its three own objects, the copy of the newest manifest that was replaced, and the one of the newest summary.
    expect([counted('PutObjectTagging'), counted('PutObjectRetention')]).toEqual([5, 0]);
    expect((await raise('standard')).ok).toBe(false);
    expect(counted('PutObjectTagging')).toBe(5);
  });

  /** A raise that a crash cuts off before its n-th tag. */
  async function cutOff(nth: number): Promise<void> {
    let tagged = 0;
    const crashing: KeptBucket = {
      ...kept,
      async tag(version: ListedVersion, tags) {
        if ((tagged += 1) === nth) throw new Error('crash');
        await kept.tag(version, tags);
      },
    };
    await expect(raise('standard', mine, { bucket: crashing })).rejects.toThrow('crash');
  }

  it('are found half raised where a crash cut it off, and asking again goes on from there', async () => {
    await cutOff(3);
    expect(await records.readBuild(mine)).toMatchObject({ retention: 'standard', retention_changes: [{ tagged_at: null }] });
    expect((await findings()).some((line) => line.startsWith('tags-differ '))).toBe(true);
    // By the tags of before it may go when those days are over, and then nothing can be promised.
    now += 30 * day;
    expect(await raise('standard')).toMatchObject({
      ok: false,
      failure: { rule: 'RAISE_REFUSED', message: expect.stringContaining('the raise to standard was cut off') as string },
    });
    now -= 30 * day;
    expect((await raise('standard')).ok).toBe(true);
    expect(await findings()).toEqual([]);
    expect((await records.readBuild(mine))?.retention_changes).toMatchObject([{ tagged_at: expect.any(String) }]);
  });

  it('are raised to another class only once a raise that was cut off is carried out', async () => {
    await cutOff(1);
    expect((await raise('evidence')).ok).toBe(true);
    expect((await records.readBuild(mine))?.retention_changes).toMatchObject([
      { from: 'short', to: 'standard', tagged_at: expect.any(String) },
      { from: 'standard', to: 'evidence', tagged_at: expect.any(String) },
    ]);
    expect(await findings()).toEqual([]);
  });

  it('keep a raise that was cut off through a policy that is applied: it is left, and asked for again', async () => {
    await cutOff(1);
    const changed: RetentionPolicy = { ...policy, classes: { ...policy.classes, standard: { days: 730 } } };
    const apply = () =>
      applyPolicy({ ...bucketPlanPorts(ports()), ...bucketChangePorts(ports(), changed) }, changed, {
        confirm: false,
        by: 'counsel',
        reason: 'x',
      });
    expect(await apply()).toMatchObject({ ok: true, value: { applied: 0, left: 1 } });
    expect((await records.readBuild(mine))?.retention_changes).toMatchObject([{ to: 'standard', tagged_at: null }]);
    expect((await raise('standard')).ok).toBe(true);
    expect(await apply()).toMatchObject({ ok: true, value: { applied: 1, left: 0 } });
    await putRules(changed);
    expect(await findings(changed)).toEqual([]);
  });

  it('are promised nothing any more once the first of them may have gone', async () => {
    now += 40 * day;
    const changed: RetentionPolicy = { ...policy, classes: { ...policy.classes, short: { days: 60 } } };
    const applying = { ...bucketPlanPorts(ports()), ...bucketChangePorts(ports(), changed) };
    expect(await applyPolicy(applying, changed, { confirm: false, by: 'counsel', reason: 'x' })).toMatchObject({
      ok: true,
      value: { applied: 0, left: 0 },
    });
    for (const id of [mine, other]) expect((await records.readBuild(id))?.retention_changes).toEqual([]);
  });

  it('get no firmer lock where S3 would ask for the right to bypass the one that is there', async () => {
    expect((await raise('evidence')).ok).toBe(true);
    const firm: RetentionPolicy = {
      ...policy,
      classes: { ...policy.classes, evidence: { days: 2555, lock: 'COMPLIANCE' }, case: { days: 5000, lock: 'COMPLIANCE' } },
    };
    const wanted = { class: 'case', by: 'counsel', reason: 'case 7' };
    expect(await raiseInBucket(ports(), firm, mine, wanted)).toMatchObject({
      ok: false,
      failure: { rule: 'RAISE_REFUSED', message: expect.stringContaining('from GOVERNANCE into COMPLIANCE') as string },
    });
    const applying = { ...bucketPlanPorts(ports()), ...bucketChangePorts(ports(), firm) };
    expect(await applyPolicy(applying, firm, { confirm: true, by: 'counsel', reason: 'x' })).toMatchObject({
      value: { applied: 0, left: 1 },
    });
    expect((await records.readBuild(mine))?.retention_changes).toHaveLength(1);
  });

  it('cost no look at what other builds left under the newest-of keys, however many there were', async () => {
    const newest = keys.newestManifest(debian);
    now -= 2 * 60 * 60_000;
    await leave(3);
    now += 2 * 60 * 60_000;
    for (let n = 3; n < 12; n += 1) await objects.replace(newest, new Uint8Array(n), tagsOf(n, 'hash-manifest'), new Uint8Array(n - 1));
    const calls = callsOf(client);
    expect((await raise('standard', buildIdOf(3))).ok).toBe(true);
    expect(calls.filter((call) => call === 'HeadObjectCommand')).toHaveLength(3);
  });

  it('are not raised where the bucket may have let something go, where there is nothing of them, and never lowered', async () => {
    expect((await raise('evidence')).ok).toBe(true);
    const refusal = async (answer: ReturnType<typeof raise>) => {
      const { failure } = (await answer) as { failure: { rule: string; message: string } };
      return `${failure.rule}: ${failure.message}`;
    };
    expect(await refusal(raise('standard'))).toMatch(/^RAISE_REFUSED: .* would keep it for less, or less firmly$/);
    now += 30 * day;
    expect(await refusal(raise('standard', other))).toMatch(/^RAISE_REFUSED: .* expires since .* and the bucket lets it go$/);
    now -= 30 * day;
    const nowhere = s3KeptBucket(client, await newBucket(client));
    expect(await refusal(raise('standard', other, { bucket: nowhere }))).toMatch(/nothing of the build .* is in this bucket$/);
    expect((await records.readBuild(other))?.retention_changes).toEqual([]);
    await leave(4, { state: 'running', finished_at: null, settled_at: null });
    expect(await refusal(raise('standard', buildIdOf(4)))).toMatch(/has not ended$/);
  });

  it('are held against a changed policy, and kept by it once it is applied and deployed', async () => {
    expect((await raise('evidence', other)).ok).toBe(true);
    const changed: RetentionPolicy = {
      default: 'short',
      classes: { short: { days: 60 }, standard: { days: 365 }, evidence: { days: 30, lock: 'GOVERNANCE' } },
    };
    const applying = { ...bucketPlanPorts(ports()), ...bucketChangePorts(ports(), changed) };
    const wanted = { confirm: false, by: 'counsel', reason: 'policy of 2027' };
    const calls = callsOf(client);
    expect(await applyPolicy(applying, changed, wanted)).toMatchObject({
      ok: true,
      value: {
        plan: {
          changes: [
            { class: 'evidence', effect: 'locked', builds: 1, objects: 2, bytes: 4 },
            { class: 'short', effect: 'later', from_days: 30, to_days: 60, builds: 1, objects: 2, bytes: 2 },
          ],
        },
        applied: 1,
        left: 1,
      },
    });
    // Other days for the same class are for the rules alone: no object is looked at.
    expect(new Set(calls)).toEqual(new Set(['ListObjectVersionsCommand']));
    expect(await findings(policy)).toContain('kept-shorter state/packer/results/debian-base/MINE.json');
    await putRules({ ...changed, classes: { ...changed.classes, evidence: policy.classes['evidence'] ?? { days: 1 } } });
    expect(await findings(policy)).toEqual(['rules ']);
  });

  it('get the lock that their class has got, which costs a look at each version', async () => {
    const changed: RetentionPolicy = { ...policy, classes: { ...policy.classes, short: { days: 30, lock: 'GOVERNANCE' } } };
    const applying = { ...bucketPlanPorts(ports()), ...bucketChangePorts(ports(), changed) };
    expect(await applyPolicy(applying, changed, { confirm: false, by: 'counsel', reason: 'x' })).toMatchObject({ value: { applied: 2 } });
    expect(new Set(Object.values(await keeping()).flat())).toEqual(new Set(['short GOVERNANCE 30']));
    expect(await findings(changed)).toEqual([]);
  });

  it('as an operator types it: the plan, what is refused without --confirm, and what is applied', async () => {
    const images = await rig({
      'hybridcore.yaml': `version: 1\nretention: { default: short, classes: { short: { days: 7 } } }\nbuilders:\n  debian-base: { template: base }\n`,
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
    });
    const typed = (...words: readonly string[]) =>
      images.start(['retention', ...words, '--bucket', bucket, '--table', table], { environment: moto.environment }).ended;
    const plan = await typed('plan', '--json');
    expect(await publishedSchemaFaults('retention-plan', plan.json())).toEqual([]);
    expect(RetentionPlanDocument.parse(plan.json()).changes).toMatchObject([
      { effect: 'earlier', from_days: 30, to_days: 7, builds: 2, objects: 4 },
    ]);
    const refused = await typed('apply', '--reason', 'x');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^POLICY_UNCONFIRMED .*short: 4 objects of 2 builds/s)]);
    const applied = await typed('apply', '--reason', 'policy of 2027', '--confirm', '--json');
    expect(await publishedSchemaFaults('retention-apply', applied.json())).toEqual([]);
    expect(RetentionApplyDocument.parse(applied.json())).toMatchObject({ applied: 2, left: 0 });
    expect((await records.readBuild(mine))?.retention_terms).toMatchObject({ days: 7 });
    expect((await typed('plan')).stdout).toMatch(/^as promised: 4 objects\n$/);
  });
});
