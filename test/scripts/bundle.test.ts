import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readBuildspec } from '../../adapters/local/packaged-files.ts';
import { loadGrammarFiles } from '../../adapters/packer/template/grammar.ts';
import { jsonSchema } from '../../core/contract/schemas.ts';
import { bundle } from '../../scripts/bundle.ts';

const repository = resolve(import.meta.dirname, '../..');

/** The bundle alone in a folder, with no packages near it. */
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const made = join(folder, 'made', 'hybridcore-packer.cjs');
  await bundle(made);
  file = join(folder, 'hybridcore-packer.cjs');
  await copyFile(made, file);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function run(program: string, parameters: readonly string[], nodeOptions: readonly string[] = []) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...nodeOptions, program, ...parameters], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { stdout, stderr, code: status };
}

/** Makes Node believe that it is another one. */
const pretend = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '${version}' }); Object.defineProperty(process, 'version', { value: 'v${version}' })`,
];

describe('the bundled command line', () => {
  it('runs as one executable file with nothing around it', async () => {
    const { stdout, stderr, code } = run(file, ['schema', 'result', '--json']);
    expect({ document: JSON.parse(stdout), stderr, code }).toEqual({ document: jsonSchema('result'), stderr: '', code: 0 });
    expect((await stat(join(folder, 'made', 'hybridcore-packer.cjs'))).mode & 0o111).toBe(0o111);
    expect(await readFile(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('holds the bytes of every file that the sources read from beside them', async () => {
    const text = await readFile(file, 'utf8');
    const { runtime, hcl } = await loadGrammarFiles();
    for (const bytes of [runtime, hcl, await readBuildspec()]) expect(text).toContain(Buffer.from(bytes).toString('base64'));
  });

  it('imports nothing before its check of Node but what every Node has', async () => {
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/^(?:import|export)\b[^(].*$/m);
    expect(text).toContain('imported("node:sqlite")');
    expect(text).not.toContain('import("node:');
  });
});

describe.each([
  ['in the repository', () => join(repository, 'bin/hybridcore-packer.mjs')],
  ['bundled', () => file],
])('the command line %s', (_, program) => {
  it.each(['14.18.0', '20.20.2', '22.17.1', '23.5.0'])('tells on Node %s in one sentence what it needs', (version) => {
    expect(run(program(), ['status', '--json'], pretend(version))).toEqual({
      stdout: '',
      stderr: `hybridcore-packer needs Node.js 22.18 or later, and this is v${version}: https://nodejs.org\n`,
      code: 1,
    });
  });

  it.each(['22.18.0', '23.6.0', '24.0.0', '26.1.0'])('runs on Node %s', (version) => {
    expect(run(program(), ['schema', '--json'], pretend(version))).toMatchObject({ stderr: '', code: 0 });
  });

  it('exits with what the command says', () => {
    expect(run(program(), ['schema', 'no-such-schema'])).toMatchObject({ code: 1 });
  });
});
