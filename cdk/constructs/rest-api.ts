import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiDefinition,
  CfnAccount,
  type EndpointConfiguration,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  SpecRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, Effect, ManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Function } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { accessLogLine, gatewayDocument } from '../../core/api/gateway-document.ts';
import { type Operation, operations } from '../../core/api/operations.ts';
import { namesOf } from '../../core/names-of.ts';
import { version } from '../../core/version.ts';
import { type ApiPlan } from '../plan.ts';
import { allow, iamPath } from './permissions.ts';

/** The one stage: the part of the address that says which API this is of. */
export const stageName = 'v1';

export interface RestApiProps {
  readonly stackName: string;
  /** What answers. */
  readonly function: Function;
  readonly plan: ApiPlan;
}

type Permission = Operation['permission'];

/** Who may do what through the API: each policy with the permissions that it gives, for people and CI to attach. */
const audiences = {
  Ask: { permissions: ['read', 'ask'], description: 'Asks for builds of any builder, stops them, and reads' },
  Publish: { permissions: ['read', 'publish'], description: 'Publishes builds of any builder, and reads' },
  Release: { permissions: ['read', 'release'], description: 'Opens quarantined builders again, and reads' },
  Retain: { permissions: ['read', 'retain'], description: 'Raises the retention class of builds, and reads' },
  Audit: { permissions: ['read'], description: 'Reads builds, manifests, summaries, logs and diag bundles' },
} as const satisfies Record<string, { permissions: readonly Permission[]; description: string }>;
export type Audience = keyof typeof audiences;

/** The API for people, CI and other programs: each request is signed, and IAM says who may do what. */
export class RestApi extends Construct {
  /** Without a `/` at its end. */
  readonly url: string;
  readonly api: SpecRestApi;
  readonly logGroup: LogGroup;
  readonly logWriter: Role;
  readonly policies: Readonly<Record<Audience, ManagedPolicy>>;

  constructor(scope: Construct, id: string, { stackName, function: answering, plan }: RestApiProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    const integration = `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${answering.functionArn}/invocations`;
    const policy = resourcePolicy(plan);
    this.api = new SpecRestApi(this, 'Api', {
      restApiName: stackName,
      apiDefinition: ApiDefinition.fromInline(gatewayDocument(stackName, version, integration)),
      endpointConfiguration: this.endpointsOf(plan),
      ...(policy === undefined ? {} : { policy }),
      failOnWarnings: true,
      cloudWatchRole: false,
      deployOptions: {
        stageName,
        accessLogDestination: new LogGroupLogDestination(this.logGroup),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogLine)),
        throttlingRateLimit: plan.requestsPerSecond,
        throttlingBurstLimit: 2 * plan.requestsPerSecond,
        // Its own log of executions would be kept for ever, and holds what was asked.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
      },
    });
    // What it says of itself is among the outputs that the contract names.
    this.api.node.tryRemoveChild('Endpoint');
    this.logWriter = this.letItLog(stackName);
    answering.addPermission('Api', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.api.arnForExecuteApi('*', '/*', stageName),
    });
    this.url = `https://${this.api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stageName}`;
    const policyOf = (audience: Audience) =>
      new ManagedPolicy(this, `${audience}Policy`, {
        path: iamPath(stackName),
        description: audiences[audience].description,
        statements: audiences[audience].permissions.map((permission) => this.callsOf(permission)),
      });
    this.policies = {
      Ask: policyOf('Ask'),
      Publish: policyOf('Publish'),
      Release: policyOf('Release'),
      Retain: policyOf('Retain'),
      Audit: policyOf('Audit'),
    };
  }

  /** A private API gets a name of its own for each endpoint, by which it is found where the endpoint has no private DNS. */
  private endpointsOf({ vpcEndpoints }: ApiPlan): EndpointConfiguration {
    if (vpcEndpoints.length === 0) return { types: [EndpointType.REGIONAL] };
    const endpoint = (vpcEndpointId: string) =>
      InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(this, vpcEndpointId, { vpcEndpointId, port: 443 });
    return { types: [EndpointType.PRIVATE], vpcEndpoints: vpcEndpoints.map((id) => endpoint(id)) };
  }

  /** Access logs need a role that is set once for an account and region, whichever stack sets it: each is as good as another. */
  private letItLog(stackName: string): Role {
    const role = new Role(this, 'LogWriter', {
      path: iamPath(stackName),
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      description: "Writes API Gateway's logs of this account and region",
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.api.deploymentStage.node.addDependency(account);
    return role;
  }

  private callsOf(permission: Permission): PolicyStatement {
    const title = `${permission.slice(0, 1).toUpperCase()}${permission.slice(1)}`;
    return allow(title, {
      actions: ['execute-api:Invoke'],
      resources: callsFor(permission).map((call) =>
        Stack.of(this).formatArn({ service: 'execute-api', resource: this.api.restApiId, resourceName: `${stageName}/${call}` }),
      ),
    });
  }
}

/** What an audience may call, as IAM names it after the stage; `*` stands for a builder or a build. */
export function callsOf(audience: Audience): string[] {
  return audiences[audience].permissions.flatMap((permission) => callsFor(permission));
}

function callsFor(permission: Permission): string[] {
  const called: Operation[] = namesOf(operations).map((name) => operations[name]);
  return called
    .filter((operation) => operation.permission === permission)
    .map(({ method, path }) => `${method}${path.replaceAll(/\{\w+\}/g, '*')}`);
}

/**
 * Undefined where IAM alone decides. It only ever denies: within an account, what a resource policy allows needs no policy of
 * IAM any more, so an allowance here would open every method to everybody of the account.
 */
function resourcePolicy({ vpcEndpoints, addresses }: ApiPlan): PolicyDocument | undefined {
  if (vpcEndpoints.length === 0 && addresses.length === 0) return undefined;
  const anyone = { principals: [new AnyPrincipal()], actions: ['execute-api:Invoke'], resources: ['execute-api:/*'] };
  const deny = (sid: string, conditions: Record<string, Record<string, readonly string[]>>) =>
    new PolicyStatement({ sid, effect: Effect.DENY, ...anyone, conditions });
  return new PolicyDocument({
    statements: [
      ...(vpcEndpoints.length === 0 ? [] : [deny('ByTheseEndpointsAlone', { StringNotEquals: { 'aws:SourceVpce': vpcEndpoints } })]),
      ...(addresses.length === 0
        ? []
        : [
            deny('FromTheseAddressesAlone', {
              NotIpAddress: { [vpcEndpoints.length === 0 ? 'aws:SourceIp' : 'aws:VpcSourceIp']: addresses },
            }),
          ]),
    ],
  });
}
