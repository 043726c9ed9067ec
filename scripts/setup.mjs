// Gets a fresh clone ready: the locked npm packages (with them Node.js 24) and packer.
//
// The npm scripts call this before they do anything else, so it runs on whatever Node the machine has,
// before any package is there: plain JavaScript for Node 14.14 and later, and no dependencies.
//
//   node scripts/setup.mjs                    packages and packer
//   node scripts/setup.mjs --without-packer   packages only
import path from 'path';
import { fileURLToPath } from 'url';

import { installDependencies } from './setup/dependencies.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { installPacker } from './setup/packer.mjs';
import { interruptedBy } from './setup/run.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

async function setUp() {
  await installDependencies(root);
  if (!process.argv.includes('--without-packer')) await installPacker(root);
}

setUp().catch((problem) => {
  const signal = interruptedBy();
  if (signal !== undefined) {
    console.error('setup: interrupted; run it again to finish');
    process.exitCode = signal === 'SIGINT' ? 130 : 143;
    return;
  }
  console.error(problem instanceof SetupProblem ? `setup: ${problem.message}` : problem);
  process.exitCode = 1;
});
