import { type NamedResource, type Template, listOf, policyLines, resourcesOf, shown } from '../template.ts';
import { type Check, sameLines, sameValue } from './check.ts';

const here = (service: string, name: string) => `arn:aws:${service}:REGION:ACCOUNT:${name}`;

/** The ARNs by which IAM knows what the stack has of a type, each as an example of what is below it. */
const arns: Readonly<Record<string, (resource: NamedResource) => readonly string[]>> = {
  'AWS::ApiGateway::Account': () => ['arn:aws:apigateway:REGION::/account'],
  'AWS::ApiGateway::RestApi': ({ name }) => [
    `arn:aws:apigateway:REGION::/restapis/${name}`,
    `arn:aws:apigateway:REGION::/restapis/${name}/stages/v1`,
    here('execute-api', `${name}/v1/POST/builders/full/publish`),
  ],
  'AWS::CloudWatch::Alarm': ({ name }) => [here('cloudwatch', `alarm:images-${name}-1A2B`)],
  'AWS::CloudWatch::Dashboard': ({ properties }) => [`arn:aws:cloudwatch::ACCOUNT:dashboard/${String(properties['DashboardName'])}`],
  'AWS::CodeBuild::Project': ({ properties }) =>
    ['project', 'build'].map((kind) => here('codebuild', `${kind}/${String(properties['Name'])}`)),
  'AWS::DynamoDB::Table': ({ name }) => [`${name}.Arn`, `${name}.Arn/index/listing`],
  'AWS::Events::EventBus': ({ name }) => [`${name}.Arn`],
  'AWS::Events::Rule': ({ name, properties }) =>
    properties['EventBusName'] === undefined ? [`${name}.Arn`] : [here('events', `rule/images/images-${name}-1A2B`)],
  'AWS::IAM::ManagedPolicy': ({ name }) => [`arn:aws:iam::ACCOUNT:policy/images/images-${name}-1A2B`],
  'AWS::IAM::Role': ({ name }) => [`arn:aws:iam::ACCOUNT:role/images/images-${name}-1A2B`],
  'AWS::KMS::Key': ({ name }) => [`${name}.Arn`],
  'AWS::Lambda::EventSourceMapping': ({ name }) => [here('lambda', `event-source-mapping:${name}`)],
  'AWS::Lambda::Function': ({ name }) => [`${name}.Arn`, `${name}.Arn:live`],
  'AWS::Logs::LogGroup': ({ name, properties }) => {
    const { LogGroupName: given = `images-${name}-1A2B` } = properties;
    return [here('logs', `log-group:${String(given)}`), here('logs', `log-group:${String(given)}:log-stream:0001`)];
  },
  'AWS::S3::Bucket': ({ name }) => [`${name}.Arn`, `${name}.Arn/incoming/another`],
  'AWS::SNS::Topic': ({ name }) => [name, `${name}:0a1b`],
  'AWS::SQS::Queue': ({ name }) => [`${name}.Arn`],
  'AWS::Scheduler::Schedule': ({ name }) => [here('scheduler', `schedule/images/images-${name}-1A2B`)],
  'AWS::Scheduler::ScheduleGroup': () => [here('scheduler', 'schedule-group/images')],
};

/** What the stack is deployed from and by. */
const deployment = [
  here('cloudformation', 'stack/images/0a1b'),
  'arn:aws:s3:::cdk-hnb659fds-assets-ACCOUNT-REGION',
  'arn:aws:s3:::cdk-hnb659fds-assets-ACCOUNT-REGION/DIGEST.zip',
  'arn:aws:iam::ACCOUNT:role/cdk-hnb659fds-deploy-role-ACCOUNT-REGION',
];

/** The policy that bounds a role. */
export function boundaryOf({ properties }: NamedResource): unknown {
  return shown(properties['PermissionsBoundary']);
}

/** That a builder's role does not go beyond what is expected, and of everything else of the stack reaches nothing. */
export function boundaryChecks(builder: string, expected: readonly string[]): readonly Check[] {
  const statements = (template: Template) =>
    resourcesOf(template, 'AWS::IAM::ManagedPolicy')
      .filter(({ name }) => name === `${builder}Boundary`)
      .flatMap(({ properties }) => {
        const { Statement } = (properties['PolicyDocument'] ?? {}) as { Statement?: unknown };
        return listOf(Statement) as Record<string, unknown>[];
      });
  return [
    {
      name: `${builder}Role does at most, of what is the dispatcher's, what its own run needs`,
      problems: (template) => [
        ...resourcesOf(template, 'AWS::IAM::Role')
          .filter(({ name }) => name === `${builder}Role`)
          .flatMap((role) => sameValue('its boundary', `${builder}Boundary`, boundaryOf(role))),
        ...sameLines(
          'the boundary',
          ['Allow AllButTheDispatchers: *', ...expected],
          policyLines({ Statement: statements(template).map(({ NotResource: _, ...statement }) => statement) }),
        ),
      ],
    },
    {
      name: `${builder}Role reaches nothing else that the stack is made of or deployed by`,
      problems: (template) => {
        const spared = statements(template).flatMap(({ NotResource }) => listOf(NotResource).map((each) => patternOf(String(shown(each)))));
        const channel = builder === 'Buildersfull' ? [here('ssm', 'parameter/images/full/latest')] : [];
        const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))];
        const all = types.flatMap((type) => resourcesOf(template, type).flatMap((resource) => arns[type]?.(resource) ?? []));
        return [...all, ...deployment, ...channel].filter((arn) => !spared.some((pattern) => pattern.test(arn)));
      },
    },
  ];
}

/** IAM's pattern as a regular expression. */
function patternOf(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
}
