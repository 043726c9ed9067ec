import { startOverrides } from '../../fixtures/aws/deployment/permissions/service-permissions.ts';
import { type Template, listOf, policyLines, resourcesOf, shown } from '../template.ts';
import { people } from './api.ts';
import { boundaryChecks, boundaryOf } from './boundary.ts';
import { type Check, sameLines, sameValue } from './check.ts';

const projects = 'arn:aws:codebuild:REGION:ACCOUNT:project/images_*';
const assets = 'arn:aws:s3:::cdk-hnb659fds-assets-ACCOUNT-REGION';
/** A start leaves every override alone that IAM has a key for, and sets these variables of the attempt. */
const startCondition = JSON.stringify({
  Null: Object.fromEntries(
    [...new Set(Object.values(startOverrides))]
      .filter((key) => key !== null)
      .toSorted()
      .map((key) => [key, 'true']),
  ),
  'ForAllValues:StringEquals': {
    'codebuild:environment.environmentVariables.name': [
      'HYBRIDCORE_BUILDER',
      'HYBRIDCORE_BUILD_ID',
      'HYBRIDCORE_ATTEMPT',
      'HYBRIDCORE_VARIABLES',
      'HYBRIDCORE_UNLESS',
      'HYBRIDCORE_EXPECTED',
      'HYBRIDCORE_BUILDER_DIGEST',
    ],
  },
});

const keepRecords = ['Allow KeepRecords: dynamodb:GetItem on Records.Arn', 'Allow KeepRecords: dynamodb:PutItem on Records.Arn'];
const sendTurns = 'Allow SendTurns: sqs:SendMessage on QueuesQueue.Arn';

/** What it takes to do what is due for a builder. */
const advance = [
  ...keepRecords,
  sendTurns,
  `Allow StartRuns: codebuild:StartBuild on ${projects} if ${startCondition}`,
  `Allow FollowRuns: codebuild:BatchGetBuilds on ${projects}`,
  `Allow FollowRuns: codebuild:StopBuild on ${projects}`,
  'Allow TellRuns: s3:PutObject on StorageObjects.Arn/control/*',
  ...['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 's3:PutObjectTagging', 's3:PutObjectRetention'].flatMap((action) =>
    ['artifacts', 'state/packer'].map((prefix) => `Allow Seal: ${action} on StorageObjects.Arn/${prefix}/*`),
  ),
  ...['s3:GetObject', 's3:GetObjectVersion'].map((action) => `Allow Receive: ${action} on StorageObjects.Arn/incoming/*`),
  ...['control', 'incoming'].map((prefix) => `Allow ForgetRuns: s3:DeleteObject on StorageObjects.Arn/${prefix}/*`),
  'Allow FindObjects: s3:ListBucket on StorageObjects.Arn',
  ...['GetBucketVersioning', 'GetLifecycleConfiguration', 'GetBucketObjectLockConfiguration'].map(
    (action) => `Allow CheckRetention: s3:${action} on StorageObjects.Arn`,
  ),
  ...['Images', 'Regions', 'Snapshots', 'Volumes'].map((what) => `Allow CheckArtifacts: ec2:Describe${what} on *`),
  'Allow Notify: sns:Publish on OperatorsTopic',
  'Allow EncryptNotices: kms:GenerateDataKey on OperatorsKey.Arn',
  'Allow EncryptNotices: kms:Decrypt on OperatorsKey.Arn',
  'Allow Announce: events:PutEvents on FinalStatesBus.Arn',
];

const writeLog = (group: string) => [
  `Allow WriteItsLog: logs:CreateLogStream on ${group}.Arn`,
  `Allow WriteItsLog: logs:PutLogEvents on ${group}.Arn`,
];

const setAside = 'Allow SetAside: sqs:SendMessage on QueuesMissed.Arn';

const functions: Readonly<Record<string, readonly string[]>> = {
  FunctionsDispatchRole: [...keepRecords, sendTurns, ...writeLog('FunctionsDispatchLog'), setAside],
  FunctionsCompleteRole: [
    ...advance,
    ...writeLog('FunctionsCompleteLog'),
    'Allow TakeMessages: sqs:ReceiveMessage on QueuesQueue.Arn',
    'Allow TakeMessages: sqs:DeleteMessage on QueuesQueue.Arn',
    'Allow TakeMessages: sqs:GetQueueAttributes on QueuesQueue.Arn',
  ],
  FunctionsReconcileRole: [
    sendTurns,
    ...writeLog('FunctionsReconcileLog'),
    'Allow FindOpenBuilds: dynamodb:Query on Records.Arn/index/open-builds',
    'Allow ReadSeveralRecords: dynamodb:BatchGetItem on Records.Arn',
  ],
  FunctionsApiRole: [
    ...keepRecords,
    sendTurns,
    ...writeLog('FunctionsApiLog'),
    'Allow ListRecords: dynamodb:Query on Records.Arn/index/listing',
    'Allow ReadSeveralRecords: dynamodb:BatchGetItem on Records.Arn',
    ...['artifacts', 'diag', 'state/packer'].map((prefix) => `Allow ReadWhatIsKept: s3:GetObject on StorageObjects.Arn/${prefix}/*`),
    ...['diag', 'state/packer'].map((prefix) => `Allow LinkWhatIsKept: s3:GetObjectVersion on StorageObjects.Arn/${prefix}/*`),
    'Allow FindObjects: s3:ListBucket on StorageObjects.Arn',
    ...['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectRetention'].map(
      (action) => `Allow KeepDiagBundles: ${action} on StorageObjects.Arn/diag/*`,
    ),
    'Allow FindVersions: s3:ListBucketVersions on StorageObjects.Arn',
    ...[
      'GetObjectVersion',
      'GetObjectVersionTagging',
      'GetObjectRetention',
      'GetObjectLegalHold',
      'PutObjectVersionTagging',
      'PutObjectRetention',
    ].flatMap((action) =>
      ['artifacts', 'diag', 'state/packer'].map((prefix) => `Allow RaiseRetention: s3:${action} on StorageObjects.Arn/${prefix}/*`),
    ),
    `Allow FindLogsOfRuns: codebuild:BatchGetBuilds on ${projects}`,
    'Allow ReadLogsOfRuns: logs:GetLogEvents on arn:aws:logs:REGION:ACCOUNT:log-group:images-Builders*:log-stream:*',
    ...['ssm:GetParameter', 'ssm:PutParameter'].map(
      (action) => `Allow MovePointers: ${action} on arn:aws:ssm:REGION:ACCOUNT:parameter/images/full/*`,
    ),
    'Allow ShowImagesToSsm: ec2:DescribeImages on *',
  ],
};

const schedules: Readonly<Record<string, readonly string[]>> = {
  SchedulesBuildsRole: ['Allow Invoke: lambda:InvokeFunction on FunctionsDispatch.Arn', setAside],
  SchedulesSweepRole: ['Allow Invoke: lambda:InvokeFunction on FunctionsReconcile.Arn', setAside],
};

/** What an attempt may do to what is the dispatcher's: its own run's, and to fetch what it runs. */
const attempt = (builder: string) => [
  'Allow HandOver: s3:PutObject on StorageObjects.Arn/incoming/${codebuild:buildArn}/*',
  'Allow HearTheDispatcher: s3:GetObject on StorageObjects.Arn/control/${codebuild:buildArn}/*',
  `Allow FetchTheCommandLine: s3:GetObject on ${assets}/DIGEST.cjs`,
  ...writeLog(`Builders${builder}Log`),
];

const connection = 'arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b2c3d-0000-4000-8000-0123456789ab';
const image = 'arn:aws:ecr:us-east-1:123456789012:repository/build/packer';
const lentTo = JSON.stringify({
  StringEquals: { 'ec2:AuthorizedService': 'codebuild.amazonaws.com' },
  ArnEquals: { 'ec2:Subnet': ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'].map((subnet) => `arn:aws:ec2:REGION:ACCOUNT:subnet/${subnet}`) },
});
const region = JSON.stringify({ StringEquals: { 'aws:RequestedRegion': 'us-east-1' } });

const ofTheDispatchers = {
  plain: [
    ...attempt('plain'),
    `Allow FetchTheRepository: s3:GetObject on ${assets}/DIGEST.zip`,
    `Allow FetchTheRepository: s3:GetObjectVersion on ${assets}/DIGEST.zip`,
    `Allow FindTheRepository: s3:GetBucketAcl on ${assets}`,
    `Allow FindTheRepository: s3:GetBucketLocation on ${assets}`,
  ],
  full: [
    ...attempt('full'),
    `Allow CloneTheRepository: codeconnections:GetConnection on ${connection}`,
    `Allow CloneTheRepository: codeconnections:GetConnectionToken on ${connection}`,
  ],
} as const;

const builders: Readonly<Record<string, readonly string[]>> = {
  BuildersplainRole: ofTheDispatchers.plain,
  BuildersfullRole: [
    ...ofTheDispatchers.full,
    'Allow ReadItsSecrets: secretsmanager:GetSecretValue on arn:aws:secretsmanager:REGION:ACCOUNT:secret:images/join-??????',
    'Allow ReadItsSecrets: secretsmanager:GetSecretValue on arn:aws:secretsmanager:REGION:ACCOUNT:secret:images/whole-??????',
    'Allow ReadItsParameters: ssm:GetParameters on arn:aws:ssm:REGION:ACCOUNT:parameter/images/licence',
    ...['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'].map(
      (action) => `Allow PullTheImage: ${action} on ${image}`,
    ),
    'Allow LogInToEcr: ecr:GetAuthorizationToken on *',
    ...[
      'CreateNetworkInterface',
      'DeleteNetworkInterface',
      'DescribeDhcpOptions',
      'DescribeNetworkInterfaces',
      'DescribeSecurityGroups',
      'DescribeSubnets',
      'DescribeVpcs',
    ].map((action) => `Allow JoinTheVpc: ec2:${action} on *`),
    `Allow LendTheInterface: ec2:CreateNetworkInterfacePermission on arn:aws:ec2:REGION:ACCOUNT:network-interface/* if ${lentTo}`,
    `Allow -: ec2:RunInstances on * if ${region}`,
    `Allow -: ec2:Describe* on * if ${region}`,
  ],
};

const assumed = (service: string, condition?: unknown) =>
  `Allow - {"Service":"${service}.amazonaws.com"}: sts:AssumeRole${condition === undefined ? '' : ` if ${JSON.stringify(condition)}`}`;
const projectOf = (builder: string) =>
  assumed('codebuild', {
    StringEquals: { 'aws:SourceAccount': 'ACCOUNT' },
    ArnEquals: { 'aws:SourceArn': `arn:aws:codebuild:REGION:ACCOUNT:project/images_${builder}` },
  });
const scheduler = assumed('scheduler', { StringEquals: { 'aws:SourceAccount': 'ACCOUNT', 'aws:SourceArn': 'SchedulesGroup.Arn' } });

const trust: Readonly<Record<string, string>> = {
  BuildersfullRole: projectOf('full'),
  BuildersplainRole: projectOf('plain'),
  FunctionsApiRole: assumed('lambda'),
  FunctionsCompleteRole: assumed('lambda'),
  FunctionsDispatchRole: assumed('lambda'),
  FunctionsReconcileRole: assumed('lambda'),
  // The one of the account and region, whichever API writes.
  RestApiLogWriter: assumed('apigateway'),
  SchedulesBuildsRole: scheduler,
  SchedulesSweepRole: scheduler,
};

/** A managed policy of IAM has at most so many characters, blanks not counted. */
const longestPolicy = 6144;
/** The ARNs and names that CloudFormation puts in are no longer. */
const longestName = 140;

export const permissionChecks: readonly Check[] = [
  ...Object.entries({ ...functions, ...schedules, ...builders }).map(([role, expected]): Check => ({
    name: `${role} may do what it needs, and nothing else`,
    problems: (template) => sameLines(role, expected, permissionsOf(template, role)),
  })),
  ...Object.entries(trust).map(([role, expected]): Check => ({
    name: `${role} is assumed by its one service, and on behalf of this stack alone`,
    problems: (template) =>
      sameLines(
        role,
        [expected],
        resourcesOf(template, 'AWS::IAM::Role')
          .filter(({ name }) => name === role)
          .flatMap(({ properties }) => policyLines(properties['AssumeRolePolicyDocument'])),
      ),
  })),
  ...Object.entries(ofTheDispatchers).flatMap(([builder, expected]) => boundaryChecks(`Builders${builder}`, expected)),
  {
    name: 'roles and policies are below the path of the stack, by which an attempt is kept from them',
    problems: (template) =>
      ['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
        resourcesOf(template, type).flatMap(({ name, properties }) => sameValue(`the path of ${name}`, '/images/', properties['Path'])),
      ),
  },
  {
    name: 'permissions are in managed policies of the stack, for its roles and for people, and nowhere else',
    problems: (template) => [
      ...sameLines(
        'the stack',
        Object.keys(trust),
        resourcesOf(template, 'AWS::IAM::Role').map(({ name }) => name),
      ),
      ...resourcesOf(template, 'AWS::IAM::Role')
        .filter(({ name, properties }) => 'Policies' in properties || ('ManagedPolicyArns' in properties && name !== 'RestApiLogWriter'))
        .map(({ name }) => `${name} has policies of its own`),
      ...resourcesOf(template, 'AWS::IAM::Policy').map(({ name }) => `${name} is an inline policy`),
      ...resourcesOf(template, 'AWS::IAM::ManagedPolicy')
        .filter(({ name, properties }) => listOf(properties['Roles']).length !== 1 && !(name in people))
        .filter(({ name }) => resourcesOf(template, 'AWS::IAM::Role').filter((role) => boundaryOf(role) === name).length !== 1)
        .map(({ name }) => `${name} neither is for one role nor bounds one`),
    ],
  },
  {
    name: 'every role says what it is for',
    problems: (template) =>
      resourcesOf(template, 'AWS::IAM::Role')
        .filter(({ properties }) => typeof properties['Description'] !== 'string')
        .map(({ name }) => `${name} does not`),
  },
  {
    name: 'every managed policy is as short as IAM takes it',
    problems: (template) =>
      resourcesOf(template, 'AWS::IAM::ManagedPolicy').flatMap(({ name, properties }) => {
        const length = JSON.stringify(shown(properties['PolicyDocument'] ?? {})).replaceAll(
          /[A-Z][A-Za-z]+\.Arn/g,
          'x'.repeat(longestName),
        ).length;
        return length <= longestPolicy ? [] : [`${name} may have ${length} characters, more than ${longestPolicy}`];
      }),
  },
];

function permissionsOf(template: Template, role: string): string[] {
  return resourcesOf(template, 'AWS::IAM::ManagedPolicy')
    .filter(({ properties }) => listOf(properties['Roles']).some((each) => shown(each) === role))
    .flatMap(({ properties }) => policyLines(properties['PolicyDocument']));
}
