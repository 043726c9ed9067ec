#!/usr/bin/env node
// The way in. It must parse on an old Node, so that there is someone to say what is needed: nothing here
// is newer than Node 14, and what is newer is only imported after the check.
import fs from 'fs';
import module from 'module';
import process from 'process';
import { fileURLToPath } from 'url';

main();

function main() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  // What the command line rests on: TypeScript without a flag (22.18, 23.6) and node:sqlite.
  if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
    console.error(`hybridcore-packer needs Node.js 22.18 or later, and this is ${process.version}: https://nodejs.org`);
    process.exitCode = 1;
    return;
  }
  muteSqliteWarning();
  keepCompiledCode();
  run(process.argv.slice(2)).then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (problem) => {
      console.error(
        isNotSetUp(problem) ? `run "node scripts/setup.mjs" in the folder of hybridcore-packer first: ${problem.message}` : problem,
      );
      process.exitCode = 1;
    },
  );
}

/** The inputs that were asked for before are answered before the command line is loaded, where nothing changed. */
async function run(words) {
  const kept = words[0] === 'inputs' ? (await import('../cli/kept-inputs.ts')).answerKeptInputs(words) : undefined;
  if (kept !== undefined) return kept;
  const { startAhead } = await import('../cli/start-ahead.ts');
  const thread = startAhead(words);
  return (await import('../cli/main.ts')).main(words, thread);
}

function isNotSetUp(problem) {
  return problem instanceof Error && problem.code === 'ERR_MODULE_NOT_FOUND' && problem.message.startsWith('Cannot find package');
}

/** Within its repository, stripping types and compiling would take half of a start. Where nothing can be kept, nothing fails. */
function keepCompiledCode() {
  const repository = new URL('..', import.meta.url);
  if (fs.existsSync(new URL('cli/main.ts', repository)))
    module.enableCompileCache(fileURLToPath(new URL('.cache/node-compile-cache', repository)));
}

/** Node calls its SQLite experimental at each start. It is a decision of this project, and no news to whoever runs it. */
function muteSqliteWarning() {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning(warning, ...rest);
  };
}
