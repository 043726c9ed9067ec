import { afterEach, beforeEach, expect, it } from 'vitest';

import { aws, describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type FakeCodeBuild, startFakeCodeBuild } from '../../fixtures/aws/codebuild/fake-codebuild.ts';
import { runnerFile } from '../../fixtures/build-service/programs.ts';
import { building, eventually, temporaryFolder } from '../local/build-service-rig.ts';

interface PrintedBuild {
  readonly id: string;
  readonly arn: string;
  readonly buildComplete: boolean;
  readonly buildStatus: string;
  readonly startTime: number | string;
}

interface Printed {
  readonly build: PrintedBuild;
  readonly builds: readonly PrintedBuild[];
  readonly buildsNotFound: readonly string[];
}

describeWithAwsCommandLine('the CodeBuild of the tests, for the aws command line', () => {
  let source: Awaited<ReturnType<typeof temporaryFolder>>;
  let fake: FakeCodeBuild;
  const codebuild = async (...words: readonly string[]): Promise<Printed> =>
    JSON.parse(await aws(fake.clientOptions, 'codebuild', ...words)) as Printed;
  /** The build, once it has ended. */
  const ended = (id: string) =>
    eventually(async () => (await codebuild('batch-get-builds', '--ids', id)).builds.find((build) => build.buildComplete));

  beforeEach(async () => {
    source = await temporaryFolder();
    fake = await startFakeCodeBuild({ runner: [process.execPath, runnerFile], surroundings: process.env });
    fake.register({ name: 'images', source: source.path, buildspec: `${building('echo "<$WORD>"', 'eval "$THEN"')}\n` });
  });
  afterEach(async () => {
    await fake[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  });

  it('starts a build and tells how it ended', async () => {
    const { build } = await codebuild(
      'start-build',
      '--project-name',
      'images',
      '--environment-variables-override',
      'name=WORD,value=hello',
    );
    expect(build).toMatchObject({ projectName: 'images', buildStatus: 'IN_PROGRESS', buildComplete: false });
    expect(await codebuild('batch-get-builds', '--ids', build.id, 'images:none')).toMatchObject({
      builds: [{ arn: build.arn }],
      buildsNotFound: ['images:none'],
    });
    const last = await ended(build.id);
    expect(last).toMatchObject({ arn: build.arn, buildStatus: 'SUCCEEDED', currentPhase: 'COMPLETED' });
    // Its first version prints a time as seconds, the second as text.
    const seconds = typeof last.startTime === 'number' ? last.startTime : Date.parse(last.startTime) / 1000;
    expect(Math.abs(Date.now() / 1000 - seconds)).toBeLessThan(60);
    expect(await fake.console(build.arn)).toContain('<hello>');
  });

  it('stops a build, by its ARN too', async () => {
    const { build } = await codebuild(
      'start-build',
      '--project-name',
      'images',
      '--environment-variables-override',
      'name=THEN,value=sleep 100',
    );
    await codebuild('stop-build', '--id', build.arn);
    expect((await ended(build.arn)).buildStatus).toBe('STOPPED');
  });

  it("takes its errors for CodeBuild's", async () => {
    await expect(codebuild('start-build', '--project-name', 'nobody')).rejects.toThrow(
      /\(ResourceNotFoundException\) when calling the StartBuild operation: Project cannot be found/,
    );
  });
});
