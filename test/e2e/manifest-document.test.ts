import { execFile, spawnSync } from 'node:child_process';
import { readFile, readdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { chainProblemNames } from '../../core/chain-problem.ts';
import { VerifyDocument } from '../../core/documents.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

let blocks: ReadonlyMap<string, string>;
let document: string;

beforeAll(async () => {
  document = await readFile(resolve(import.meta.dirname, '../../docs/manifest.md'), 'utf8');
  blocks = new Map([...document.matchAll(/```sh\n# (\w+)\n([^]*?)```/g)].map(([, name = '', text = '']) => [name, text]));
});

/** Runs a block of the document, as it stands there, where the manifest is. */
function shell(images: Rig, name: string): Promise<{ readonly code: number; readonly output: string }> {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`the document has no block ${name}`);
  return new Promise((done) => {
    execFile('sh', ['-c', text], { cwd: images.root }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

async function built(): Promise<Rig> {
  const images = await rig({
    'hybridcore.yaml': `version: 1
builders:
  debian-base:
    template: base
    var_files: [common.pkrvars.hcl, "more é.pkrvars.json"]
    inputs: { configs: ["files/**"] }
    secrets: { token: "env:TOKEN" }
    only: [file.image]
`,
    'base/base.pkr.hcl': `variable "token" {\n  default = ""\n}\n\nvariable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': '#!/bin/sh\n',
    'common.pkrvars.hcl': 'n = "1"\n',
    'more é.pkrvars.json': '{"n": "2"}\n',
    'files/with blank': 'a blank',
    'files/it\'s "quoted" and \\ back': 'quotes',
    'files/$HOME': 'no variable',
    'files/empty': '',
  });
  await symlink('with blank', join(images.root, 'files/link'));
  await symlink('../files', join(images.root, 'files/folder'));
  return images;
}

const build = (images: Rig) => images.start(['build', 'debian-base'], { environment: { TOKEN: 'a-value-of-some-length' } }).ended;

const hasJq = spawnSync('jq', ['--version']).status === 0;

/** Without jq the tests are skipped by name on a developer's machine, and fail in CI. */
describe.skipIf(!hasJq && process.env['CI'] === undefined)(
  'what docs/manifest.md lets a reader recompute (jq is needed: apt-get install jq)',
  () => {
    it('holds for a sealed manifest, and no longer where anything of it or of the files is changed', async () => {
      const images = await built();
      expect((await build(images)).code).toBe(0);
      const manifest = HashManifest.parse(await images.json('artifacts/debian-base.hash.json'));
      expect(new Set(manifest.inputs.map(({ kind }) => kind))).toEqual(
        new Set(['template', 'script', 'config', 'option', 'tool', 'variable'].filter((kind) => kind !== 'tool')),
      );
      expect(await shell(images, 'fingerprint')).toEqual({ code: 0, output: 'the fingerprint follows from the inputs\n' });
      expect(await shell(images, 'files')).toEqual({ code: 0, output: 'the files are those of the manifest\n' });
      expect(await shell(images, 'links')).toEqual({ code: 0, output: 'the links are those of the manifest\n' });
      expect(await shell(images, 'values')).toEqual({ code: 0, output: 'the digests are those of the values\n' });

      await images.write('base/run.sh', '#!/bin/sh\n', 0o644);
      expect(await shell(images, 'files')).toEqual({ code: 1, output: 'base/run.sh has the mode 100644\n' });
      await images.write('files/it\'s "quoted" and \\ back', 'other');
      expect((await shell(images, 'files')).code).toBe(1);
      await rm(join(images.root, 'files/link'));
      await symlink('empty', join(images.root, 'files/link'));
      expect(await shell(images, 'links')).toEqual({ code: 1, output: 'files/link leads elsewhere\n' });

      const [first, ...others] = manifest.inputs;
      const rewrite = async (changed: object) => {
        await rm(join(images.root, 'artifacts/debian-base.hash.json'));
        await images.write('artifacts/debian-base.hash.json', JSON.stringify({ ...manifest, ...changed }));
      };
      await rewrite({ inputs: [...others.toReversed(), first] });
      expect((await shell(images, 'fingerprint')).code).toBe(0);
      await rewrite({ inputs: others });
      expect((await shell(images, 'fingerprint')).code).toBe(1);
      await rewrite({ inputs: manifest.inputs.map((input) => ('reference' in input ? { ...input, reference: 'env:OTHER' } : input)) });
      expect((await shell(images, 'values')).code).toBe(1);
    });

    it('holds for a chain of manifests, and no longer where one is rewritten', async () => {
      const images = await built();
      for (let n = 0; n < 3; n += 1) expect((await build(images)).code).toBe(0);
      const { builders } = VerifyDocument.parse((await images.run('verify', '--json')).json());
      expect(await shell(images, 'chain')).toEqual({ code: 0, output: `3 manifests, the newest ${builders[0]?.newest?.digest}\n` });
      const [, middle = ''] = (await readdir(join(images.root, 'artifacts/debian-base')))
        .toSorted()
        .map((name) => `artifacts/debian-base/${name}`);
      const text = await images.read(middle);
      await rm(join(images.root, middle));
      await images.write(middle, text.replace('"attempt": 1', '"attempt": 2'));
      expect(await shell(images, 'chain')).toMatchObject({
        code: 1,
        output: expect.stringContaining('does not follow the one before') as string,
      });
    });
  },
);

it('docs/manifest.md names every way in which a chain may not hold', () => {
  expect(
    [...document.matchAll(/^\| `([a-z-]+)` \| /gm)]
      .map(([, name]) => name)
      .filter((name) => chainProblemNames.some((each) => each === name)),
  ).toEqual([...chainProblemNames]);
});
