import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

let clone: string;
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'ci-'));
  await cp(join(repository, '.ci/run'), join(clone, '.ci/run'));
  await cp(join(repository, 'scripts/count-tests.mjs'), join(clone, 'scripts/count-tests.mjs'));
  await mkdir(join(clone, 'bin'));
  await withScripts({});
});
afterEach(async () => {
  await rm(clone, { recursive: true, force: true });
});

async function withScripts(scripts: Record<string, string>): Promise<void> {
  await writeFile(join(clone, 'package.json'), JSON.stringify({ scripts }));
}

const passing = '{"success":true,"testResults":[{"status":"passed","assertionResults":[{"status":"passed"},{"status":"skipped"}]}]}';
const failing = '{"success":false,"testResults":[{"status":"failed","assertionResults":[{"status":"failed"}]}]}';

/** Runs `.ci/run` with an npm whose `check` ends with this code and whose test runs leave these reports (null: it dies). */
async function run(
  codes: { check: number },
  reports: Record<string, string | null>,
): Promise<{ lastLine: string | undefined; code: number | null }> {
  const cases = Object.entries(reports).map(([command, report]) =>
    report === null
      ? `"${command}"*) exit 139;;`
      : `"${command}"*) for word in "$@"; do case "$word" in --outputFile.json=*) echo '${report}' > "\${word#*=}";; esac; done; exit ${report === passing ? 0 : 1};;`,
  );
  const npm = join(clone, 'bin/npm');
  await writeFile(npm, `#!/bin/sh\ncase "$*" in\n"run check"*) exit ${codes.check};;\n${cases.join('\n')}\n*) exit 3;;\nesac\n`);
  await chmod(npm, 0o755);
  const path = [join(clone, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  const { stdout, status } = spawnSync('bash', [join(clone, '.ci/run')], {
    cwd: tmpdir(),
    env: { PATH: path, CI: 'true' },
    encoding: 'utf8',
  });
  return { lastLine: stdout.trimEnd().split('\n').at(-1), code: status };
}

describe('.ci/run', () => {
  it('ends with the count of the tests', async () => {
    expect(await run({ check: 0 }, { test: passing })).toEqual({ lastLine: '1 passed, 0 failed, 1 skipped', code: 0 });
  });

  it('runs the tests all the same where the check failed, and fails', async () => {
    expect(await run({ check: 1 }, { test: passing })).toEqual({ lastLine: '1 passed, 0 failed, 1 skipped', code: 1 });
  });

  it('fails where a test failed', async () => {
    expect(await run({ check: 0 }, { test: failing })).toEqual({ lastLine: '0 passed, 1 failed, 0 skipped', code: 1 });
  });

  it('still closes with a count, and fails, where the runner died', async () => {
    expect(await run({ check: 0 }, { test: null })).toEqual({ lastLine: '0 passed, 1 failed, 0 skipped', code: 1 });
  });

  it('runs the deep tests too, where there are some', async () => {
    await withScripts({ 'test:deep': 'vitest' });
    expect(await run({ check: 0 }, { 'run test:deep': passing, test: passing })).toEqual({
      lastLine: '2 passed, 0 failed, 2 skipped',
      code: 0,
    });
    expect(await run({ check: 0 }, { 'run test:deep': null, test: passing })).toEqual({
      lastLine: '1 passed, 1 failed, 1 skipped',
      code: 1,
    });
  });
});
