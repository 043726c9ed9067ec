import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  S3Client,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { taggingHeader } from '../../../adapters/aws/s3-object-tags.ts';
import { s3KeptBucket } from '../../../adapters/aws/s3-kept-bucket.ts';
import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { type Attempt, type Build } from '../../../core/build.ts';
import { verdictOf } from '../../../core/classification/verdict.ts';
import { tagKeys } from '../../../core/contract/deployment.ts';
import { keys } from '../../../core/contract/keys.ts';
import { type Tags } from '../../../core/contract/tags.ts';
import { digestOf, digestOfJson } from '../../../core/digest.ts';
import { timestamp } from '../../../core/identity.ts';
import { type ListedVersion, type Objects, type Records } from '../../../core/ports.ts';
import { auditBucket } from '../../../core/retention/bucket-audit.ts';
import { bucketRetentionCheck } from '../../../core/retention/bucket-check.ts';
import { type BucketFindingName, bucketFindings } from '../../../core/retention/bucket-findings.ts';
import { RetentionBucketAuditDocument, RetentionBucketReportDocument } from '../../../core/retention/documents.ts';
import { type RetentionPolicy, retentionTerms } from '../../../core/retention/policy.ts';
import { retentionProblems } from '../../../core/retention/proof.ts';
import { newBucket } from '../../fixtures/aws/buckets.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { rulesOf } from '../../fixtures/aws/kept-rules.ts';
import { makeTable } from '../../fixtures/aws/table.ts';
import { fileTemplate, rig } from '../../fixtures/rig.ts';
import { publishedSchemaFaults } from '../../e2e/published-schema.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord } from '../../fixtures/records.ts';
import { afterDays, bucketWith, rule } from '../../fixtures/retention/buckets.ts';
import { memoryRecords } from '../../simulation/memory-records.ts';

const day = 86_400_000;
const debian = builderNamed('debian-base');
const policy: RetentionPolicy = {
  default: 'standard',
  classes: { short: { days: 30 }, standard: { days: 365 }, evidence: { days: 2555, lock: 'GOVERNANCE' } },
};

const rules = rulesOf(policy);

describeWithMoto('an audit of a bucket', () => {
  let moto: Moto;
  let client: S3Client;
  let bucket: string;
  let objects: Objects;
  let dynamo: DynamoDBClient;
  let table: string;
  let records: Records;
  let now: number;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
    await cleanBucket();
  });
  afterAll(() => moto.end());

  const putRules = (changed: readonly LifecycleRule[]) =>
    client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules: [...changed] } }));
  const tagsOf = (n: number, kind: Tags['kind'], retention: string): Tags => ({ kind, builder: debian, build: buildIdOf(n), retention });

  /** What the n-th build leaves, and its record. */
  async function build(n: number, retention: string, changes: Partial<Build> = {}): Promise<void> {
    const id = buildIdOf(n);
    const at = timestamp(now);
    const digest = digestOf(String(n));
    const [manifest, result, summary] = [keys.manifest(debian, id), keys.result(debian, id), keys.summary(debian, id)];
    await objects.create(manifest, new Uint8Array(n), tagsOf(n, 'hash-manifest', retention));
    await objects.create(result, new Uint8Array(n), tagsOf(n, 'result', retention));
    await objects.create(summary, new Uint8Array(n), tagsOf(n, 'log-summary', retention));
    await objects.create(keys.log(debian, id, 1), new Uint8Array(n), tagsOf(n, 'log', retention));
    await objects.create(`diag/${debian}/${id}.tar.gz`, new Uint8Array(n), tagsOf(n, 'diag', retention));
    const document = buildRecord(n, {
      state: 'succeeded',
      retention,
      retention_terms: retentionTerms(policy, retention),
      finished_at: at,
      settled_at: at,
      result_path: result,
      summary_path: summary,
      manifest: { path: manifest, digest, fingerprint: digest },
      ...changes,
    });
    await records.commit([{ type: 'build', expected: null, document }]);
  }

  const note = () => ({ at: timestamp(now), by: 'counsel', reason: 'case 7' });
  const all = async () => (await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions ?? [];
  const keysOf = async (n: number) => (await all()).flatMap(({ Key = '' }) => (Key.includes(buildIdOf(n)) ? [Key] : []));

  /** Four builds, one of them of a locked class and one held, with a copy of the newest that was replaced once. */
  async function cleanBucket(): Promise<void> {
    // S3 tells times in whole seconds: nothing may seem to have been made before.
    now = Math.floor(Date.now() / 1000) * 1000;
    bucket = await newBucket(client);
    objects = s3Objects(client, { bucket, policy, clock: { now: () => now } });
    dynamo = new DynamoDBClient(moto.clientOptions);
    table = await makeTable(dynamo);
    records = dynamoRecords(dynamo, table);
    await records.commit([{ type: 'builder', expected: null, document: builderRecord(debian) }]);
    await putRules(rules);
    await build(1, 'short');
    await build(2, 'standard');
    await build(3, 'evidence');
    await build(4, 'short', { hold: note() });
    for (const Key of await keysOf(4))
      await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key, LegalHold: { Status: 'ON' } }));
    const newest = keys.newestManifest(debian);
    await objects.replace(newest, new Uint8Array(1), tagsOf(1, 'hash-manifest', 'short'), null);
    await objects.replace(newest, new Uint8Array(4), tagsOf(4, 'hash-manifest', 'short'), new Uint8Array(1));
    await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: newest, LegalHold: { Status: 'ON' } }));
  }

  const audit = (deep = true, at = now) =>
    auditBucket({ records, bucket: s3KeptBucket(client, bucket, 5), clock: { now: () => at } }, policy, { deep });
  /** As an auditor types it, in a repository of the same policy. */
  const auditor = async (...words: readonly string[]) => {
    const images = await rig({
      'hybridcore.yaml': `version: 1\nretention: ${JSON.stringify(policy)}\nbuilders:\n  debian-base: { template: base }\n`,
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
    });
    return images.start(['retention', 'audit', '--bucket', bucket, ...words], { environment: moto.environment }).ended;
  };
  const result = (n: number) => keys.result(debian, buildIdOf(n));
  const put = (Key: string, Tagging?: string) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ...(Tagging === undefined ? {} : { Tagging }) }));
  const lock = (Key: string, days: number) =>
    client.send(
      new PutObjectRetentionCommand({
        Bucket: bucket,
        Key,
        BypassGovernanceRetention: true,
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(now + days * day) },
      }),
    );
  const tagged = (Key: string, changes: Readonly<Record<string, string>>) => {
    const tags = {
      ...Object.fromEntries(Object.entries(tagsOf(1, 'result', 'short')).map(([name, value]) => [`hybridcore:${name}`, value])),
      ...changes,
    };
    return client.send(
      new PutObjectTaggingCommand({
        Bucket: bucket,
        Key,
        Tagging: { TagSet: Object.entries(tags).map(([name, Value]) => ({ Key: name, Value })) },
      }),
    );
  };

  /** What is planted in one bucket, each under a key of its own. */
  const planted: readonly {
    readonly name: string;
    readonly finding: BucketFindingName;
    readonly key: string;
    readonly plant: (key: string) => Promise<unknown>;
  }[] = [
    { name: 'an object of nobody', finding: 'no-class', key: 'state/packer/backup.zip', plant: (key) => put(key) },
    { name: 'an object of nobody beside all that is ours', finding: 'no-class', key: 'foo.txt', plant: (key) => put(key) },
    { name: 'an object of nobody beside the state', finding: 'no-class', key: 'state/other.txt', plant: (key) => put(key) },
    { name: 'the database of a folder that was copied', finding: 'no-class', key: 'state/hybridcore.db', plant: (key) => put(key) },
    { name: 'a bundle of nobody', finding: 'no-class', key: 'diag/copy.tar.gz', plant: (key) => put(key) },
    { name: 'an object without tags', finding: 'no-class', key: keys.scrubManifest(debian, buildIdOf(2), 1), plant: (key) => put(key) },
    {
      name: 'an object of a build that no record knows',
      finding: 'unknown-build',
      key: result(9),
      plant: (key) => objects.create(key, new Uint8Array(1), tagsOf(9, 'result', 'short')),
    },
    {
      name: 'a class that was changed in the tags',
      finding: 'tags-differ',
      key: result(1),
      plant: (key) => tagged(key, { [tagKeys.retention]: 'standard' }),
    },
    {
      name: 'a kind that was changed in the tags',
      finding: 'tags-differ',
      key: keys.log(debian, buildIdOf(1), 1),
      plant: (key) => tagged(key, { [tagKeys.kind]: 'diag' }),
    },
    {
      name: 'a class that no rule holds',
      finding: 'kept-longer',
      key: `diag/${debian}/${buildIdOf(1)}.tar.gz`,
      plant: (key) => tagged(key, { [tagKeys.kind]: 'diag', [tagKeys.retention]: 'none' }),
    },
    {
      name: 'a class that goes sooner',
      finding: 'kept-shorter',
      key: keys.log(debian, buildIdOf(2), 1),
      plant: (key) => tagged(key, { [tagKeys.kind]: 'log', [tagKeys.build]: buildIdOf(2) }),
    },
    {
      name: 'a sealed object that was written over',
      finding: 'overwritten',
      key: result(2),
      plant: (key) => put(key, taggingHeader(tagsOf(2, 'result', 'standard'))),
    },
    {
      name: 'an object that was removed',
      finding: 'gone-early',
      key: keys.summary(debian, buildIdOf(2)),
      plant: (Key) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key })),
    },
    {
      name: 'a manifest that was removed for good',
      finding: 'gone-early',
      key: keys.manifest(debian, buildIdOf(2)),
      plant: async (Key) => {
        const version = (await all()).find((each) => each.Key === Key);
        return client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId: version?.VersionId }));
      },
    },
    {
      name: 'an object of a locked class without a lock',
      finding: 'lock-missing',
      key: keys.scrubManifest(debian, buildIdOf(3), 1),
      plant: (key) => put(key, taggingHeader(tagsOf(3, 'scrub-manifest', 'evidence'))),
    },
    {
      name: 'a lock that is shorter than its class',
      finding: 'lock-shorter',
      key: result(3),
      plant: (key) => lock(key, 100),
    },
    {
      name: 'a lock that is longer than its class',
      finding: 'kept-longer',
      key: keys.summary(debian, buildIdOf(1)),
      plant: (key) => lock(key, 400),
    },
    {
      name: 'a held build without a legal hold',
      finding: 'unheld',
      key: result(4),
      plant: (Key) => client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key, LegalHold: { Status: 'OFF' } })),
    },
  ];

  const changed: readonly {
    readonly name: string;
    readonly findings: readonly BucketFindingName[];
    readonly rules: readonly LifecycleRule[];
  }[] = [
    { name: 'a rule that is gone', findings: ['rules', 'kept-longer'], rules: rules.slice(1) },
    {
      name: 'a rule that is disabled',
      findings: ['rules', 'kept-longer'],
      rules: rules.map((each) => (each.ID === 'short-diag/' ? { ...each, Status: 'Disabled' } : each)),
    },
    {
      name: 'one more rule for small objects',
      findings: ['rules', 'kept-shorter'],
      rules: [...rules, { ID: 'small', Status: 'Enabled', Filter: { ObjectSizeLessThan: 128_000 }, Expiration: { Days: 20 } }],
    },
    {
      name: 'a rule that expires manifests',
      findings: ['rules', 'kept-shorter'],
      rules: [...rules, { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'artifacts/' }, Expiration: { Days: 900 } }],
    },
  ];

  it('finds nothing in a clean one, in a bounded number of calls', async () => {
    const [calls, reads] = [callsOf(client), callsOf(dynamo)];
    // 20 objects, and a copy of the newest with two versions; five versions a page here.
    expect(await audit()).toMatchObject({ versions: 22, looked: 22, findings: [], expired: [] });
    const count = (name: string) => calls.filter((call) => call === `${name}Command`).length;
    expect(count('ListObjectVersions')).toBe(Math.ceil(22 / 5));
    expect([count('HeadObject'), count('GetObjectTagging')]).toEqual([22, 22]);
    expect(calls.length).toBe(3 + count('ListObjectVersions') + 44);
    // A page of builders and one of builds, however many there are in it.
    expect(reads).toEqual(['QueryCommand', 'BatchGetItemCommand', 'QueryCommand', 'BatchGetItemCommand']);
  });

  it('finds the same rules wanting as a dispatcher does before it starts anything, in three calls', async () => {
    const check = bucketRetentionCheck(s3KeptBucket(client, bucket), policy);
    const calls = callsOf(client);
    expect(await check.look()).toBeUndefined();
    expect([...calls].toSorted()).toEqual([
      'GetBucketLifecycleConfigurationCommand',
      'GetBucketVersioningCommand',
      'GetObjectLockConfigurationCommand',
    ]);
    await putRules(rules.map((each) => (each.ID === 'standard-state/packer/' ? { ...each, Expiration: { Days: 7 } } : each)));
    expect(await check.look()).toMatchObject({
      rule: 'RETENTION_UNKEPT',
      message: expect.stringContaining(
        'the retention class standard (365 days, and at most 4 more): is kept too short: for 7.00 days',
      ) as string,
      remedy: expect.stringContaining('quarantine release') as string,
    });
    await putRules(rules);
    expect(await check.look()).toBeUndefined();
  });

  it('tells an auditor that a clean one holds, and what has to be named', async () => {
    const ended = await auditor('--table', table, '--deep');
    expect(ended).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `nothing found: looked at 22 versions in ${bucket}, and at the tags and locks of all\n`,
    });
    expect((await auditor()).stderr).toMatch(/^USAGE .* by its bucket and its table, both, .*outputs Bucket and Table /s);
  });

  it('gives an auditor the rules, what stands by class with its digest, who held what, and what has expired', async () => {
    const report = async (...words: readonly string[]) => {
      const images = await rig({
        'hybridcore.yaml': `version: 1\nretention: ${JSON.stringify(policy)}\nbuilders:\n  debian-base: { template: base }\n`,
        'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      });
      return images.start(['retention', 'report', '--since', '2020-01-01', '--bucket', bucket, '--table', table, ...words], {
        environment: moto.environment,
      }).ended;
    };
    const json = await report('--json');
    expect([json.code, json.stderr]).toEqual([0, '']);
    expect(await publishedSchemaFaults('retention-bucket-report', json.json())).toEqual([]);
    const document = RetentionBucketReportDocument.parse(json.json());
    expect(document).toMatchObject({
      exit_code: 0,
      bucket,
      versioning: 'enabled',
      policy_digest: digestOfJson(policy),
      classes: [
        { class: 'evidence', versions: 5, bytes: 15 },
        { class: 'short', versions: 10, bytes: 25 },
        { class: 'standard', versions: 5, bytes: 10 },
        { class: null, versions: 2, bytes: 5 },
      ],
      holds: [{ build_id: buildIdOf(4), hold: { by: 'counsel', reason: 'case 7' } }],
      changes: [],
      expired: [],
      findings: [],
    });
    expect(document.rules.map(({ id }) => id)).toEqual(rules.map(({ ID }) => ID));
    // Anybody can compute the digest from a listing.
    const lines: string[] = [];
    for (const { Key = '', VersionId = '', Size = 0 } of (await all()).toSorted((a, b) => ((a.Key ?? '') < (b.Key ?? '') ? -1 : 1)))
      if (Key.includes(buildIdOf(3))) lines.push(`${JSON.stringify([Key, VersionId, Size])}\n`);
    expect(document.classes[0]?.digest).toBe(digestOf(lines.join('')));
    expect((await report()).stdout).toContain(`held: ${buildIdOf(4)} at `);
    const later = await auditBucket(
      { records, bucket: s3KeptBucket(client, await newBucket(client)), clock: { now: () => now + 31 * day } },
      policy,
      {
        deep: false,
        since: now,
      },
    );
    const gone = later.expired.filter(({ build_id: id }) => id === buildIdOf(1));
    expect(gone.map(({ from }) => from)).toEqual(gone.map(() => now + 30 * day));
    expect(gone.map(({ key }) => key)).toContain(result(1));
    expect(later.expired.some(({ build_id: id }) => id === buildIdOf(4))).toBe(false);
  });

  it('finds what outlived its class and the bound, and not a day before', async () => {
    expect((await audit(false, now + 34 * day)).findings).toEqual([]);
    expect((await audit(false, now + 35 * day)).findings.map(({ finding, class: name }) => `${finding} ${name}`)).toEqual(
      // The held build's stay.
      Array.from({ length: 4 }, () => 'outlived short'),
    );
  });

  it('passes over what runs handed over and were told, for as long as that may be there', async () => {
    const [report, go] = ['incoming/any-run/report.json', 'control/any-run/go'];
    await put(report);
    await put(go);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: go }));
    const calls = callsOf(client);
    const found = async (days: number) =>
      (await audit(false, now + days * day)).findings.flatMap(({ finding, key }) =>
        key === report || key === go ? [`${finding} ${key}`] : [],
      );
    // 22 versions of what lasts, and three.
    expect(await audit()).toMatchObject({ versions: 22, looked: 22, findings: [] });
    expect(calls.filter((call) => call === 'ListObjectVersionsCommand')).toHaveLength(Math.ceil(25 / 5));
    // Two days for S3's work, and some seconds for this test.
    expect(await found(7 + 2)).toEqual([]);
    expect(await found(7 + 2.1)).toEqual([`outlived ${go}`]);
    expect(await found(14 + 2)).toEqual([`outlived ${go}`]);
    expect(await found(14 + 2.1)).toEqual([`outlived ${go}`, `outlived ${report}`]);
    for (const { Key, VersionId } of await all())
      if (Key === report || Key === go) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
  });

  it('takes for gone of what a delete marker alone is left', async () => {
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'foo.txt', Body: 'x' }));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'foo.txt' }));
    expect((await audit(false)).findings).toMatchObject([{ finding: 'no-class', key: 'foo.txt' }]);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'foo.txt', VersionId }));
    expect((await audit(false)).findings).toEqual([]);
    const { DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    for (const each of DeleteMarkers)
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: each.Key, VersionId: each.VersionId }));
  });

  it.each(changed)('finds $name', async ({ findings, rules: standing }) => {
    await putRules(standing);
    const { findings: found, settings } = await audit(false);
    expect(new Set(found.map(({ finding }) => finding))).toEqual(new Set(findings));
    // Each class and each kind of breach is told, not one of them for all.
    const problems = retentionProblems(policy, settings).map(({ classes, message }) => ({ class: classes.join(', '), message }));
    expect(found.flatMap(({ finding, class: name, message }) => (finding === 'rules' ? [{ class: name, message }] : []))).toEqual(problems);
    await putRules(rules);
  });

  it('finds each of what is planted in one bucket, and nothing else', async () => {
    for (const { key, plant } of planted) await plant(key);
    const { findings } = await audit();
    for (const { name, finding, key } of planted)
      expect(
        findings.filter((each) => each.key === key).map((each) => each.finding),
        name,
      ).toContain(finding);
    const keysPlanted = new Set(planted.map(({ key }) => key));
    expect(findings.filter(({ key }) => !keysPlanted.has(key))).toEqual([]);
    expect(planted.length).toBeGreaterThanOrEqual(15);

    const ended = await auditor('--table', table, '--deep', '--json');
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(await publishedSchemaFaults('retention-bucket-audit', ended.json())).toEqual([]);
    const told = RetentionBucketAuditDocument.parse(ended.json());
    expect(told).toMatchObject({ exit_code: 3, deep: true, bucket, findings });
  });

  it('is tried on every finding that there is', () => {
    const tried = [...planted.map(({ finding }) => finding), ...changed.flatMap(({ findings }) => findings), 'outlived'];
    expect(new Set(tried)).toEqual(new Set(Object.keys(bucketFindings)));
  });
});

it('is listed with a call a thousand versions: a million objects cost a thousand calls', async () => {
  const client = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  const million = 1_000_000;
  let calls = 0;
  client.middlewareStack.add(
    () => async () => {
      const from = calls * 1000;
      calls += 1;
      const Versions = Array.from({ length: 1000 }, (_, index) => ({
        Key: String(from + index).padStart(7, '0'),
        VersionId: 'v',
        Size: 1,
        IsLatest: true,
      }));
      const IsTruncated = from + 1000 < million;
      return {
        response: {},
        output: { $metadata: {}, Versions, IsTruncated, NextKeyMarker: String(from + 999), NextVersionIdMarker: 'v' },
      };
    },
    { step: 'initialize' },
  );
  let versions = 0;
  for await (const { key } of s3KeptBucket(client, 'kept').versions('')) {
    versions += 1;
    if (versions === million) expect(key).toBe('0999999');
  }
  expect({ versions, calls }).toEqual({ versions: million, calls: 1000 });
});

it('looks at the tags and locks of a hundred objects, others each day, however many there are', async () => {
  const records = memoryRecords({ validating: false });
  await records.commit([{ type: 'builder', expected: null, document: builderRecord(debian) }]);
  const looked = new Set<string>();
  const versions = async function* (prefix: string): AsyncGenerator<ListedVersion> {
    if (prefix !== '') return;
    for (let n = 0; n < 5000; n += 1)
      yield { key: keys.result(debian, buildIdOf(n)), id: 'v', created: 0, size: 1, deleteMarker: false, latest: true };
  };
  const settings = bucketWith([rule('all', { expiration: afterDays(1), noncurrent: { days: 1, newer: 0 } })]);
  const look = async ({ key }: ListedVersion) => {
    looked.add(key);
    return undefined;
  };
  const ask = (now: number) =>
    auditBucket({ records, bucket: { settings: async () => settings, versions, look }, clock: { now: () => now } }, policy, {
      deep: false,
    });
  expect(await ask(0)).toMatchObject({ versions: 5000, looked: 100 });
  expect(looked.size).toBe(100);
  await ask(day);
  expect(looked.size).toBeGreaterThan(190);
});

it('counts the days of what an earlier attempt left from its own end, as the bucket does', async () => {
  const midnight = Date.UTC(2026, 5, 2);
  const [first, end] = [midnight - 3_600_000, midnight + 3_600_000];
  const log = (n: 1 | 2) => keys.log(debian, buildIdOf(1), n);
  const attempt = (n: 1 | 2, at: number): Attempt => ({
    attempt: n,
    token: `t${n}`,
    run: null,
    intended_at: timestamp(at),
    time_limit: 1,
    unless: null,
    expected: null,
    builder_digest: null,
    started_at: timestamp(at),
    finished_at: timestamp(at),
    expired_at: null,
    outcome: {
      verdict: verdictOf({ rule: 'STORAGE', message: 'gone', remedy: 'again' }),
      fingerprint: null,
      artifacts: [],
      artifacts_shortened: false,
      log: { path: log(n), size: 1 },
      scrub_manifest_path: null,
      redactions: 0,
      decided_at: timestamp(at),
      rules: null,
      basis: null,
    },
  });
  const at = timestamp(end);
  const attempts = [attempt(1, first), attempt(2, end)];
  const terms = retentionTerms(policy, 'short');
  const document = buildRecord(1, {
    state: 'escalated',
    retention: 'short',
    retention_terms: terms,
    finished_at: at,
    settled_at: at,
    attempts,
  });
  const records = memoryRecords({ validating: false });
  await records.commit([
    { type: 'builder', expected: null, document: builderRecord(debian) },
    { type: 'build', expected: null, document },
  ]);
  const empty = { settings: async () => bucketWith([]), versions: async function* () {}, look: async () => undefined };
  const early = async (now: number) =>
    (await auditBucket({ records, bucket: empty, clock: { now: () => now } }, policy, { deep: false })).findings.flatMap(
      ({ finding, key }) => (finding === 'gone-early' ? [key] : []),
    );
  expect(await early(first + 30 * day - 1)).toEqual([log(1), log(2)]);
  // S3 hides it at this midnight, and the build's own days are over two hours after it was made.
  expect(await early(midnight + 30 * day)).toEqual([log(2)]);
  expect(await early(end + 30 * day)).toEqual([]);
});

it('knows a build that was accepted while it looked', async () => {
  const records = memoryRecords({ validating: false });
  await records.commit([{ type: 'builder', expected: null, document: builderRecord(debian) }]);
  const versions = async function* (prefix: string): AsyncGenerator<ListedVersion> {
    if (prefix !== '') return;
    await records.commit([{ type: 'build', expected: null, document: buildRecord(1) }]);
    for (const n of [1, 2])
      yield { key: keys.result(debian, buildIdOf(n)), id: 'v', created: 0, size: 1, deleteMarker: false, latest: true };
  };
  const bucket = { settings: async () => bucketWith([]), versions, look: async () => undefined };
  const { findings } = await auditBucket({ records, bucket, clock: { now: () => 0 } }, policy, { deep: false });
  expect(findings.flatMap(({ finding, key }) => (finding === 'unknown-build' ? [key] : []))).toEqual([keys.result(debian, buildIdOf(2))]);
});
