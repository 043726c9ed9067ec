import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { importProblems, readImports } from '../../scripts/check-imports.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'imports-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function problemsOf(files: Record<string, string>): Promise<readonly string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return importProblems(await readImports(root));
}

const some = 'export const some = 1;\nexport interface Some {}\n';

describe('the direction of imports', () => {
  it('has nothing against lambdas, cli → adapters → core and cdk → core', async () => {
    const files = {
      'core/some.ts':
        "import { createHash } from 'node:crypto';\nimport * as z from 'zod/mini';\nimport './other/deep.ts';\nexport const some = [createHash, z];\n",
      'core/other/deep.ts': '',
      'adapters/aws/some.ts': "import { some } from '../../core/some.ts';\nimport fs from 'node:fs';\nexport default [some, fs];\n",
      'adapters/local/some.ts': "import '../packer/some.ts';\nimport '../../core/some.ts';\n",
      'adapters/packer/some.ts': "import '../../core/some.ts';\n",
      'cli/some.ts': "import '../adapters/aws/some.ts';\nimport '../core/some.ts';\nimport 'commander';\n",
      'lambdas/complete/some.ts': "import '../../adapters/aws/some.ts';\n",
      'cdk/some.ts': "import '../core/some.ts';\nimport 'aws-cdk-lib';\n",
      'scripts/some.ts': "import '../cli/some.ts';\n",
      'test/some.test.ts': "import '../adapters/local/some.ts';\nimport '../scripts/some.ts';\n",
    };
    expect(await problemsOf(files)).toEqual([]);
  });

  it.each([
    ['core/some.ts', '../adapters/local/target.ts'],
    ['core/deep/some.ts', '../../cli/target.ts'],
    ['core/some.ts', 'node:fs'],
    ['core/some.ts', 'node:crypto/promises'],
    ['core/some.ts', 'commander'],
    ['adapters/local/some.ts', '../aws/target.ts'],
    ['adapters/packer/deep/some.ts', '../../aws/target.ts'],
    ['adapters/aws/some.ts', '../../cli/target.ts'],
    ['adapters/some.ts', '../lambdas/target.ts'],
    ['cli/some.ts', '../lambdas/target.ts'],
    ['cli/some.ts', '../cdk/target.ts'],
    ['lambdas/some.ts', '../cli/target.ts'],
    ['cdk/some.ts', '../adapters/aws/target.ts'],
    ['bin/some.mjs', '../core/target.ts'],
    ['scripts/some.ts', '../test/target.ts'],
    ['some.config.ts', './test/target.ts'],
  ])('refuses that %s imports %s', async (file, target) => {
    const files = { [file]: `import '${target}';\n`, ...(target.startsWith('.') && { [join(dirname(file), target)]: some }) };
    expect(await problemsOf(files)).toEqual([expect.stringContaining(`${file} imports `)]);
  });

  it.each([
    ['a type', "import type { Some } from '../cli/target.ts';\nexport const a: Some = {};\n"],
    ['a type among values', "import { type Some } from '../cli/target.ts';\nexport const a: Some = {};\n"],
    ['a type passed on', "export type { Some } from '../cli/target.ts';\n"],
    ['a value passed on', "export * from '../cli/target.ts';\n"],
    ['a module at run time', "export const load = () => import('../cli/target.ts');\n"],
    ['names over several lines', "import {\n  some,\n} from '../cli/target.ts';\nexport default some;\n"],
  ])('sees an import of %s', async (_, text) => {
    expect(await problemsOf({ 'core/some.ts': text, 'cli/target.ts': some })).toEqual([
      'core/some.ts imports cli/target.ts: core/ imports core/ only',
    ]);
  });

  it('takes no comment and no text for an import', async () => {
    const text = "// import '../cli/target.ts'\nexport const text = `\nimport '../cli/target.ts'`;\nexport type Union = 'a' | 'b';\n";
    expect(await problemsOf({ 'core/some.ts': text, 'cli/target.ts': some })).toEqual([]);
  });

  it('names the files of a circle', async () => {
    const files = {
      'core/a.ts': "import './b.ts';\n",
      'core/b.ts': "import type { C } from './c.ts';\nexport type B = C;\n",
      'core/c.ts': "import './b.ts';\nexport type C = string;\n",
    };
    expect(await problemsOf(files)).toEqual(['a circle of imports: core/b.ts → core/c.ts → core/b.ts']);
  });
});
