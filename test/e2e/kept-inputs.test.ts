import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { fileTemplate, rig } from '../fixtures/rig.ts';

describe('inputs that were asked for before', () => {
  it('are answered with the same bytes while nothing changes, and anew when something did', async () => {
    const images = await rig({
      'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, inputs: { configs: ["files/**"] } }\n',
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': '#!/bin/sh\necho installing\n',
      'files/motd': 'hello\n',
    });
    const ask = async (...words: readonly string[]) => {
      // What changed in the last tick of the clock is read again, and no answer is kept that needed it.
      await after(20);
      return images.start(['inputs', 'base', '--json', ...words]).ended;
    };
    const kept = join(images.root, 'state/inputs-cache/base.json.answer');
    const first = await ask();
    const second = await ask();
    expect((await readFile(kept)).includes(second.stdout)).toBe(true);
    const written = (await stat(kept)).mtimeMs;
    const third = await ask();
    expect([second.stdout, third.stdout, third.stderr, third.code]).toEqual([first.stdout, first.stdout, '', 0]);
    expect((await stat(kept)).mtimeMs).toBe(written);

    await images.write('files/motd', 'HELLO\n');
    const changed = await ask();
    expect(changed.stdout).not.toBe(first.stdout);
    await images.write('files/motd', 'hello\n');
    expect((await ask()).stdout).toBe(first.stdout);
    expect((await ask('--home', 'elsewhere')).stdout).toBe(first.stdout);
  });
});
