import { listOf, resourcesOf, shown } from '../template.ts';
import { type Check, justThese, sameValue } from './check.ts';

const assets = 'cdk-hnb659fds-assets-ACCOUNT-REGION';

const project = (name: string, about: object) => ({
  Artifacts: { Type: 'NO_ARTIFACTS' },
  AutoRetryLimit: 0,
  EncryptionKey: 'alias/aws/s3',
  LogsConfig: { CloudWatchLogs: { Status: 'ENABLED', GroupName: `Builders${name}Log` } },
  Name: `images_${name}`,
  QueuedTimeoutInMinutes: 60,
  ServiceRole: `Builders${name}Role.Arn`,
  ...about,
});

const environment = (config: string, packer: string) =>
  Object.entries({
    HYBRIDCORE_BUCKET: 'StorageObjects',
    HYBRIDCORE_CONFIG: config,
    HYBRIDCORE_BUNDLE: `s3://${assets}/DIGEST.cjs`,
    HYBRIDCORE_BUNDLE_SHA256: 'DIGEST',
    HYBRIDCORE_PACKER_VERSION: packer,
    HYBRIDCORE_PACKER_SHA256: 'DIGEST',
  }).map(([Name, Value]) => ({ Name, Type: 'PLAINTEXT', Value }));

const environments: Readonly<Record<string, readonly unknown[]>> = {
  Buildersplain: environment('hybridcore.yaml', '1.15.4'),
  Buildersfull: environment('deployed/hybridcore.yaml', '1.14.2'),
};

const secrets: Readonly<Record<string, unknown>> = {
  Buildersplain: { 'exported-variables': ['HYBRIDCORE_EXIT_STATUS'] },
  Buildersfull: {
    'exported-variables': ['HYBRIDCORE_EXIT_STATUS'],
    'secrets-manager': {
      HYBRIDCORE_SECRET_86754f0a8c65e554: 'images/join:token',
      HYBRIDCORE_SECRET_d3b503f025b68599: 'images/whole',
    },
    'parameter-store': { HYBRIDCORE_SECRET_4192a51c4b4d003f: '/images/licence' },
  },
};

interface Project {
  readonly Environment?: { readonly EnvironmentVariables?: readonly unknown[] };
  readonly Source?: { readonly BuildSpec?: string };
}

export const projectChecks: readonly Check[] = [
  {
    name: 'each builder has one project, which never retries by itself, with the machine, source, network and time of hybridcore.yaml',
    problems: (template) => [
      ...justThese(
        template,
        'AWS::CodeBuild::Project',
        {
          BuildersplainProject: project('plain', {
            Description: 'Runs packer for plain; its inputs as deployed: sha256:DIGEST',
            TimeoutInMinutes: 78,
          }),
          BuildersfullProject: project('full', {
            Description: 'Runs packer for full; its inputs are those of its Git repository',
            SourceVersion: 'stable',
            TimeoutInMinutes: 108,
            VpcConfig: { VpcId: 'vpc-0a1b2c3d', Subnets: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
          }),
        },
        ['Environment', 'Source'],
      ),
      ...resourcesOf(template, 'AWS::CodeBuild::Project').flatMap(({ name, properties }) => {
        const { Environment, Source } = properties as Project;
        const { EnvironmentVariables: _, ...machine } = Environment ?? {};
        const { BuildSpec: __, ...source } = Source ?? {};
        return [
          ...sameValue(`the machine of ${name}`, machines[name], machine),
          ...sameValue(`the source of ${name}`, sources[name], source),
        ];
      }),
    ],
  },
  ...Object.entries(environments).map(([builder, expected]): Check => ({
    name: `the project of ${builder} tells its runs where to hand over, and what to run by which checksum`,
    problems: (template) =>
      resourcesOf(template, 'AWS::CodeBuild::Project')
        .filter(({ name }) => name === `${builder}Project`)
        .flatMap(({ properties }) => sameValue('its environment', expected, (properties as Project).Environment?.EnvironmentVariables)),
  })),
  {
    name: 'the buildspec is the one of the embedded build service, with the secrets of the builder resolved by the build service',
    problems: (template) =>
      resourcesOf(template, 'AWS::CodeBuild::Project').flatMap(({ name, properties }) => {
        const { version, env, phases } = JSON.parse((properties as Project).Source?.BuildSpec ?? '{}') as Record<string, unknown>;
        return [
          ...sameValue(`the version of ${name}`, 0.2, version),
          ...sameValue(`the variables of ${name}`, secrets[name.replace(/Project$/, '')], env),
          ...sameValue(`the phases of ${name}`, ['install', 'build', 'post_build'], Object.keys(phases ?? {})),
        ];
      }),
  },
  {
    name: 'the variables of a project leave a start the room that it is promised',
    problems: (template) =>
      resourcesOf(template, 'AWS::CodeBuild::Project').flatMap(({ name, properties }) => {
        const variables = listOf(shown((properties as Project).Environment?.EnvironmentVariables)) as { Name: string; Value: string }[];
        // A bucket's name has at most 63 characters, a digest 64.
        const characters = variables.reduce(
          (sum, { Name, Value }) => sum + Name.length + Value.replaceAll('DIGEST', 'x'.repeat(64)).length + 63,
          0,
        );
        return characters <= 1000 ? [] : [`${name} has ${characters} characters of variables, more than 1000`];
      }),
  },
];

const machines: Readonly<Record<string, unknown>> = {
  BuildersplainProject: {
    Type: 'ARM_CONTAINER',
    ComputeType: 'BUILD_GENERAL1_SMALL',
    Image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
    ImagePullCredentialsType: 'CODEBUILD',
    PrivilegedMode: false,
  },
  BuildersfullProject: {
    Type: 'LINUX_CONTAINER',
    ComputeType: 'BUILD_GENERAL1_LARGE',
    Image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/build/packer:2026.1',
    ImagePullCredentialsType: 'SERVICE_ROLE',
    PrivilegedMode: false,
  },
};

const sources: Readonly<Record<string, unknown>> = {
  BuildersplainProject: { Type: 'S3', Location: `${assets}/DIGEST.zip` },
  BuildersfullProject: {
    Type: 'GITHUB',
    Location: 'https://github.com/example/images',
    Auth: {
      Type: 'CODECONNECTIONS',
      Resource: 'arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b2c3d-0000-4000-8000-0123456789ab',
    },
    ReportBuildStatus: false,
  },
};
