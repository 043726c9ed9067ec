import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, '../../scripts/count-tests.mjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'count-tests-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface TestFile {
  readonly status: string;
  readonly tests: readonly string[];
}

async function report(name: string, success: boolean, ...files: readonly TestFile[]): Promise<string> {
  const file = join(folder, name);
  const testResults = files.map(({ status, tests }) => ({ status, assertionResults: tests.map((test) => ({ status: test })) }));
  await writeFile(file, JSON.stringify({ success, testResults }));
  return file;
}

function count(...files: readonly string[]): { line: string | undefined; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [script, ...files], { encoding: 'utf8' });
  return { line: stdout.trimEnd().split('\n').at(-1), code: status };
}

describe('counting tests', () => {
  it('sums all reports in one line', async () => {
    const one = await report(
      'one',
      true,
      { status: 'passed', tests: ['passed', 'passed', 'skipped'] },
      { status: 'passed', tests: ['passed', 'todo'] },
    );
    const two = await report('two', true, { status: 'passed', tests: ['passed', 'pending'] });
    expect(count(one, two)).toEqual({ line: '4 passed, 0 failed, 3 skipped', code: 0 });
  });

  it('fails where a test failed', async () => {
    const one = await report('one', false, { status: 'failed', tests: ['passed', 'failed', 'failed'] });
    expect(count(one)).toEqual({ line: '1 passed, 2 failed, 0 skipped', code: 1 });
  });

  it('counts a file that could not be loaded as a failed test', async () => {
    const one = await report('one', false, { status: 'failed', tests: [] }, { status: 'passed', tests: ['passed'] });
    expect(count(one)).toEqual({ line: '1 passed, 1 failed, 0 skipped', code: 1 });
  });

  it('counts a run that failed though every test passed', async () => {
    const one = await report('one', false, { status: 'passed', tests: ['passed'] });
    expect(count(one)).toEqual({ line: '1 passed, 1 failed, 0 skipped', code: 1 });
  });

  it('counts a runner that died without a whole report', async () => {
    const one = await report('one', true, { status: 'passed', tests: ['passed'] });
    await writeFile(join(folder, 'broken'), '{"success": true, "testResul');
    await writeFile(join(folder, 'foreign'), '[1]');
    expect(count(one, join(folder, 'missing'), join(folder, 'broken'), join(folder, 'foreign'))).toEqual({
      line: '1 passed, 3 failed, 0 skipped',
      code: 1,
    });
    expect(count()).toEqual({ line: '0 passed, 1 failed, 0 skipped', code: 1 });
  });

  it('fails where no test passed at all', async () => {
    expect(count(await report('one', true, { status: 'passed', tests: ['skipped'] }))).toEqual({
      line: '0 passed, 0 failed, 1 skipped',
      code: 1,
    });
  });

  it('says what failed before it counts, each with its place and the start of what it said', async () => {
    const tests = join(folder, 'tests.json');
    const long = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`).join('\n');
    const failing = {
      success: false,
      testResults: [
        {
          name: join(process.cwd(), 'test/core/one.test.ts'),
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'adds' },
            { status: 'failed', fullName: 'numbers > subtract', failureMessages: ['\u001b[31mexpected 1\u001b[39m\nto be 2', long] },
          ],
        },
        { name: join(process.cwd(), 'test/core/two.test.ts'), status: 'failed', assertionResults: [], message: 'cannot find ./three' },
      ],
    };
    await writeFile(tests, JSON.stringify(failing));
    const { stdout } = spawnSync(process.execPath, [script, tests, join(folder, 'gone.json')], { encoding: 'utf8' });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 4)).toEqual(['FAILED test/core/one.test.ts > numbers > subtract', '    expected 1', '    to be 2', '    line 1']);
    expect(lines.slice(29)).toEqual([
      '    line 27',
      '    line 28',
      'FAILED test/core/two.test.ts',
      '    cannot find ./three',
      `FAILED ${join(folder, 'gone.json')}`,
      '    No report: the runner died before it wrote one.',
      '1 passed, 3 failed, 0 skipped',
      '',
    ]);
  });
});
