import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import { type Role } from 'aws-cdk-lib/aws-iam';
import { type Bucket } from 'aws-cdk-lib/aws-s3';
import { type Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IConstruct } from 'constructs';

import { type FunctionName } from '../core/contract/deployment.ts';
import { controlPrefix, incomingPrefix, lastingPrefixes, passingPrefixes } from '../core/contract/key-patterns.ts';
import { namesOf } from '../core/names-of.ts';
import { type BuilderProject } from './constructs/builder-project.ts';
import { type FinalStates } from './constructs/final-states.ts';
import { type Functions } from './constructs/functions.ts';
import { type Queues } from './constructs/queues.ts';
import { type RestApi, callsOf, stageName } from './constructs/rest-api.ts';
import { type Storage } from './constructs/storage.ts';

/** What of the stack the rule packs find fault with, and where it stands all the same. */
export interface Acknowledged {
  readonly table: Table;
  readonly storage: Storage;
  readonly finalStates: FinalStates;
  readonly queues: Queues;
  readonly functions: Functions;
  readonly api: RestApi;
  /** The parameters that show what is published, each with `*` for the channel. */
  readonly pointers: readonly string[];
  readonly projects: readonly BuilderProject[];
  readonly projectPrefix: string;
  readonly reserveConcurrency: boolean;
}

/**
 * Every finding of the rule packs that stands, on the very thing that it is about, with its reason. A finding that is not here
 * fails the synthesis.
 */
export function acknowledgeFindings(parts: Acknowledged): void {
  const { table, storage, finalStates, queues, functions, api, projects } = parts;
  acknowledge(table, {
    'NIST.800.53.R5-DynamoDBInBackupPlan':
      "Point-in-time recovery restores any second of the last 35 days, and deletion protection is on; a backup plan is the account's own affair.",
  });
  for (const bucket of [storage.bucket, storage.accessLogs]) acknowledgeBucket(bucket);
  acknowledge(queues.undelivered, {
    'AwsSolutions-SQS3': 'It is the dead-letter queue of the rule itself; its own alarm tells of what is in it.',
  });
  for (const group of [finalStates.logGroup, ...functions.logGroups, api.logGroup, ...projects.map((project) => project.logGroup)]) {
    acknowledge(group, {
      'NIST.800.53.R5-CloudWatchLogGroupEncrypted':
        'CloudWatch encrypts it with a key of its own; what is written is scrubbed of secrets before, so a key of the account would guard nothing more.',
    });
  }
  for (const name of namesOf(functions.byName)) acknowledgeFunction(functions, name, parts);
  acknowledgeApi(api);
  for (const project of projects) acknowledgeProject(project, storage.bucket);
}

const firewall = 'Every request is signed by somebody of IAM, and throttled; a firewall is the choice of whoever opens it further.';

const executions =
  'Its log of executions would be kept for ever and hold what was asked; the access log and that of the function say all else.';

function acknowledgeApi({ api, logWriter, policies }: RestApi): void {
  acknowledge(api, {
    'AwsSolutions-APIG2': 'What it is imported from has the validator of bodies, and names it for every method.',
    'AwsSolutions-APIG6': executions,
    'NIST.800.53.R5-APIGWExecutionLoggingEnabled': executions,
    'AwsSolutions-APIG3': firewall,
    'NIST.800.53.R5-APIGWAssociatedWithWAF': firewall,
    'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted': 'What it answers changes from one moment to the next, so nothing of it is kept.',
    'NIST.800.53.R5-APIGWSSLEnabled':
      'Behind it is a function, which API Gateway calls by its own name in IAM: no certificate is asked for there.',
  });
  acknowledge(logWriter, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
      'What API Gateway asks for: it is the one role of the account and region for the logs of every API.',
  });
  for (const audience of namesOf(policies))
    acknowledge(
      policies[audience],
      Object.fromEntries(
        callsOf(audience)
          .filter((call) => call.includes('*'))
          .map((call) => [
            `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${logicalIdOf(api)}>/${stageName}/${call}]`,
            'Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.',
          ]),
      ),
    );
}

function acknowledgeBucket(bucket: Bucket): void {
  acknowledge(bucket, {
    'NIST.800.53.R5-S3BucketReplicationEnabled':
      'A copy in another region is not promised: versions, Object Lock and the bucket policy keep what is sealed from being lost or changed here.',
    'NIST.800.53.R5-S3DefaultEncryptionKMS':
      'S3 encrypts it with keys of its own. A key of the account would have to be granted to every attempt, which writes here.',
  });
}

const ownProjects = "This stack's projects and no others: the underscore cannot be in the name of a stack.";

const functionReasons: Readonly<Record<FunctionName, Readonly<Record<string, string>>>> = {
  dispatch: {
    'NIST.800.53.R5-LambdaConcurrency':
      "Whoever may invoke it is throttled by the account's limit; a limit of its own would refuse requests.",
  },
  complete: {
    'NIST.800.53.R5-LambdaConcurrency': 'Its event source mapping runs five at most.',
    'NIST.800.53.R5-LambdaDLQ': 'It is invoked by its queue alone, which has a dead-letter queue.',
  },
  api: {
    'NIST.800.53.R5-LambdaConcurrency': 'The stage of the API throttles what reaches it.',
    'NIST.800.53.R5-LambdaDLQ': 'API Gateway alone invokes it, waits for its answer, and tells who asked.',
  },
  reconcile: {
    'NIST.800.53.R5-LambdaDLQ': 'A sweep that fails is followed by the next in five minutes, and an alarm tells where none ends well.',
  },
};

function acknowledgeFunction(
  functions: Functions,
  name: FunctionName,
  { storage, projectPrefix, pointers, reserveConcurrency }: Acknowledged,
): void {
  acknowledge(functions.byName[name], {
    ...functionReasons[name],
    ...(name === 'reconcile' && !reserveConcurrency
      ? {
          'NIST.800.53.R5-LambdaConcurrency':
            'New accounts have none to reserve. Sweeps come one at a time as it is, and two of them do each thing once.',
        }
      : {}),
    'NIST.800.53.R5-LambdaInsideVPC':
      'It speaks to AWS alone, each call signed and over TLS; a VPC would only add gateways to pay for and to fail.',
  });
  if (name === 'complete') acknowledgeCompleter(functions.roles[name], storage.bucket, projectPrefix);
  if (name === 'api') acknowledgeAnswerer(functions.roles[name], storage.bucket, projectPrefix, pointers);
}

/** The role that reads what is kept, and shows what is published. */
function acknowledgeAnswerer(role: Role, bucket: Bucket, projectPrefix: string, pointers: readonly string[]): void {
  const { stackName } = Stack.of(role);
  acknowledge(role, {
    ...Object.fromEntries(
      lastingPrefixes.map((prefix) => [
        `AwsSolutions-IAM5[Resource::${arnOf(bucket)}/${prefix}*]`,
        'Builds are not known before they are: the prefix is as narrow as it gets, and it writes diag bundles alone.',
      ]),
    ),
    [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:codebuild:<AWS::Region>:<AWS::AccountId>:project/${projectPrefix}*]`]: ownProjects,
    [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${stackName}-Builders*:log-stream:*]`]:
      "The logs of this stack's projects, whose names CloudFormation makes up.",
    ...(pointers.length === 0 ? {} : { 'AwsSolutions-IAM5[Resource::*]': 'EC2 knows no narrower resource for what it describes.' }),
    ...Object.fromEntries(
      pointers
        .filter((name) => name.includes('*'))
        .map((name) => [
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/${name.replace(/^\//, '')}]`,
          'The channels of one builder: who publishes names them.',
        ]),
    ),
  });
}

/** The one role that works on objects and runs. */
function acknowledgeCompleter(role: Role, bucket: Bucket, projectPrefix: string): void {
  const [artifacts, , state] = lastingPrefixes;
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]': 'EC2 knows no narrower resource for what it describes.',
    ...Object.fromEntries(
      [artifacts, state, ...passingPrefixes].map((prefix) => [
        `AwsSolutions-IAM5[Resource::${arnOf(bucket)}/${prefix}*]`,
        'Builds and runs are not known before they are: the prefix is as narrow as it gets, and the bucket policy says what may be done below it.',
      ]),
    ),
    [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:codebuild:<AWS::Region>:<AWS::AccountId>:project/${projectPrefix}*]`]: ownProjects,
  });
}

function acknowledgeProject(project: BuilderProject, bucket: Bucket): void {
  acknowledge(project, {
    'AwsSolutions-CB4': 'It leaves no artifacts: what it hands over it writes to the bucket, which is encrypted.',
    ...(project.hasOwnImage
      ? { 'AwsSolutions-CB5': 'hybridcore.yaml gives this builder an image of its own, and is reviewed as such.' }
      : {}),
  });
  const ownRun = Object.fromEntries(
    [incomingPrefix('<codebuild:buildArn>'), controlPrefix('<codebuild:buildArn>')].map((prefix) => [
      `AwsSolutions-IAM5[Resource::${arnOf(bucket)}/${prefix}*]`,
      'The place of its own run alone: IAM puts in the ARN of the build that asks.',
    ]),
  );
  acknowledge(project.role, { ...ownRun, ...project.acknowledged });
  const bounds = 'It grants nothing: it is what the role may do at most, whatever hybridcore.yaml gives its builder.';
  acknowledge(project.boundary, {
    ...ownRun,
    'AwsSolutions-IAM5[Action::*]': bounds,
    'NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess': bounds,
  });
}

/** How cdk-nag names the ARN of a resource of the stack. */
function arnOf(bucket: Bucket): string {
  return `<${logicalIdOf(bucket)}.Arn>`;
}

function logicalIdOf(construct: IConstruct): string {
  const { defaultChild } = construct.node;
  if (!CfnElement.isCfnElement(defaultChild)) throw new TypeError('unreachable: a construct without its resource');
  return Stack.of(construct).getLogicalId(defaultChild);
}

function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(scope).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}
