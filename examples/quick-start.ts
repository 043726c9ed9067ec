import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { table } from '../cli/render/table.ts';
import { QuarantineDocument } from '../core/documents.ts';
import { Result } from '../core/result.ts';

/** The builds of the quick start, in this order, each with the end that it was made for. */
const expected = [
  { builder: 'motd', options: [], shows: 'a success', state: 'succeeded', exitCode: 0, attempt: 1 },
  { builder: 'typo', options: [], shows: 'a config error: no retry', state: 'failed', exitCode: 1, attempt: 1 },
  { builder: 'flux', options: [], shows: 'a transient failure that heals', state: 'succeeded', exitCode: 0, attempt: 2 },
  { builder: 'outage', options: [], shows: 'a transient failure, twice', state: 'escalated', exitCode: 2, attempt: 2 },
  { builder: 'leak', options: [], shows: 'a secret among the inputs', state: 'quarantined', exitCode: 3, attempt: 1 },
  { builder: 'motd', options: ['--only-if-changed'], shows: 'the first one again, unchanged', state: 'skipped', exitCode: 0, attempt: 0 },
] as const;

const images = join(import.meta.dirname, 'images');
const program = join(import.meta.dirname, '..', 'bin', 'hybridcore-packer.mjs');

process.exitCode = await quickStart();

/** Takes every builder of the example repository through the whole dispatcher, with real packer. @returns 0 where each ended as it was made to. */
async function quickStart(): Promise<number> {
  await beginAgain();
  const results: Result[] = [];
  for (const { builder, options, shows } of expected) {
    process.stderr.write(`\n--- ${builder}: ${shows}\n`);
    results.push(Result.parse(await command('build', builder, ...options)));
  }
  const rows = results.map((result, index) => [
    result.builder ?? '',
    expected[index]?.shows ?? '',
    `${result.exit_code}`,
    result.state ?? '-',
    `${result.attempt}`,
    result.classification.rule,
    result.artifacts.map((artifact) => artifact.files.join(' ') || artifact.id).join(', ') || '-',
  ]);
  process.stdout.write(
    `\n${table(['builder', 'shows', 'exit code', 'state', 'attempts', 'rule', 'artifacts'], rows)}\n\n${whereThingsLie(results)}\n`,
  );
  const astray = results.filter((result, index) => !asExpected(result, expected[index]));
  for (const result of astray)
    process.stderr.write(
      `${result.builder} did not end as it was made to: ${result.state} (${result.exit_code}), ${result.classification.rule}: ${result.classification.reason}\n`,
    );
  return astray.length === 0 ? 0 : 1;
}

/** An earlier start has left the builder `leak` quarantined, as it should; a person releases it. */
async function beginAgain(): Promise<void> {
  await rm(join(images, 'out'), { recursive: true, force: true });
  const { builders } = QuarantineDocument.parse(await command('quarantine', 'list'));
  for (const { builder } of builders) await command('quarantine', 'release', builder, '--reason', 'the quick start begins again');
}

function asExpected(result: Result, wanted: (typeof expected)[number] | undefined): boolean {
  return wanted !== undefined && result.state === wanted.state && result.exit_code === wanted.exitCode && result.attempt === wanted.attempt;
}

function whereThingsLie(results: readonly Result[]): string {
  const [first] = results;
  return [
    'Where it lies, below examples/images:',
    '  artifacts/<builder>.hash.json            the newest sealed hash manifest of a builder',
    '  state/packer/logs/<builder>.json         the newest log summary, with its retention',
    '  state/packer/logs/<builder>/<build>/     the scrubbed logs',
    '  state/packer/results/<builder>/          the results',
    '',
    'Next, in examples/images:',
    '  npx hybridcore-packer status',
    `  npx hybridcore-packer logs ${first?.build_id ?? '<build>'}`,
    '  npx hybridcore-packer quarantine list',
  ].join('\n');
}

/** Runs a command with `--json` and gives its document; what it tells people goes to standard error as it comes. */
function command(...words: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words, '--json'], { cwd: images, stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      const text = Buffer.concat(chunks).toString();
      try {
        resolve(JSON.parse(text));
      } catch {
        reject(new Error(`hybridcore-packer ${words.join(' ')} exited with ${code} and printed no JSON: ${text}`));
      }
    });
  });
}
