import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { discover, refused, repository } from '../fixtures/templates/repository.ts';

const gigabyte = 1024 ** 3;

describe('files that are large', () => {
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
});
