import { buildServiceContract } from '../../contracts/build-service.ts';
import { building, ended, startRequest, temporaryFolder, testService } from './build-service-rig.ts';

const commands = { succeeds: 'true', 'fails with 7': '(exit 7)', 'goes on': 'sleep 100' } as const;

buildServiceContract('embedded', async ({ limit }) => {
  const home = await temporaryFolder();
  const service = testService({ home: home.path, buildspec: building('eval "$BEHAVIOUR"'), limit });
  const tokens = new Set<string>();
  return {
    service,
    request(token, behaviour) {
      tokens.add(token);
      return startRequest(token, { environment: { BEHAVIOUR: commands[behaviour] } });
    },
    async [Symbol.asyncDispose]() {
      for (const token of tokens) {
        const answer = await service.start(startRequest(token));
        if (answer.state !== 'started' || (await service.look([answer.run])).length === 0) continue;
        await service.stop(answer.run);
        await ended(service, answer.run);
      }
      await home[Symbol.asyncDispose]();
    },
  };
});
