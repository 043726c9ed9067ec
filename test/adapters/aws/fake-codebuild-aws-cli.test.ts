import { afterEach, beforeEach, expect, it } from 'vitest';

import { aws, describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type FakeCodeBuild, startFakeCodeBuild } from '../../fixtures/aws/codebuild/fake-codebuild.ts';
import { building, eventually, runnerFile, temporaryFolder } from '../local/build-service-rig.ts';

describeWithAwsCommandLine('the CodeBuild of the tests, for the aws command line', () => {
  let source: Awaited<ReturnType<typeof temporaryFolder>>;
  let fake: FakeCodeBuild;
  const codebuild = (...words: readonly string[]) => aws(fake.clientOptions, 'codebuild', ...words);

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
    const started = JSON.parse(
      await codebuild('start-build', '--project-name', 'images', '--environment-variables-override', 'name=WORD,value=hello'),
    );
    expect(started.build).toMatchObject({ projectName: 'images', buildStatus: 'IN_PROGRESS', buildComplete: false });
    const build = await eventually(async () => {
      const looked = JSON.parse(await codebuild('batch-get-builds', '--ids', started.build.id, 'images:none'));
      expect(looked.buildsNotFound).toStrictEqual(['images:none']);
      return looked.builds[0].buildComplete === true ? looked.builds[0] : undefined;
    });
    expect(build).toMatchObject({ arn: started.build.arn, buildStatus: 'SUCCEEDED', currentPhase: 'COMPLETED' });
    // Its first version prints a time as seconds, the second as text.
    const seconds = typeof build.startTime === 'number' ? build.startTime : Date.parse(build.startTime) / 1000;
    expect(Math.abs(Date.now() / 1000 - seconds)).toBeLessThan(60);
    expect(await fake.console(build.arn)).toContain('<hello>');
  });

  it('stops a build, by its ARN too', async () => {
    const { build } = JSON.parse(
      await codebuild('start-build', '--project-name', 'images', '--environment-variables-override', 'name=THEN,value=sleep 100'),
    );
    await codebuild('stop-build', '--id', build.arn);
    const status = await eventually(async () => {
      const { builds } = JSON.parse(await codebuild('batch-get-builds', '--ids', build.arn));
      return builds[0].buildComplete === true ? builds[0].buildStatus : undefined;
    });
    expect(status).toBe('STOPPED');
  });

  it("takes its errors for CodeBuild's", async () => {
    await expect(codebuild('start-build', '--project-name', 'nobody')).rejects.toThrow(
      /\(ResourceNotFoundException\) when calling the StartBuild operation: Project cannot be found/,
    );
  });
});
