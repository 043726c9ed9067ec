import { gatewayDocument } from '../../../core/api/gateway-document.ts';
import { version } from '../../../core/version.ts';
import { type Template, listOf, policyLines, resourcesOf } from '../template.ts';
import { type Check, justThese, sameLines, sameValue } from './check.ts';

const integration = 'arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FunctionsApi.Arn/invocations';

const call = (permission: string, method: string) =>
  `Allow ${permission}: execute-api:Invoke on arn:aws:execute-api:REGION:ACCOUNT:RestApi/v1/${method}`;

const reads = [
  'GET/builders',
  'GET/builders/*',
  'GET/builders/*/builds',
  'GET/builders/*/manifest',
  'GET/builds/*',
  'GET/builds/*/diag',
  'GET/builds/*/log',
  'GET/builds/*/result',
  'GET/builds/*/summary',
].map((method) => call('Read', method));

/** What those may call who have a policy of the stack, by the policy. */
export const people: Readonly<Record<string, readonly string[]>> = {
  RestApiAskPolicy: [...reads, call('Ask', 'POST/builders/*/builds'), call('Ask', 'POST/builds/*/stop')],
  RestApiPublishPolicy: [...reads, call('Publish', 'POST/builders/*/publish')],
  RestApiReleasePolicy: [...reads, call('Release', 'POST/builders/*/quarantine/release')],
  RestApiRetainPolicy: [...reads, call('Retain', 'POST/builds/*/retention')],
  RestApiAuditPolicy: reads,
};

export const apiChecks: readonly Check[] = [
  {
    name: 'one API is reached in its region, with the operations that there are, each behind IAM and before the function',
    problems: (template) => [
      ...justThese(
        template,
        'AWS::ApiGateway::RestApi',
        { RestApi: { Name: 'images', EndpointConfiguration: { Types: ['REGIONAL'] }, FailOnWarnings: true } },
        ['Body'],
      ),
      ...bodyOf(template).flatMap((body) => sameValue('what is imported', gatewayDocument('images', version, integration), body)),
    ],
  },
  {
    name: 'its one stage takes so many requests a second, and logs who asked for what, but nothing that was said',
    problems: (template) => [
      ...justThese(template, 'AWS::ApiGateway::Deployment', {
        RestApiDeployment: { RestApiId: 'RestApi', Description: 'Automatically created by the RestApi construct' },
      }),
      ...justThese(template, 'AWS::ApiGateway::Stage', {
        RestApiDeploymentStagev1: {
          RestApiId: 'RestApi',
          DeploymentId: 'RestApiDeployment',
          StageName: 'v1',
          MethodSettings: [
            {
              HttpMethod: '*',
              ResourcePath: '/*',
              ThrottlingRateLimit: 20,
              ThrottlingBurstLimit: 40,
              LoggingLevel: 'OFF',
              DataTraceEnabled: false,
            },
          ],
          AccessLogSetting: { DestinationArn: 'RestApiLog.Arn', Format: logLine },
        },
      }),
    ],
  },
  {
    name: 'API Gateway may write access logs, and may do nothing else',
    problems: (template) => [
      ...justThese(template, 'AWS::ApiGateway::Account', { RestApiAccount: { CloudWatchRoleArn: 'RestApiLogWriter.Arn' } }),
      ...resourcesOf(template, 'AWS::IAM::Role')
        .filter(({ name }) => name === 'RestApiLogWriter')
        .flatMap(({ properties }) =>
          sameValue(
            'the policies of who writes access logs',
            ['arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs'],
            properties['ManagedPolicyArns'],
          ),
        ),
    ],
  },
  {
    name: 'the API alone invokes its function, from its stage',
    problems: (template) =>
      sameValue(
        'who may invoke functions',
        [
          {
            Action: 'lambda:InvokeFunction',
            FunctionName: 'FunctionsApi.Arn',
            Principal: 'apigateway.amazonaws.com',
            SourceArn: 'arn:aws:execute-api:REGION:ACCOUNT:RestApi/v1/*/*',
          },
        ],
        resourcesOf(template, 'AWS::Lambda::Permission').map(({ properties }) => properties),
      ),
  },
  ...Object.entries(people).map(([policy, expected]): Check => ({
    name: `${policy} is for whoever is given it, and allows what its name says and to read`,
    problems: (template) => {
      const found = resourcesOf(template, 'AWS::IAM::ManagedPolicy').filter(({ name }) => name === policy);
      return [
        ...sameLines(
          policy,
          expected.toSorted(),
          found.flatMap(({ properties }) => policyLines(properties['PolicyDocument'])),
        ),
        ...found
          .filter(({ properties }) => typeof properties['Description'] !== 'string')
          .map(() => `${policy} does not say what it is for`),
        ...found.filter(({ properties }) => listOf(properties['Roles']).length > 0).map(() => `${policy} is for a role of the stack`),
      ];
    },
  })),
];

const logLine =
  '{"time":"$context.requestTime","request":"$context.requestId","caller":"$context.identity.userArn","address":"$context.identity.sourceIp","method":"$context.httpMethod","path":"$context.path","status":"$context.status","refused":"$context.error.responseType","milliseconds":"$context.responseLatency"}';

function bodyOf(template: Template): unknown[] {
  return resourcesOf(template, 'AWS::ApiGateway::RestApi').map(({ properties }) => properties['Body']);
}
