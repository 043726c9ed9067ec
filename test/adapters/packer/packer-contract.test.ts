import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';

import { packerArguments, privateVarFileName } from '../../../adapters/packer/packer-arguments.ts';
import { runPacker } from '../../../adapters/packer/run-packer.ts';
import { success } from '../../../core/failure.ts';
import { packerContract, surroundings } from '../../contracts/packer.ts';

const tool = inject('packer');

packerContract('a process', async () => {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'packer-contract-')));
  return {
    // As `attempt` puts the port together.
    packer: {
      find: async () => success(tool),
      commandLine: (job) => [
        'packer',
        ...packerArguments('build', root, job, Object.keys(job.secrets).length === 0 ? null : privateVarFileName),
      ],
      run: (job, onLine, interrupt) => runPacker({ root, environment: { ...process.env, ...surroundings } }, job, onLine, interrupt),
    },
    write: (name, content) => writeFile(path.join(root, name), content),
    remove: () => rm(root, { recursive: true, force: true }),
  };
});
