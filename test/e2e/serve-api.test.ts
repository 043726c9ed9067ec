import { userInfo } from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, vi } from 'vitest';

import { BuildDocument } from '../../core/api/api-documents.ts';
import { type ServedApi, apiContract } from '../contracts/api.ts';
import { commandLine } from '../fixtures/command-line.ts';
import { fileTemplate, rig } from '../fixtures/rig.ts';

vi.setConfig({ testTimeout: 90_000 });

const script = (line: string) => `#!/bin/sh\nset -eu\n${line}\n`;

describe('the API that `serve` has', () => {
  let served: ServedApi;
  let end: () => Promise<void>;
  beforeAll(async () => {
    let remove = async () => {};
    const files = {
      'hybridcore.yaml':
        'version: 1\nretention: { default: standard, classes: { standard: { days: 365 }, evidence: { days: 2555, lock: GOVERNANCE } } }\nbuilders:\n  base: { template: base, variables: [n] }\n  leaky: { template: leaky }\n  slow: { template: slow }\n',
      'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
      'base/run.sh': script('echo made'),
      'leaky/leaky.pkr.hcl': fileTemplate('out/leaky.txt', '${path.root}/run.sh'),
      // In two pieces, so that no scanner takes this file for a leak.
      'leaky/run.sh': script(`# ${['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('')}`),
      'slow/slow.pkr.hcl': fileTemplate('out/slow.txt', '${path.root}/run.sh'),
      'slow/run.sh': script('sleep 60'),
    };
    const images = await rig(files, commandLine, (removal) => (remove = removal));
    const serving = images.start(['serve', '--port', '0']);
    let said = '';
    serving.process.stderr?.on('data', (text: string) => (said += text));
    await serving.says(/serving \d+ builders at http/);
    const address = /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1] ?? '';
    const token = (await readFile(join(images.root, 'state/api-token'), 'utf8')).trim();
    end = async () => {
      serving.process.kill('SIGTERM');
      await serving.ended;
      await remove();
    };
    served = {
      by: userInfo().username,
      builders: ['base', 'leaky', 'slow'],
      async send(method, target, body) {
        const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': body.type }) };
        const answer = await fetch(`${address}${target}`, { method, headers, ...(body === undefined ? {} : { body: body.text }) });
        return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
      },
      async until(id, holds) {
        for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
          const build = BuildDocument.parse(JSON.parse((await served.send('GET', `/builds/${id}`)).body));
          if (holds(build)) return build;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`the build ${id} does not come to where it should: ${said}`);
      },
    };
  });
  afterAll(() => end());

  apiContract(() => served);
});
