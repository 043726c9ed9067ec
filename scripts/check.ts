import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** One thing that can be checked without running tests. */
export interface Check {
  readonly name: string;
  readonly command: readonly [program: string, ...parameters: string[]];
}

const root = resolve(import.meta.dirname, '..');
const tool = (name: string) => join(root, 'node_modules', '.bin', name);
const script = (name: string) => join(import.meta.dirname, name);

const checks: readonly Check[] = [
  { name: 'format', command: [tool('oxfmt'), '--check', '.'] },
  { name: 'lint', command: [tool('oxlint'), '--type-aware'] },
  { name: 'types', command: [tool('tsc'), '-p', '.'] },
  { name: 'unused code', command: [tool('knip')] },
  { name: 'import direction', command: [process.execPath, script('check-imports.ts')] },
  { name: 'schemas', command: [process.execPath, script('generate-schemas.ts'), '--check'] },
  { name: 'state machine', command: [process.execPath, script('state-machine.ts'), '--check'] },
  { name: 'costs', command: [process.execPath, script('cost.ts'), '--check'] },
];

/**
 * Runs all checks at once and prints a line for each as it ends, with its time and, where it failed, all
 * that it said. Answers whether every one passed.
 */
export async function runChecks(wanted: readonly Check[], print: (text: string) => void): Promise<boolean> {
  const passed = await Promise.all(
    wanted.map(async ({ name, command }) => {
      const start = performance.now();
      const { ok, output } = await run(command);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      print(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(17)} ${seconds.padStart(5)} s`);
      if (!ok) print(`${output.trimEnd()}\n`);
      return ok;
    }),
  );
  return passed.every((ok) => ok);
}

function run([program, ...parameters]: Check['command']): Promise<{ ok: boolean; output: string }> {
  return new Promise((done) => {
    const child = spawn(program, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (problem) => done({ ok: false, output: `${program} could not be started: ${problem.message}` }));
    child.on('close', (code, signal) =>
      done({ ok: code === 0, output: signal === null ? output : `${output}\n${program} was ended by ${signal}` }),
    );
  });
}

if (import.meta.main) {
  const passed = await runChecks(checks, (text) => console.log(text));
  if (!passed) process.exitCode = 1;
}
