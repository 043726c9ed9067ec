import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import packageFile from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..', '..');

function start(): Promise<{ code: number | null; stdout: string }> {
  const [program, ...words] = packageFile.scripts.start.split(' ');
  expect(program).toBe('node');
  return new Promise((resolve, reject) => {
    // From another folder, as `npm --prefix` would not: nothing may depend on where one stands.
    const child = spawn(process.execPath, [join(root, words[0] ?? '')], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout });
    });
  });
}

function expectDeclaredEnds({ code, stdout }: { code: number | null; stdout: string }): void {
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
  const ends = rows
    .filter((row) => row.length === 7 && row[0] !== 'builder')
    .map(([builder, , exitCode, state, attempts, rule]) => [builder, exitCode, state, attempts, rule]);
  expect(ends).toEqual([
    ['motd', '0', 'succeeded', '1', 'SUCCESS'],
    ['typo', '1', 'failed', '1', 'TPL_SYNTAX'],
    ['flux', '0', 'succeeded', '2', 'SUCCESS'],
    ['outage', '2', 'escalated', '2', 'APT_MIRROR'],
    ['leak', '3', 'quarantined', '1', 'INPUT_SECRET'],
    ['motd', '0', 'skipped', '0', 'UNCHANGED'],
  ]);
  expect(stdout).toContain('artifacts/<builder>.hash.json');
  expect(code).toBe(0);
}

describe('npm start', () => {
  it('takes each builder to the end that it was made for, twice in a row, and shows it in a table', { timeout: 180_000 }, async () => {
    expectDeclaredEnds(await start());
    expectDeclaredEnds(await start());
  });
});
