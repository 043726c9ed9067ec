import { afterAll } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';

import { buildServiceContract } from '../../contracts/build-service.ts';
import { type BuildService } from '../../../core/ports.ts';
import { runsAtOnce } from '../../fixtures/build-service/runs-at-once.ts';
import { portProcesses } from '../../fixtures/remote-port/remote-port.ts';
import { building, ended, startRequest, temporaryFolder, testService } from './build-service-rig.ts';

const commands = { succeeds: 'true', 'fails with 7': '(exit 7)', 'goes on': 'sleep 100' } as const;
const buildspec = building('eval "$BEHAVIOUR"');

/** The embedded service over a home of its own, and another client of it. */
async function embedded(otherOver: (home: string) => Promise<BuildService>) {
  const home = await temporaryFolder();
  const service = testService({ home: home.path, buildspec, limit: runsAtOnce });
  const tokens = new Set<string>();
  return {
    service,
    other: await otherOver(home.path),
    pass: (milliseconds: number) => delay(milliseconds),
    request(token: string, behaviour: keyof typeof commands, timeLimit = 60_000) {
      tokens.add(token);
      return startRequest(token, { environment: { BEHAVIOUR: commands[behaviour] }, timeLimit });
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
}

buildServiceContract('embedded', () => embedded(async (home) => testService({ home, buildspec, limit: runsAtOnce })));

const processes = portProcesses(1);
afterAll(() => processes.end());
buildServiceContract('embedded, in several processes,', () => embedded((home) => processes.open('build-service', home)));
