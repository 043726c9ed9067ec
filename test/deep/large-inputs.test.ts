import { createHash } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { fingerprintOf } from '../../core/fingerprint.ts';
import { discover, discovered, filesOf, refused, repository } from '../fixtures/templates/repository.ts';

const gigabyte = 1024 ** 3;

const template = 'source "qemu" "x" {\n  http_directory = "www"\n}\n';

describe('inputs that are large', () => {
  it('are hashed whole: a file of 10 GB', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'www/disk.img': '' });
    truncateSync(join(root, 'www/disk.img'), 10 * gigabyte);
    const expected = createHash('sha256');
    const zeros = Buffer.alloc(gigabyte / 16);
    for (let at = 0; at < 160; at += 1) expected.update(zeros);
    expect((await discovered(root)).inputs.find(({ name }) => name === 'www/disk.img')).toEqual({
      kind: 'config',
      name: 'www/disk.img',
      digest: `sha256:${expected.digest('hex')}`,
      size: 10 * gigabyte,
      mode: '100644',
    });
  });

  it('are refused where discovery would have to read them as text', async () => {
    const root = repository({
      'image.pkr.hcl': 'build {\n  provisioner "shell" {\n    script = trimspace(file("big"))\n  }\n}',
      big: '',
      v: '',
    });
    truncateSync(join(root, 'big'), 10 * gigabyte);
    const outcome = await discover(root);
    expect(outcome.ok && outcome.value.undeclared.map(({ why }) => why)).toEqual(['file() is known only when the file is read']);
    truncateSync(join(root, 'v'), 10 * gigabyte);
    expect(await refused(root, { var_files: ['v'] })).toMatch(/^INPUT_UNREADABLE: "v".* has 10737418240 bytes; at most 1048576 are taken$/);
  });

  it('are all found: 100,000 files in one folder', async () => {
    const root = repository({ 'image.pkr.hcl': template });
    mkdirSync(join(root, 'www'));
    for (let at = 0; at < 100_000; at += 1) writeFileSync(join(root, 'www', `file ${at}`), `${at}`);
    const before = await discovered(root);
    expect(filesOf(before)).toHaveLength(100_001);
    writeFileSync(join(root, 'www', 'file 77777'), 'changed');
    const after = await discovered(root);
    const digests = new Map(before.inputs.map(({ name, digest }) => [name, digest]));
    expect(after.inputs.filter(({ name, digest }) => digests.get(name) !== digest).map(({ name }) => name)).toEqual(['www/file 77777']);
    expect(fingerprintOf(after.inputs)).not.toBe(fingerprintOf(before.inputs));
  });
});
