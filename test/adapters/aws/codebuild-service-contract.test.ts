import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { setTimeout as delay } from 'node:timers/promises';

import { codebuildService } from '../../../adapters/aws/codebuild-service.ts';
import { buildServiceContract } from '../../contracts/build-service.ts';
import { startFakeCodeBuild } from '../../fixtures/aws/codebuild/fake-codebuild.ts';
import { runsAtOnce } from '../../fixtures/build-service/runs-at-once.ts';
import { runnerFile } from '../../fixtures/build-service/programs.ts';
import { building, startRequest, temporaryFolder } from '../local/build-service-rig.ts';

const commands = { succeeds: 'true', 'fails with 7': '(exit 7)', 'goes on': 'sleep 100' } as const;

buildServiceContract('CodeBuild', async () => {
  const source = await temporaryFolder();
  const fake = await startFakeCodeBuild({
    runner: [process.execPath, runnerFile],
    surroundings: process.env,
    running: runsAtOnce,
    queued: 0,
    // CodeBuild's shortest limit is five minutes.
    minute: 300,
  });
  fake.register({ name: 'images-base', source: source.path, buildspec: `${building('eval "$BEHAVIOUR"')}\n` });
  const client = () => codebuildService(new CodeBuildClient(fake.clientOptions), { projectPrefix: 'images-' });
  return {
    service: client(),
    other: client(),
    request: (token: string, behaviour: keyof typeof commands, timeLimit = 200 * 60_000) =>
      startRequest(token, { environment: { BEHAVIOUR: commands[behaviour] }, timeLimit }),
    pass: (milliseconds: number) => delay(milliseconds),
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
    },
  };
});
