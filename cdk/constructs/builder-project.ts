import { Aws, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Bucket } from 'aws-cdk-lib/aws-s3';
import { type Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

import { type Builder } from '../../core/config.ts';
import { stackTagKeys } from '../../core/contract/deployment.ts';
import { controlPrefix, incomingPrefix } from '../../core/contract/key-patterns.ts';
import { variables } from '../../core/contract/variables.ts';
import { runLimit } from '../../core/run-limit.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type RetentionPolicy, retentionClass } from '../../core/retention/policy.ts';
import { buildMachine, installedPacker } from './build-machine.ts';
import { type BuilderSource, builderSource } from './builder-source.ts';
import { buildspecWithSecrets, secretStatements } from './builder-secrets.ts';
import { allow, iamPath, permit, writeLog } from './permissions.ts';

/** What IAM puts in for the ARN of the build that asks: no attempt can name another's place. */
const ownBuild = '${codebuild:buildArn}';

/** CodeBuild takes 5 minutes to 36 hours for a build, and 5 minutes to 8 hours for its wait. */
const timeoutMinutes = { least: 5, most: 2160 } as const;
const queuedMinutes = 60;

export interface BuilderProjectProps {
  readonly name: BuilderName;
  readonly builder: Builder;
  readonly retention: RetentionPolicy;
  readonly projectPrefix: string;
  readonly bucket: Bucket;
  /** The ARNs of what is the dispatcher's, patterns among them: no attempt reaches it, whatever its builder's policies allow. */
  readonly outOfReach: readonly string[];
  readonly buildspec: Readonly<Record<string, unknown>>;
  /** The image repository as it was deployed. */
  readonly repository: Asset;
  readonly configFile: string;
  readonly bundle: { readonly asset: Asset; readonly sha256: string };
  /** What is to be read beside the project: the fingerprint of its inputs, where they were deployed. */
  readonly note: string;
}

/** The project that runs packer for one builder, with a role that may hand over under its own run and nothing else of ours. */
export class BuilderProject extends Construct {
  readonly role: Role;
  readonly boundary: ManagedPolicy;
  readonly logGroup: LogGroup;
  /** Whether its image is none of CodeBuild's own. */
  readonly hasOwnImage: boolean;
  /** Findings of the rule packs on the role that stand, with their reasons: what a VPC, an image or `aws.policies` bring. */
  readonly acknowledged: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: BuilderProjectProps) {
    super(scope, id);
    const { name, builder, projectPrefix, bundle, bucket } = props;
    const projectName = `${projectPrefix}${name}`;
    const machine = buildMachine(builder);
    this.hasOwnImage = machine.pulledByRole;
    const packer = installedPacker(name, builder);
    if (!packer.ok) throw new FailureError(packer.failure);
    const source = builderSource(builder.aws?.source, props);
    const kept = retentionClass(props.retention, builder.retention ?? props.retention.default).days;
    this.logGroup = new LogGroup(this, 'Log', { retention: logRetention(kept), removalPolicy: RemovalPolicy.RETAIN });
    const ofTheDispatchers = [...this.ownStatements(props, source), writeLog(this.logGroup)];
    this.boundary = this.bound(props, ofTheDispatchers);
    this.role = new Role(this, 'Role', {
      path: iamPath(Stack.of(this).stackName),
      description: `What packer may do for ${name}`,
      permissionsBoundary: this.boundary,
      assumedBy: new ServicePrincipal('codebuild.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnEquals: {
            'aws:SourceArn': Stack.of(this).formatArn({ service: 'codebuild', resource: 'project', resourceName: projectName }),
          },
        },
      }),
    });
    const permissions = permit(this.role, [...ofTheDispatchers, ...furtherStatements(Stack.of(this), builder)]);
    this.addFurther(builder);
    this.acknowledged = furtherFindings(builder);
    const { vpc } = builder.aws ?? {};
    const project = new CfnProject(this, 'Project', {
      name: projectName,
      description: `Runs packer for ${name}; ${props.note}`,
      serviceRole: this.role.roleArn,
      // A retry is by class, and the dispatcher's.
      autoRetryLimit: 0,
      timeoutInMinutes: minutesOf(builder),
      queuedTimeoutInMinutes: queuedMinutes,
      artifacts: { type: 'NO_ARTIFACTS' },
      source: { ...source.properties, buildSpec: JSON.stringify(buildspecWithSecrets(props.buildspec, builder)) },
      ...(source.version === null ? {} : { sourceVersion: source.version }),
      encryptionKey: 'alias/aws/s3',
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: this.logGroup.logGroupName } },
      ...(vpc === undefined ? {} : { vpcConfig: { vpcId: vpc.id, subnets: vpc.subnets, securityGroupIds: vpc.security_groups } }),
      environment: {
        type: machine.type,
        computeType: machine.computeType,
        image: machine.image,
        imagePullCredentialsType: machine.pulledByRole ? 'SERVICE_ROLE' : 'CODEBUILD',
        privilegedMode: false,
        environmentVariables: Object.entries({
          [variables.bucket]: bucket.bucketName,
          [variables.config]: source.configFile,
          [variables.bundle]: bundle.asset.s3ObjectUrl,
          [variables.bundleDigest]: bundle.sha256,
          ...(packer.value === null
            ? {}
            : { [variables.packerVersion]: packer.value.version, [variables.packerDigest]: packer.value.sha256 }),
        }).map(([variable, value]) => ({ name: variable, type: 'PLAINTEXT', value })),
      },
    });
    project.node.addDependency(permissions);
    Tags.of(this).add(stackTagKeys.builder, name);
  }

  /** All that an attempt may do to what is the dispatcher's. */
  private ownStatements({ bucket, bundle }: BuilderProjectProps, source: BuilderSource): PolicyStatement[] {
    return [
      allow('HandOver', { actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${incomingPrefix(ownBuild)}*`)] }),
      allow('HearTheDispatcher', { actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${controlPrefix(ownBuild)}*`)] }),
      allow('FetchTheCommandLine', {
        actions: ['s3:GetObject'],
        resources: [bundle.asset.bucket.arnForObjects(bundle.asset.s3ObjectKey)],
      }),
      ...source.statements,
    ];
  }

  /**
   * What the role may do at most. It grants nothing by itself: of the dispatcher's things it lets its own run's pass, of
   * everything else whatever `aws.policies` allow. A denial could not say so, since it cannot spare what is the run's own.
   */
  private bound({ name, builder, outOfReach }: BuilderProjectProps, ofTheDispatchers: readonly PolicyStatement[]): ManagedPolicy {
    return new ManagedPolicy(this, 'Boundary', {
      path: iamPath(Stack.of(this).stackName),
      description: `What packer may do at most for ${name}, whatever its policies allow`,
      statements: [
        allow('AllButTheDispatchers', {
          actions: ['*'],
          notResources: [...outOfReach, ...channelPointers(Stack.of(this), builder)],
        }),
        ...ofTheDispatchers,
      ],
    });
  }

  private addFurther({ aws }: Builder): void {
    const policies = aws?.policies ?? [];
    if (policies.length === 0) return;
    new ManagedPolicy(this.role, 'Further', {
      path: iamPath(Stack.of(this).stackName),
      description: 'The policies that hybridcore.yaml gives this builder',
      roles: [this.role],
      statements: policies.map(
        ({ actions, resources, conditions }) =>
          new PolicyStatement({ effect: Effect.ALLOW, actions, resources, ...(conditions === undefined ? {} : { conditions }) }),
      ),
    });
  }
}

/** The limit of a run, within what CodeBuild allows. */
function minutesOf(builder: Builder): number {
  const minutes = Math.ceil(runLimit(builder.timeout) / 60_000);
  return Math.min(timeoutMinutes.most, Math.max(timeoutMinutes.least, minutes));
}

/** The retentions that CloudWatch knows, in days. */
const logRetentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] as const;

/** The shortest retention of CloudWatch that keeps a log for so many days; for ever where none is long enough. */
function logRetention(days: number): RetentionDays {
  return logRetentions.find((known) => known >= days) ?? RetentionDays.INFINITE;
}

/** What an attempt needs of things that are not the dispatcher's. */
function furtherStatements(stack: Stack, builder: Builder): PolicyStatement[] {
  return [...secretStatements(stack, builder), ...imageStatements(stack, builder), ...vpcStatements(stack, builder)];
}

/** The parameters that publishing moves, of all channels: no attempt publishes. */
function channelPointers(stack: Stack, { publish }: Builder): string[] {
  if (publish?.ssm_parameter === undefined) return [];
  const name = publish.ssm_parameter.replace(/^\//, '').replaceAll('{channel}', '*');
  return [stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name })];
}

function imageStatements(stack: Stack, builder: Builder): PolicyStatement[] {
  const { repository } = buildMachine(builder);
  if (repository === null) return [];
  return [
    allow('PullTheImage', {
      actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'],
      resources: [
        stack.formatArn({
          service: 'ecr',
          region: repository.region,
          account: repository.account,
          resource: 'repository',
          resourceName: repository.name,
        }),
      ],
    }),
    // ECR knows no narrower resource for it.
    allow('LogInToEcr', { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
  ];
}

function vpcStatements(stack: Stack, { aws }: Builder): PolicyStatement[] {
  if (aws?.vpc === undefined) return [];
  const ec2 = (resource: string, resourceName: string) => stack.formatArn({ service: 'ec2', resource, resourceName });
  return [
    // EC2 knows no narrower resource for what it describes, and CodeBuild makes and removes the interfaces by itself.
    allow('JoinTheVpc', {
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeDhcpOptions',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
    }),
    allow('LendTheInterface', {
      actions: ['ec2:CreateNetworkInterfacePermission'],
      resources: [ec2('network-interface', '*')],
      conditions: {
        StringEquals: { 'ec2:AuthorizedService': 'codebuild.amazonaws.com' },
        ArnEquals: { 'ec2:Subnet': aws.vpc.subnets.map((subnet) => ec2('subnet', subnet)) },
      },
    }),
  ];
}

function furtherFindings({ aws }: Builder): Record<string, string> {
  const given = 'hybridcore.yaml gives this builder so much, and is reviewed as such.';
  const findings = [
    ...(aws?.policies ?? []).flatMap(({ actions, resources }) => [
      ...actions.filter((action) => action.includes('*')).map((action) => [`Action::${action}`, given] as const),
      ...resources.filter((resource) => resource.includes('*')).map((resource) => [`Resource::${resource}`, given] as const),
    ]),
    ...(aws?.vpc === undefined ? [] : vpcFindings),
    ...(buildMachine({ aws }).repository === null ? [] : imageFindings),
  ];
  const reasons = Map.groupBy(findings, ([finding]) => finding);
  return Object.fromEntries(
    [...reasons].map(([finding, each]) => [`AwsSolutions-IAM5[${finding}]`, [...new Set(each.map(([, reason]) => reason))].join(' ')]),
  );
}

const imageFindings = [['Resource::*', 'ecr:GetAuthorizationToken knows no narrower resource.']] as const;
const vpcFindings = [
  ['Resource::*', 'EC2 knows no narrower resource for what it describes, and CodeBuild makes the interfaces itself.'],
  [
    'Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface/*',
    'CodeBuild makes the interfaces itself; the condition names the subnets that they are in.',
  ],
] as const;
