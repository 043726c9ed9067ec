import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus } from 'aws-cdk-lib/aws-events';
import { Effect, ManagedPolicy, PolicyStatement, type PolicyStatementProps, type Role } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { type Bucket } from 'aws-cdk-lib/aws-s3';
import { type Queue } from 'aws-cdk-lib/aws-sqs';

import { type FunctionName, tableIndexes } from '../../core/contract/deployment.ts';
import { lastingPrefixes, passingPrefixes } from '../../core/contract/key-patterns.ts';
import { startVariables } from '../../core/contract/variables.ts';
import { type OperatorsTopic } from './operators-topic.ts';

/** What the functions work on. */
export interface Grounds {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly operators: OperatorsTopic;
  readonly eventBus: EventBus;
  readonly queue: Queue;
  /** What the names of this stack's projects begin with, and of no other stack's. */
  readonly projectPrefix: string;
  /** The parameters that show what is published, each with `*` for the channel. */
  readonly pointers: readonly string[];
}

/**
 * What a start leaves as its project has it: every key of conditions that IAM has for an override of StartBuild, but that of
 * the variables, which are limited by their names ("AWS CodeBuild condition keys", CodeBuild User Guide). What it has none for
 * is in docs/trust-boundary.md.
 */
const keptByProjects = [
  'artifacts',
  'autoRetryLimit',
  'cache',
  'encryptionKey',
  'environment.certificate',
  'environment.computeType',
  'environment.fleet.fleetArn',
  'environment.image',
  'environment.imagePullCredentialsType',
  'environment.privilegedMode',
  'environment.registryCredential',
  'environment.type',
  'logsConfig',
  'secondaryArtifacts',
  'secondarySources',
  'serviceRole',
  'source',
  'source.auth.type',
  'source.buildspec',
  'source.insecureSsl',
  'source.location',
] as const;

/** Where the stack's roles and policies are, and nobody else's: one pattern names them all. */
export function iamPath(stackName: string): string {
  return `/${stackName}/`;
}

/** Gives a role what the statements say, in a managed policy: those have a name of their own in an audit. */
export function permit(role: Role, statements: readonly PolicyStatement[]): ManagedPolicy {
  return new ManagedPolicy(role, 'Permissions', {
    path: iamPath(Stack.of(role).stackName),
    roles: [role],
    statements: [...statements],
  });
}

/** A statement that allows, under a name that says what for. */
export function allow(sid: string, statement: Omit<PolicyStatementProps, 'sid' | 'effect'>): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.ALLOW, ...statement });
}

/** What a role needs to write its own log. */
export function writeLog(group: ILogGroup): PolicyStatement {
  return allow('WriteItsLog', {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group.logGroupArn],
  });
}

/**
 * What each function may do, and nothing else. `dispatch` accepts requests, `reconcile` finds what is open, and both leave the
 * rest to `complete`, to which they send turns: it alone starts runs, seals what they leave and tells the operators.
 */
export function functionStatements(name: FunctionName, grounds: Grounds): PolicyStatement[] {
  const {
    keepRecords,
    sendTurns,
    findOpenBuilds,
    readSeveral,
    listRecords,
    readKept,
    linkKept,
    keepBundles,
    raiseRetention,
    hearRuns,
    ...rest
  } = abilities(grounds);
  const { findObjects } = rest;
  const statements = {
    dispatch: [keepRecords, sendTurns],
    complete: [keepRecords, sendTurns, ...Object.values(rest)],
    reconcile: [findOpenBuilds, readSeveral, sendTurns],
    api: [
      keepRecords,
      listRecords,
      readSeveral,
      sendTurns,
      readKept,
      linkKept,
      findObjects,
      keepBundles,
      ...raiseRetention,
      ...hearRuns,
      ...movePointers(grounds),
    ],
  } as const satisfies Record<FunctionName, readonly PolicyStatement[]>;
  return [...statements[name]];
}

function abilities({ table, bucket, operators, eventBus, queue, projectPrefix }: Grounds) {
  const objects = (prefixes: readonly string[]) => prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  const [control, incoming] = passingPrefixes;
  const [artifacts, diag, state] = lastingPrefixes;
  const projects = [Stack.of(table).formatArn({ service: 'codebuild', resource: 'project', resourceName: `${projectPrefix}*` })];
  return {
    keepRecords: allow('KeepRecords', {
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [table.tableArn],
    }),
    findOpenBuilds: allow('FindOpenBuilds', {
      actions: ['dynamodb:Query'],
      resources: [`${table.tableArn}/index/${tableIndexes.open.name}`],
    }),
    readSeveral: allow('ReadSeveralRecords', { actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] }),
    listRecords: allow('ListRecords', {
      actions: ['dynamodb:Query'],
      resources: [`${table.tableArn}/index/${tableIndexes.listing.name}`],
    }),
    readKept: allow('ReadWhatIsKept', { actions: ['s3:GetObject'], resources: objects(lastingPrefixes) }),
    // A link names the version that it is for.
    linkKept: allow('LinkWhatIsKept', { actions: ['s3:GetObjectVersion'], resources: objects([diag, state]) }),
    keepBundles: allow('KeepDiagBundles', {
      actions: ['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectRetention'],
      resources: objects([diag]),
    }),
    // Every version of what a build left gets the class, and its lock.
    raiseRetention: [
      allow('FindVersions', { actions: ['s3:ListBucketVersions'], resources: [bucket.bucketArn] }),
      allow('RaiseRetention', {
        actions: [
          's3:GetObjectVersion',
          's3:GetObjectVersionTagging',
          's3:GetObjectRetention',
          's3:GetObjectLegalHold',
          's3:PutObjectVersionTagging',
          's3:PutObjectRetention',
        ],
        resources: objects(lastingPrefixes),
      }),
    ],
    hearRuns: [
      allow('FindLogsOfRuns', { actions: ['codebuild:BatchGetBuilds'], resources: projects }),
      allow('ReadLogsOfRuns', {
        actions: ['logs:GetLogEvents'],
        resources: [
          Stack.of(table).formatArn({
            service: 'logs',
            resource: 'log-group',
            resourceName: `${Stack.of(table).stackName}-Builders*:log-stream:*`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    ],
    // A start may say what the attempt is, and how long it may take. All else is as the project says.
    startRuns: allow('StartRuns', {
      actions: ['codebuild:StartBuild'],
      resources: projects,
      conditions: {
        Null: Object.fromEntries(keptByProjects.map((key) => [`codebuild:${key}`, 'true'])),
        'ForAllValues:StringEquals': { 'codebuild:environment.environmentVariables.name': [...startVariables] },
      },
    }),
    followRuns: allow('FollowRuns', { actions: ['codebuild:BatchGetBuilds', 'codebuild:StopBuild'], resources: projects }),
    tellRuns: allow('TellRuns', { actions: ['s3:PutObject'], resources: objects([control]) }),
    sendTurns: allow('SendTurns', { actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
    takeMessages: allow('TakeMessages', {
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      resources: [queue.queueArn],
    }),
    seal: allow('Seal', {
      actions: ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 's3:PutObjectTagging', 's3:PutObjectRetention'],
      resources: objects([artifacts, state]),
    }),
    // A decision rests on versions: what is handed over later is not read.
    receive: allow('Receive', { actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: objects([incoming]) }),
    forgetRuns: allow('ForgetRuns', { actions: ['s3:DeleteObject'], resources: objects([control, incoming]) }),
    // Without it S3 answers "denied" where it should answer "not there".
    findObjects: allow('FindObjects', { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
    checkRetention: allow('CheckRetention', {
      actions: ['s3:GetBucketVersioning', 's3:GetLifecycleConfiguration', 's3:GetBucketObjectLockConfiguration'],
      resources: [bucket.bucketArn],
    }),
    // EC2 knows no narrower resource for what it describes.
    checkArtifacts: allow('CheckArtifacts', {
      actions: ['ec2:DescribeImages', 'ec2:DescribeRegions', 'ec2:DescribeSnapshots', 'ec2:DescribeVolumes'],
      resources: ['*'],
    }),
    notify: allow('Notify', { actions: ['sns:Publish'], resources: [operators.topic.topicArn] }),
    encryptNotices: allow('EncryptNotices', { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [operators.key.keyArn] }),
    announce: allow('Announce', { actions: ['events:PutEvents'], resources: [eventBus.eventBusArn] }),
  };
}

/** None where no builder has a parameter that shows what is published. */
function movePointers({ table, pointers }: Grounds): PolicyStatement[] {
  if (pointers.length === 0) return [];
  return [
    allow('MovePointers', {
      actions: ['ssm:GetParameter', 'ssm:PutParameter'],
      resources: pointers.map((name) =>
        Stack.of(table).formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') }),
      ),
    }),
    // SSM looks at the image in the name of who writes the parameter; EC2 knows no narrower resource for what it describes.
    allow('ShowImagesToSsm', { actions: ['ec2:DescribeImages'], resources: ['*'] }),
  ];
}

/** The ARN of a secret of Secrets Manager, with the six characters that it puts after the name. */
export function secretArn(stack: Stack, name: string): string {
  return stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
