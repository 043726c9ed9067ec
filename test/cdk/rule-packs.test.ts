import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { type IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';

import { buildApp } from '../../cdk/app.ts';
import { exampleConfig, fullConfig, plainContext, withPlan } from './plans.ts';

const appOf = <T>(config: string, use: (app: App) => T, context = plainContext): Promise<T> =>
  withPlan(config, ({ plan }, folder) => use(buildApp(plan, { outdir: join(folder, 'cdk.out'), checks: true })), context);

interface Acknowledgement {
  readonly path: string;
  readonly id: string;
  readonly reason: string;
}

function acknowledgements(scope: IConstruct): Acknowledgement[] {
  return scope.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, unknown>))
      .map(([id, about]) => ({
        path: construct.node.path,
        id: id.replace(/^Annotation::/, ''),
        reason: typeof about === 'string' ? about : String((about as { reason?: unknown }).reason),
      })),
  );
}

/** Every finding of the packs, those too that are acknowledged: `RULE at PATH`. */
function findings(app: App): { readonly id: string; readonly path: string }[] {
  return [new AwsSolutionsChecks(app), new NIST80053R5Checks(app)].flatMap((pack) => {
    Reflect.set(pack, 'isAcknowledged', () => false);
    const { violations } = pack.validateScope(app);
    return violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ id: ruleName, path: String(constructPath) })),
    );
  });
}

describe.each([
  ['the example stage', exampleConfig, plainContext],
  ['the stack with all that a builder may have', fullConfig, plainContext],
  ['the stack of an account that has concurrency to reserve', exampleConfig, { ...plainContext, reserve_concurrency: true }],
  [
    'the stack with a private API',
    exampleConfig,
    { ...plainContext, api_vpc_endpoints: ['vpce-0a1b2c3d'], api_addresses: ['10.0.0.0/16'] },
  ],
])('AWS Solutions and NIST 800-53 find no fault with %s', (_, config, context) => {
  it('but what is acknowledged with its reason', () =>
    appOf(
      config,
      (app) => {
        expect(() => app.synth()).not.toThrow();
        for (const { reason, ...about } of acknowledgements(app)) expect(reason.length, JSON.stringify(about)).toBeGreaterThan(25);
      },
      context,
    ));

  it('and what is acknowledged is found, where it is acknowledged', () =>
    appOf(
      config,
      (app) => {
        const found = findings(app);
        const idle = acknowledgements(app).filter(
          ({ id, path }) => !found.some((finding) => finding.id === id && `${finding.path}/`.startsWith(`${path}/`)),
        );
        expect(idle).toEqual([]);
      },
      context,
    ));
});

it('a finding without its reason fails the synthesis', () =>
  appOf(fullConfig, (app) => {
    const stack = app.node.findChild('images');
    if (!Stack.isStack(stack)) throw new Error('no stack');
    const open = new CfnBucket(stack, 'Open');
    expect(open.node.path).toBe('images/Open');
    expect(() => app.synth()).toThrow(/images\/Open.*\n.*AwsSolutions-S1'/);
  }));

it('the reasons of all that is acknowledged', () =>
  appOf(fullConfig, (app) => {
    const reasons = acknowledgements(app).map(({ id, reason }) => `${id.replaceAll(/[0-9A-F]{8}(?=\.)/g, '')}: ${reason}`);
    expect([...new Set(reasons)].toSorted()).toMatchInlineSnapshot(`
      [
        "AwsSolutions-APIG2: What it is imported from has the validator of bodies, and names it for every method.",
        "AwsSolutions-APIG3: Every request is signed by somebody of IAM, and throttled; a firewall is the choice of whoever opens it further.",
        "AwsSolutions-APIG6: Its log of executions would be kept for ever and hold what was asked; the access log and that of the function say all else.",
        "AwsSolutions-CB4: It leaves no artifacts: what it hands over it writes to the bucket, which is encrypted.",
        "AwsSolutions-CB5: hybridcore.yaml gives this builder an image of its own, and is reviewed as such.",
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]: What API Gateway asks for: it is the one role of the account and region for the logs of every API.",
        "AwsSolutions-IAM5[Action::*]: It grants nothing: it is what the role may do at most, whatever hybridcore.yaml gives its builder.",
        "AwsSolutions-IAM5[Action::ec2:Describe*]: hybridcore.yaml gives this builder so much, and is reviewed as such.",
        "AwsSolutions-IAM5[Resource::*]: EC2 knows no narrower resource for what it describes.",
        "AwsSolutions-IAM5[Resource::*]: hybridcore.yaml gives this builder so much, and is reviewed as such. EC2 knows no narrower resource for what it describes, and CodeBuild makes the interfaces itself. ecr:GetAuthorizationToken knows no narrower resource.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/artifacts/*]: Builds and runs are not known before they are: the prefix is as narrow as it gets, and the bucket policy says what may be done below it.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/artifacts/*]: Builds are not known before they are: the prefix is as narrow as it gets, and it writes diag bundles alone.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/control/*]: Builds and runs are not known before they are: the prefix is as narrow as it gets, and the bucket policy says what may be done below it.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/control/<codebuild:buildArn>/*]: The place of its own run alone: IAM puts in the ARN of the build that asks.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/diag/*]: Builds are not known before they are: the prefix is as narrow as it gets, and it writes diag bundles alone.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/incoming/*]: Builds and runs are not known before they are: the prefix is as narrow as it gets, and the bucket policy says what may be done below it.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/incoming/<codebuild:buildArn>/*]: The place of its own run alone: IAM puts in the ARN of the build that asks.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/state/packer/*]: Builds and runs are not known before they are: the prefix is as narrow as it gets, and the bucket policy says what may be done below it.",
        "AwsSolutions-IAM5[Resource::<StorageObjects.Arn>/state/packer/*]: Builds are not known before they are: the prefix is as narrow as it gets, and it writes diag bundles alone.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:codebuild:<AWS::Region>:<AWS::AccountId>:project/images_*]: This stack's projects and no others: the underscore cannot be in the name of a stack.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface/*]: CodeBuild makes the interfaces itself; the condition names the subnets that they are in.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builders/*/builds]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builders/*/manifest]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builders/*]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builds/*/diag]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builds/*/log]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builds/*/result]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builds/*/summary]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/GET/builds/*]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/POST/builders/*/builds]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/POST/builders/*/publish]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/POST/builders/*/quarantine/release]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/POST/builds/*/retention]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<RestApi135E9C73>/v1/POST/builds/*/stop]: Any builder or build of this API, and this method of it alone; docs/deploy.md shows how to allow one builder.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:images-Builders*:log-stream:*]: The logs of this stack's projects, whose names CloudFormation makes up.",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/images/full/*]: The channels of one builder: who publishes names them.",
        "AwsSolutions-SQS3: It is the dead-letter queue of the rule itself; its own alarm tells of what is in it.",
        "NIST.800.53.R5-APIGWAssociatedWithWAF: Every request is signed by somebody of IAM, and throttled; a firewall is the choice of whoever opens it further.",
        "NIST.800.53.R5-APIGWCacheEnabledAndEncrypted: What it answers changes from one moment to the next, so nothing of it is kept.",
        "NIST.800.53.R5-APIGWExecutionLoggingEnabled: Its log of executions would be kept for ever and hold what was asked; the access log and that of the function say all else.",
        "NIST.800.53.R5-APIGWSSLEnabled: Behind it is a function, which API Gateway calls by its own name in IAM: no certificate is asked for there.",
        "NIST.800.53.R5-CloudWatchLogGroupEncrypted: CloudWatch encrypts it with a key of its own; what is written is scrubbed of secrets before, so a key of the account would guard nothing more.",
        "NIST.800.53.R5-DynamoDBInBackupPlan: Point-in-time recovery restores any second of the last 35 days, and deletion protection is on; a backup plan is the account's own affair.",
        "NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess: It grants nothing: it is what the role may do at most, whatever hybridcore.yaml gives its builder.",
        "NIST.800.53.R5-LambdaConcurrency: Its event source mapping runs five at most.",
        "NIST.800.53.R5-LambdaConcurrency: New accounts have none to reserve. Sweeps come one at a time as it is, and two of them do each thing once.",
        "NIST.800.53.R5-LambdaConcurrency: The stage of the API throttles what reaches it.",
        "NIST.800.53.R5-LambdaConcurrency: Whoever may invoke it is throttled by the account's limit; a limit of its own would refuse requests.",
        "NIST.800.53.R5-LambdaDLQ: A sweep that fails is followed by the next in five minutes, and an alarm tells where none ends well.",
        "NIST.800.53.R5-LambdaDLQ: API Gateway alone invokes it, waits for its answer, and tells who asked.",
        "NIST.800.53.R5-LambdaDLQ: It is invoked by its queue alone, which has a dead-letter queue.",
        "NIST.800.53.R5-LambdaInsideVPC: It speaks to AWS alone, each call signed and over TLS; a VPC would only add gateways to pay for and to fail.",
        "NIST.800.53.R5-S3BucketReplicationEnabled: A copy in another region is not promised: versions, Object Lock and the bucket policy keep what is sealed from being lost or changed here.",
        "NIST.800.53.R5-S3DefaultEncryptionKMS: S3 encrypts it with keys of its own. A key of the account would have to be granted to every attempt, which writes here.",
      ]
    `);
  }));
