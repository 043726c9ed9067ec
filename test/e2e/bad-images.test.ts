import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Result } from '../../core/result.ts';
import { rig } from '../fixtures/rig.ts';

const template = 'build {\n  provisioner "shell" {\n    script = "base/run.sh"\n  }\n}\n';
const files = {
  'hybridcore.yaml': 'version: 1\nbuilders:\n  base:\n    template: base\n    inputs: { configs: ["files/**"] }\n',
  'base/base.pkr.hcl': template,
  'base/run.sh': '#!/bin/sh\ntrue\n',
  'files/motd': 'hello\n',
};

/** What is done to the image repository, and what is said of it. */
const cases: readonly (readonly [what: string, change: (root: string) => void, rule: string, message: RegExp])[] = [
  [
    'broken HCL',
    (root) => writeFileSync(join(root, 'base/base.pkr.hcl'), 'build {\n  x = [\n'),
    'TEMPLATE_INVALID',
    /base\/base\.pkr\.hcl:\d/,
  ],
  [
    'a binary that is called a template',
    (root) => writeFileSync(join(root, 'base/base.pkr.hcl'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff, 0xfe])),
    'TEMPLATE_INVALID',
    /base\/base\.pkr\.hcl:1: this is not text in UTF-8/,
  ],
  [
    'links in a circle',
    (root) => {
      symlinkSync('b', join(root, 'files/a'));
      symlinkSync('a', join(root, 'files/b'));
    },
    'INPUT_UNREADABLE',
    /"files\/a".*in a circle/,
  ],
  ['a link out of the repository', (root) => symlinkSync('/etc/hostname', join(root, 'files/a')), 'PATH_OUTSIDE', /"files\/a"/],
  ['a link that leads nowhere', (root) => symlinkSync('none', join(root, 'files/a')), 'INPUT_UNREADABLE', /"files\/a".*leads nowhere/],
  ['a FIFO', (root) => void execFileSync('mkfifo', [join(root, 'files/a')]), 'INPUT_UNREADABLE', /"files\/a".*a FIFO/],
  ['a name with a line feed', (root) => writeFileSync(join(root, 'files/a\nb'), ''), 'INPUT_NAME', /files\/a\\nb/],
  [
    'a name that is not UTF-8',
    (root) => writeFileSync(Buffer.concat([Buffer.from(join(root, 'files/caf')), Buffer.from([0xe9])]), ''),
    'INPUT_NAME',
    /not UTF-8/,
  ],
  [
    'a script that is not there',
    (root) => rmSync(join(root, 'base/run.sh')),
    'INPUT_UNREADABLE',
    /base\/base\.pkr\.hcl:3 names "base\/run\.sh"/,
  ],
  ['a template of 10 GB', (root) => truncateSync(join(root, 'base/base.pkr.hcl'), 10 * 1024 ** 3), 'INPUT_UNREADABLE', /10737418240 bytes/],
];

describe('an image repository that cannot be fingerprinted', () => {
  it.each(cases)('is told with the place, and exit code 1: %s', async (_what, change, rule, message) => {
    const images = await rig(files);
    change(images.root);
    const ended = await images.run('inputs', 'base', '--json');
    const result = Result.parse(ended.json());
    expect([ended.code, result.exit_code, result.classification.rule, result.fingerprint]).toEqual([1, 1, rule, null]);
    expect(result.classification.reason).toMatch(message);
    expect(result.classification.hint).not.toBe('');
  });

  it('is told where there is no permission', async () => {
    const images = await rig(files);
    const secret = join(images.root, 'files/motd');
    chmodSync(images.root, 0o755);
    chmodSync(secret, 0o600);
    // The superuser may read everything, so it asks as another user.
    const isPrivileged = process.getuid?.() === 0;
    if (isPrivileged) chownSync(secret, 0, 0);
    else chmodSync(secret, 0);
    const program = join(import.meta.dirname, '..', '..', 'bin', 'hybridcore-packer.mjs');
    const nobody = isPrivileged ? { uid: 65_534, gid: 65_534 } : {};
    const ended = spawnSync(process.execPath, [program, 'inputs', 'base'], { cwd: images.root, encoding: 'utf8', ...nobody });
    expect(ended.stderr).toContain('INPUT_UNREADABLE');
    expect(ended.stderr).toMatch(/"files\/motd".*there is no permission/);
    expect([ended.status, ended.stdout]).toEqual([1, '']);
  });
});
