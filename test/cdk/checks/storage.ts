import { type Template, policyLines, resourcesOf } from '../template.ts';
import { type Check, justThese, sameLines, sameValue } from './check.ts';

const bucket = 'StorageObjects';
const accessLogs = 'StorageAccessLogs';
const everyone = '{"AWS":"*"}';

const othersThan = (...roles: readonly string[]) =>
  JSON.stringify({ ArnNotEquals: { 'aws:PrincipalArn': roles.map((role) => `Functions${role}Role.Arn`) } });

const sealed = [
  'artifacts/*/*.hash.json',
  'state/packer/logs/*/*.json',
  'state/packer/logs/*/*/*.log.gz',
  'state/packer/scrub/*/*/*.json',
  'state/packer/results/*/*.json',
];
const newest = ['artifacts/*.hash.json', 'state/packer/logs/*.json'];

const tlsOnly = (name: string) =>
  [{ Bool: { 'aws:SecureTransport': 'false' } }, { NumericLessThan: { 's3:TlsVersion': 1.2 } }].flatMap((condition) =>
    [`${name}.Arn`, `${name}.Arn/*`].map((resource) => `Deny - ${everyone}: s3:* on ${resource} if ${JSON.stringify(condition)}`),
  );

/** Each promise of the bucket's policy by the lines that make it. */
const policy: Readonly<Record<string, readonly string[]>> = {
  'the bucket is reached over TLS alone': tlsOnly(bucket),
  'sealed keys can only be created: a write of one demands If-None-Match': sealed.map(
    (key) => `Deny SealedKeysAreOnlyCreated ${everyone}: s3:PutObject on ${bucket}.Arn/${key} if {"Null":{"s3:if-none-match":"true"}}`,
  ),
  'the newest-of keys are only replaced on a condition': newest.map(
    (key) =>
      `Deny NewestKeysAreReplacedOnCondition ${everyone}: s3:PutObject on ${bucket}.Arn/${key} if {"Null":{"s3:if-none-match":"true","s3:if-match":"true"}}`,
  ),
  'nothing that lasts is deleted before its lifecycle ends': ['s3:DeleteObject', 's3:DeleteObjectVersion'].flatMap((action) =>
    ['artifacts', 'diag', 'state/packer'].map(
      (prefix) => `Deny NothingLastingIsDeleted ${everyone}: ${action} on ${bucket}.Arn/${prefix}/*`,
    ),
  ),
  'nobody but the dispatcher writes sealed and newest-of keys': [...sealed, ...newest].map(
    (key) => `Deny OnlyTheDispatcherSeals ${everyone}: s3:PutObject on ${bucket}.Arn/${key} if ${othersThan('Complete')}`,
  ),
  'tags are only set by the dispatcher': [
    's3:PutObjectTagging',
    's3:PutObjectVersionTagging',
    's3:DeleteObjectTagging',
    's3:DeleteObjectVersionTagging',
  ].map((action) => `Deny OnlyTheDispatcherTags ${everyone}: ${action} on ${bucket}.Arn/* if ${othersThan('Complete', 'Api')}`),
};

const guarded = {
  BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
  OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
  VersioningConfiguration: { Status: 'Enabled' },
};

const retentionRules = (name: string, days: number) =>
  ['diag', 'state/packer'].map((prefix) => ({
    ExpirationInDays: days,
    Id: `retention-${name}-${prefix.replace('/', '-')}`,
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    Prefix: `${prefix}/`,
    Status: 'Enabled',
    TagFilters: [{ Key: 'hybridcore:retention', Value: name }],
  }));
const passingRule = (prefix: string) => ({
  ExpirationInDays: 14,
  Id: `passing-${prefix}`,
  NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  Prefix: `${prefix}/`,
  Status: 'Enabled',
});
const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } };

/** Each promise of the bucket's lifecycle by the rules that make it. */
const lifecycle = {
  'each retention class expires its objects, current and noncurrent versions, by its tag': [
    ...retentionRules('short', 30),
    ...retentionRules('standard', 365),
    ...retentionRules('evidence', 2555),
  ],
  'no manifest expires: what a newest manifest replaced goes, and nothing else below artifacts/': [
    { Id: 'replaced-artifacts', NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Prefix: 'artifacts/', Status: 'Enabled' },
  ],
  'incoming/ and control/ expire by prefix': [passingRule('control'), passingRule('incoming')],
  'one unfiltered rule removes delete markers and incomplete uploads': [
    {
      ...abort,
      ExpiredObjectDeleteMarker: true,
      Id: 'remains',
      NoncurrentVersionExpiration: { NoncurrentDays: 14 },
      Status: 'Enabled',
    },
  ],
} as const;

const index = (name: string, partition: string) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: 'place', KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'KEYS_ONLY' },
});

export const storageChecks: readonly Check[] = [
  {
    name: 'the bucket is versioned, has Object Lock and no public access, is encrypted, and keeps who asked for what',
    problems: (template) =>
      justThese(
        template,
        'AWS::S3::Bucket',
        {
          [bucket]: {
            ...guarded,
            ObjectLockEnabled: true,
            LoggingConfiguration: { DestinationBucketName: accessLogs, LogFilePrefix: 'objects/' },
          },
          [accessLogs]: guarded,
        },
        ['LifecycleConfiguration'],
      ),
  },
  ...Object.entries(policy).map(([name, expected]): Check => ({
    name,
    problems: (template) =>
      expected.filter((line) => !policyOf(template, bucket).includes(line)).map((line) => `the policy lacks: ${line}`),
  })),
  {
    name: 'the bucket policy is the one of the bucket, and says nothing else',
    problems: (template) => [
      ...justThese(
        template,
        'AWS::S3::BucketPolicy',
        { [`${bucket}Policy`]: { Bucket: bucket }, [`${accessLogs}Policy`]: { Bucket: accessLogs } },
        ['PolicyDocument'],
      ),
      ...sameLines('the bucket policy', Object.values(policy).flat(), policyOf(template, bucket)),
    ],
  },
  {
    name: 'access logs are written by S3 for this bucket alone, over TLS alone',
    problems: (template) =>
      sameLines(
        'the policy of the access logs',
        [
          ...tlsOnly(accessLogs),
          `Allow KeepAccessLogs {"Service":"logging.s3.amazonaws.com"}: s3:PutObject on ${accessLogs}.Arn/objects/* if ${JSON.stringify({
            StringEquals: { 'aws:SourceAccount': 'ACCOUNT' },
            ArnLike: { 'aws:SourceArn': `${bucket}.Arn` },
          })}`,
        ],
        policyOf(template, accessLogs),
      ),
  },
  ...Object.entries(lifecycle).map(([name, expected]): Check => ({
    name,
    problems: (template) => {
      const ids = new Set<unknown>(expected.map(({ Id }) => Id));
      return sameValue(
        'the lifecycle',
        expected,
        lifecycleOf(template, bucket).filter((rule) => ids.has(rule['Id'])),
      );
    },
  })),
  {
    name: 'the bucket has no other lifecycle rules',
    problems: (template) =>
      sameLines(
        'the lifecycle',
        Object.values(lifecycle).flatMap((rules) => rules.map(({ Id }) => Id)),
        lifecycleOf(template, bucket).map((rule) => String(rule['Id'])),
      ),
  },
  {
    name: 'access logs are kept for 400 days',
    problems: (template) =>
      sameValue(
        'the lifecycle of the access logs',
        [{ ...abort, ExpirationInDays: 400, Id: 'access-logs', NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Status: 'Enabled' }],
        lifecycleOf(template, accessLogs),
      ),
  },
  {
    name: 'the table is on demand, restorable and not deleted by accident, forgets what has expired, and has the two indexes of keys alone',
    problems: (template) =>
      justThese(template, 'AWS::DynamoDB::Table', {
        Records: {
          AttributeDefinitions: ['id', 'list', 'place', 'open'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
          BillingMode: 'PAY_PER_REQUEST',
          DeletionProtectionEnabled: true,
          GlobalSecondaryIndexes: [index('listing', 'list'), index('open-builds', 'open')],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
          TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
        },
      }),
  },
];

function policyOf(template: Template, name: string): string[] {
  return resourcesOf(template, 'AWS::S3::BucketPolicy')
    .filter((each) => each.name === `${name}Policy`)
    .flatMap(({ properties }) => policyLines(properties['PolicyDocument']));
}

function lifecycleOf(template: Template, name: string): Record<string, unknown>[] {
  return resourcesOf(template, 'AWS::S3::Bucket')
    .filter((each) => each.name === name)
    .flatMap(({ properties }) => {
      const { Rules } = (properties['LifecycleConfiguration'] ?? {}) as { Rules?: Record<string, unknown>[] };
      return Rules ?? [];
    });
}
