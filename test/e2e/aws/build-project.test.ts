import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accessPolicies } from '../../fixtures/aws/deployment/access-policies.ts';
import { asCodeBuild, buildCredentials, buildProjects } from '../../fixtures/aws/deployment/build-project.ts';
import { LeastPrivilege } from '../../fixtures/aws/deployment/least-privilege.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { type RecordingProxy, startRecordingProxy } from '../../fixtures/aws/deployment/recording-proxy.ts';
import { type DeployedStack, readStack } from '../../fixtures/aws/deployment/template.ts';

const build = 'arn:aws:codebuild:us-east-1:123456789012:build/little_image:0123';

describe('the projects of a template', () => {
  let assembly: string;
  let stack: DeployedStack;
  let proxy: RecordingProxy;
  beforeAll(async () => {
    assembly = await littleStack();
    stack = readStack({
      assembly,
      stackName: littleStackName,
      account: '123456789012',
      region: 'us-east-1',
      queueEndpoint: 'http://127.0.0.1:1',
    });
    proxy = await startRecordingProxy('http://127.0.0.1:1');
    proxy.guard(new LeastPrivilege(accessPolicies(stack)).denial);
  });
  afterAll(async () => {
    await proxy.end();
    await rm(assembly, { recursive: true });
  });

  it('are what a build without AWS needs to know', () => {
    expect(buildProjects(stack)).toEqual([
      {
        logicalId: 'Project',
        name: 'little_image',
        arn: 'arn:aws:codebuild:us-east-1:123456789012:project/little_image',
        roleArn: 'arn:aws:iam::123456789012:role/little-buildrole',
        roleName: 'little-buildrole',
        source: { type: 'asset', folder: join(assembly, 'asset.function'), bucket: 'assets-123456789012-us-east-1', key: 'function.zip' },
        buildspec: '{"version":"0.2"}',
        environmentVariables: [{ name: 'BUCKET', value: 'little-objects', type: 'PLAINTEXT' }],
        timeoutInMinutes: 65,
        logGroup: 'little-Log-a1B2c3D4e5F6',
      },
    ]);
  });

  it('let CodeBuild take their role, and with it fetch the source and write the log', async () => {
    const [project] = buildProjects(stack);
    if (project === undefined) throw new Error('the little stack has a project');
    await asCodeBuild(proxy, 'us-east-1', project, build);
    expect(proxy.calls.map(({ principal, session, action }) => [principal, session, action])).toEqual([
      ['codebuild.amazonaws.com', project.arn, 'AssumeRole'],
      ...['GetBucketLocation', 'GetBucketAcl', 'GetObject', 'GetObject', 'CreateLogStream', 'PutLogEvents'].map((action) => [
        'little-buildrole',
        build,
        action,
      ]),
    ]);
    expect(buildCredentials(project, build)).toMatchObject({ AWS_ACCESS_KEY_ID: 'little-buildrole', AWS_SESSION_TOKEN: build });
  });

  it('let it do so for no other project', async () => {
    const [project] = buildProjects(stack);
    if (project === undefined) throw new Error('the little stack has a project');
    await expect(asCodeBuild(proxy, 'us-east-1', { ...project, arn: `${project.arn}-2` }, build)).rejects.toThrow(
      'codebuild.amazonaws.com (arn:aws:codebuild',
    );
  });
});
