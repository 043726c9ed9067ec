import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { apiRequests } from '../fixtures/api-requests.ts';
import { contractFaults } from '../fixtures/contract-tester.ts';
import { httpClient } from '../fixtures/http-client.ts';
import { openApiFaults } from '../fixtures/open-api.ts';
import { buildIdOf } from '../fixtures/records.ts';
import { fileTemplate, rig } from '../fixtures/rig.ts';

const requests = 10_000;
/** How much more memory the second half may leave than the first: 20 KB a request would be a leak, and a collector that waits takes some 50 MB. Bytes. */
const growth = 96 * 1024 * 1024;

it(`serve answers ${requests} requests of any kind as the OpenAPI document says, without a failure of its own and in flat memory`, async () => {
  const images = await rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, variables: [n] }\n  other: { template: base }\n',
    'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': '#!/bin/sh\nexit 0\n',
  });
  const serving = images.start(['serve', '--port', '0']);
  onTestFinished(() => void serving.process.kill('SIGKILL'));
  let said = '';
  serving.process.stderr?.on('data', (text: string) => (said += text));
  await serving.says(/serving \d+ builders at http/);
  const address = /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1] ?? '';
  const client = httpClient(address, (await images.read('state/api-token')).trim());
  onTestFinished(() => client.close());

  const build = { method: 'POST', target: '/builders/base/builds', contentType: 'application/json', body: new TextEncoder().encode('{}') };
  const { dispatched } = JSON.parse((await client.send(build)).body) as { readonly dispatched: { readonly build_id: string } };
  const half = () =>
    fc.assert(
      fc.asyncProperty(apiRequests({ builders: ['base', 'other'], builds: [dispatched.build_id, buildIdOf(1)] }), async (request) => {
        const answer = await client.send(request);
        expect(openApiFaults(request, answer)).toEqual([]);
        expect(contractFaults(request, answer)).toEqual([]);
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: requests / 2, endOnFailure: true },
    );
  await half();
  const before = await memoryOf(serving.process.pid ?? 0);
  await half();
  const after = await memoryOf(serving.process.pid ?? 0);
  expect(after - before).toBeLessThan(growth);
  expect(said).not.toContain('something failed');
  serving.process.kill('SIGTERM');
  expect((await serving.ended).code).toBe(0);
});

/** Of a process, resident. Bytes. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(join('/proc', `${pid}`, 'status'), 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
