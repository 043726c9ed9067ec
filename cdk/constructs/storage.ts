import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { tagKeys } from '../../core/contract/deployment.ts';
import {
  expiringPrefixes,
  lastingPrefixes,
  newestKeys,
  passingDays,
  passingPrefixes,
  sealedKeys,
} from '../../core/contract/key-patterns.ts';
import { coveredMarkerDays, uploadDays } from '../../core/retention/proof.ts';
import { type RetentionPolicy } from '../../core/retention/policy.ts';

/**
 * How long a version stays once it is not the current one: it is one that its class has expired, or a newest-of key's whose
 * bytes are sealed under their own key. Any longer would be added to the class's days.
 */
const noncurrentDays = 1;

const accessLogDays = 400;
const accessLogPrefix = 'objects/';

const tagActions = ['s3:PutObjectTagging', 's3:PutObjectVersionTagging', 's3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'];

/** The bucket of all objects, and the one that keeps who asked for them. */
export class Storage extends Construct {
  readonly bucket: Bucket;
  readonly accessLogs: Bucket;

  constructor(scope: Construct, id: string, retention: RetentionPolicy) {
    super(scope, id);
    const guarded = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      versioned: true,
    } as const;
    this.accessLogs = new Bucket(this, 'AccessLogs', {
      ...guarded,
      lifecycleRules: [
        {
          id: 'access-logs',
          expiration: Duration.days(accessLogDays),
          noncurrentVersionExpiration: Duration.days(noncurrentDays),
          abortIncompleteMultipartUploadAfter: Duration.days(uploadDays),
        },
      ],
    });
    this.bucket = new Bucket(this, 'Objects', {
      ...guarded,
      objectLockEnabled: true,
      lifecycleRules: lifecycleRules(retention),
    });
    this.keepAccessLogs();
  }

  private keepAccessLogs(): void {
    const { defaultChild } = this.bucket.node;
    if (!(defaultChild instanceof CfnBucket)) throw new TypeError('unreachable: a bucket without its resource');
    defaultChild.loggingConfiguration = { destinationBucketName: this.accessLogs.bucketName, logFilePrefix: accessLogPrefix };
    this.accessLogs.addToResourcePolicy(
      new PolicyStatement({
        sid: 'KeepAccessLogs',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [this.accessLogs.arnForObjects(`${accessLogPrefix}*`)],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID }, ArnLike: { 'aws:SourceArn': this.bucket.bucketArn } },
      }),
    );
  }

  /**
   * What holds for every principal, whatever its own policies allow: sealed keys are only ever created, the newest-of keys only
   * replaced on a condition, neither is deleted before its lifecycle ends, and nobody but the dispatcher writes or tags them.
   *
   * @param sealer the role that seals.
   * @param others those that keep objects of other kinds, with their tags.
   */
  keepFor(sealer: Role, others: readonly Role[]): void {
    const objects = (patterns: readonly string[]) => patterns.map((pattern) => this.bucket.arnForObjects(pattern));
    const lasting = objects(lastingPrefixes.map((prefix) => `${prefix}*`));
    const othersThan = (roles: readonly Role[]) => ({ ArnNotEquals: { 'aws:PrincipalArn': roles.map((role) => role.roleArn) } });
    const deny = (sid: string, actions: string[], resources: string[], conditions?: Record<string, Record<string, unknown>>) =>
      this.bucket.addToResourcePolicy(
        new PolicyStatement({
          sid,
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions,
          resources,
          ...(conditions === undefined ? {} : { conditions }),
        }),
      );
    deny('SealedKeysAreOnlyCreated', ['s3:PutObject'], objects(sealedKeys), { Null: { 's3:if-none-match': 'true' } });
    deny('NewestKeysAreReplacedOnCondition', ['s3:PutObject'], objects(newestKeys), {
      Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' },
    });
    deny('NothingLastingIsDeleted', ['s3:DeleteObject', 's3:DeleteObjectVersion'], lasting);
    deny('OnlyTheDispatcherSeals', ['s3:PutObject'], objects([...new Set([...sealedKeys, ...newestKeys])]), othersThan([sealer]));
    deny('OnlyTheDispatcherTags', tagActions, [this.bucket.arnForObjects('*')], othersThan([sealer, ...others]));
  }
}

/**
 * One rule a retention class and prefix of what expires, one for the versions of newest manifests that were replaced, one for
 * what passes by prefix, and one for what versions and broken uploads leave.
 */
function lifecycleRules(retention: RetentionPolicy): LifecycleRule[] {
  return [
    ...Object.entries(retention.classes).flatMap(([name, { days }]) =>
      expiringPrefixes.map((prefix): LifecycleRule => ({
        id: `retention-${name}-${prefix.slice(0, -1).replaceAll('/', '-')}`,
        prefix,
        tagFilters: { [tagKeys.retention]: name },
        expiration: Duration.days(days),
        noncurrentVersionExpiration: Duration.days(noncurrentDays),
      })),
    ),
    { id: 'replaced-artifacts', prefix: 'artifacts/', noncurrentVersionExpiration: Duration.days(noncurrentDays) },
    ...passingPrefixes.map((prefix): LifecycleRule => ({
      id: `passing-${prefix.slice(0, -1)}`,
      prefix,
      expiration: Duration.days(passingDays.current),
      noncurrentVersionExpiration: Duration.days(passingDays.noncurrent),
    })),
    {
      id: 'remains',
      expiredObjectDeleteMarker: true,
      // For delete markers that something was written over: they have no tag that a class's rule could find.
      noncurrentVersionExpiration: Duration.days(coveredMarkerDays),
      abortIncompleteMultipartUploadAfter: Duration.days(uploadDays),
    },
  ];
}
