import { chmod, rename, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { DriftDocument } from '../../core/documents.ts';
import { Result } from '../../core/result.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';
import { publishedSchemaFaults } from './published-schema.ts';
import { gitIn } from '../fixtures/git.ts';

function repository(): Promise<Rig> {
  return rig({
    'hybridcore.yaml':
      'version: 1\nbuilders:\n  base: { template: base, variables: [n] }\n  other: { template: other }\n  broken: { template: broken }\n',
    'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': '#!/bin/sh\necho one\necho two\n',
    'other/other.pkr.hcl': fileTemplate('out/other.txt', '${path.root}/run.sh'),
    'other/run.sh': '#!/bin/sh\n',
    'broken/broken.pkr.hcl': 'source "file" {{{\n',
  });
}

async function drifted(images: Rig, ...words: readonly string[]): Promise<DriftDocument> {
  const ended = await images.run('drift', ...words, '--json');
  expect(await publishedSchemaFaults('drift', ended.json())).toEqual([]);
  const document = DriftDocument.parse(ended.json());
  expect(ended.code).toBe(document.exit_code);
  return document;
}

const only = (document: DriftDocument) => {
  const [builder] = document.builders;
  if (builder === undefined) throw new Error('no builder was told of');
  return builder;
};

describe('drift', () => {
  it('says what changed since the newest manifest, and with --exit-code exits with 1 for it', async () => {
    const images = await repository();
    expect(only(await drifted(images, 'base'))).toMatchObject({ state: 'never-built', manifest: null });
    expect((await images.run('drift', 'base')).code).toBe(0);
    expect(await images.run('drift', 'base', '--exit-code')).toMatchObject({ code: 1 });
    const built = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(only(await drifted(images, 'base', '--exit-code'))).toMatchObject({
      exit_code: 0,
      state: 'unchanged',
      fingerprint: built.fingerprint,
      manifest: { build_id: built.build_id, path: built.manifest_path },
    });

    await utimes(join(images.root, 'base/run.sh'), 1, 1);
    expect(only(await drifted(images, 'base')).state).toBe('unchanged');
    await chmod(join(images.root, 'base/run.sh'), 0o644);
    await images.write('base/base.pkr.hcl', fileTemplate('out/image.txt', '${path.root}/run.sh'));
    const changed = await images.run('drift', 'base', '--exit-code');
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(
      /^base: drifted from build \w{26} \(number 1\)\n {2}changed script base\/run\.sh: mode 100755 to 100644\n {2}changed template base\/base\.pkr\.hcl: content\n$/,
    );
    expect(only(await drifted(images, 'base', '--exit-code'))).toMatchObject({
      exit_code: 1,
      changes: {
        added: [],
        removed: [],
        changed: [
          { name: 'base/run.sh', changed: ['mode'] },
          { name: 'base/base.pkr.hcl', changed: ['digest'] },
        ],
      },
    });
  });

  it('tells of all builders, and of one that cannot be looked at why', async () => {
    const images = await repository();
    const all = await drifted(images);
    expect(all.builders.map(({ builder, state, exit_code: exitCode }) => [builder, state, exitCode])).toEqual([
      ['base', 'never-built', 0],
      ['other', 'never-built', 0],
      ['broken', 'unknown', 1],
    ]);
    expect(all.exit_code).toBe(1);
    expect(all.builders[2]?.classification?.rule).toBe('TEMPLATE_INVALID');
  });

  it('compares what a request varied with the newest build of the same variables', async () => {
    const images = await repository();
    await images.run('build', 'base');
    expect(only(await drifted(images, 'base', '--var', 'n=1')).state).toBe('never-built');
    await images.run('build', 'base', '--var', 'n=1');
    expect(only(await drifted(images, 'base', '--var', 'n=1')).state).toBe('unchanged');
    expect(only(await drifted(images, 'base', '--var', 'm=1'))).toMatchObject({
      state: 'unknown',
      classification: { rule: 'VARIABLE_NOT_ALLOWED' },
    });
    expect((await images.run('drift', '--var', 'n=1')).stderr).toContain('hybridcore-packer drift BUILDER --var name=value');
  });

  it('aborts where the manifest is not what was sealed', async () => {
    const images = await repository();
    const built = Result.parse((await images.run('build', 'base', '--json')).json());
    const path = built.manifest_path ?? '';
    const sealed = await images.read(path);
    await rename(join(images.root, path), join(images.root, `${path}.bak`));
    await images.write(path, sealed.replace('"attempt": 1', '"attempt": 2'));
    expect(only(await drifted(images, 'base'))).toMatchObject({ exit_code: 3, state: 'unknown', classification: { rule: 'CHAIN_BROKEN' } });
  });

  it('shows with --diff what git has of the earlier text, without secrets and escapes, and says where it has nothing', async () => {
    const images = await repository();
    const git = gitIn(images.root);
    git('init', '-q');
    git('add', 'base', 'hybridcore.yaml');
    git('commit', '-q', '-m', 'one');
    await images.run('build', 'base');
    // In two pieces, so that no scanner takes this file for a leak.
    const token = ['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('');
    await images.write('base/run.sh', `#!/bin/sh\necho one\necho \u001B[31m${token}\n`);
    git('add', 'base');
    git('commit', '-q', '-m', 'two');
    const shown = await images.run('drift', 'base', '--diff');
    expect(shown.stdout).toContain('--- a/base/run.sh\n+++ b/base/run.sh\n@@ -1,3 +1,3 @@\n #!/bin/sh\n echo one\n-echo two\n+echo ');
    expect(shown.stdout).toMatch(/\+echo \[REDACTED:[^\]]+\]/);
    expect(shown.stdout).not.toContain(token);
    expect(shown.stdout).not.toContain('\u001B');

    await images.run('build', 'other');
    await images.write('other/run.sh', '#!/bin/sh\necho new\n');
    expect(only(await drifted(images, 'other', '--diff')).diffs).toEqual([
      { kind: 'script', name: 'other/run.sh', diff: null, why: 'what it was then is in no commit that git has here' },
    ]);
  });

  it('shows with --diff nothing that the template called sensitive when the image was built', async () => {
    const images = await repository();
    const git = gitIn(images.root);
    const template = await images.read('base/base.pkr.hcl');
    const sensitive = (value: string) => `variable "word" {\n  default   = "${value}"\n  sensitive = true\n}\n${template}`;
    await images.write('base/base.pkr.hcl', sensitive('Old-Horse-Battery-1'));
    await images.write('base/more.auto.pkrvars.hcl', 'word = "Older-Horse-Battery-2"\n');
    await images.write('base/run.sh', '#!/bin/sh\necho Old-Horse-Battery-1 Older-Horse-Battery-2\n');
    git('init', '-q');
    git('add', 'base', 'hybridcore.yaml');
    git('commit', '-q', '-m', 'one');
    await images.run('build', 'base');

    async function expectNothingOld(): Promise<void> {
      for (const format of [[], ['--json']]) {
        const shown = await images.run('drift', 'base', '--diff', ...format);
        expect(shown.stdout).toContain('[REDACTED:');
        expect(shown.stdout + shown.stderr).not.toMatch(/Horse-Battery/);
      }
    }
    await images.write('base/base.pkr.hcl', sensitive('New-Staple-3'));
    await images.write('base/run.sh', '#!/bin/sh\necho\n');
    await expectNothingOld();
    await images.write('base/more.auto.pkrvars.hcl', 'word = "New-Staple-4"\n');
    await expectNothingOld();
    await unlink(join(images.root, 'base/more.auto.pkrvars.hcl'));
    await images.write('base/base.pkr.hcl', template);
    await expectNothingOld();
    // The same under another name.
    await unlink(join(images.root, 'base/base.pkr.hcl'));
    await images.write('base/named.pkr.hcl', template);
    await expectNothingOld();
  });

  it('shows no line where nobody knows what the template called sensitive', async () => {
    const images = await repository();
    const git = gitIn(images.root);
    const template = await images.read('base/base.pkr.hcl');
    git('init', '-q');
    git('add', 'base/run.sh', 'hybridcore.yaml');
    git('commit', '-q', '-m', 'one');
    await images.run('build', 'base');
    await images.write('base/base.pkr.hcl', `${template}\n# more\n`);
    await images.write('base/run.sh', '#!/bin/sh\necho three\n');
    const why = 'what base/base.pkr.hcl was then is in no commit that git has here, so nobody knows what the template called a secret';
    expect(only(await drifted(images, 'base', '--diff')).diffs).toEqual([
      { kind: 'script', name: 'base/run.sh', diff: null, why },
      { kind: 'template', name: 'base/base.pkr.hcl', diff: null, why },
    ]);
  });

  it('sees which builds of the template run, and not in which order they are named', async () => {
    const images = await repository();
    const declare = (options: string) => images.write('hybridcore.yaml', `version: 1\nbuilders:\n  base: { template: base${options} }\n`);
    await declare(', except: [a, b]');
    const built = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(built.command).toContain('-except=a,b');
    await declare(', except: [b, a]');
    expect(only(await drifted(images, 'base')).state).toBe('unchanged');
    await declare(', only: [file.image], except: [b]');
    expect((await images.run('drift', 'base')).stdout).toContain(
      '  changed option except: ["a","b"] to ["b"]\n  added option only: ["file.image"]\n',
    );
  });
});
