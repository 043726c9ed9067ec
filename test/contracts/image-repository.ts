import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compareInputs } from '../../core/drift.ts';
import { fingerprintOf, sortInputs } from '../../core/fingerprint.ts';
import { Input } from '../../core/input.ts';
import { type Discovery, type ImageRepository } from '../../core/ports.ts';
import { builder } from '../fixtures/templates/repository.ts';

/** An image repository that is checked out, and has no files yet. */
export interface ImageRepositoryUnderTest {
  readonly repository: ImageRepository;
  /** Writes a file of the repository. */
  write(name: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

const template = `variable "password" {
  sensitive = true
}
variable "region" {
}
variable "chosen" {
}
source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    script = "scripts/a.sh"
  }
  provisioner "shell-local" {
    script = var.chosen
  }
}
`;

/** Put together here so that no scanner takes this file for a leak. */
const token = ['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('');

/** What every adapter of `ImageRepository` promises. Registers its tests. */
export function imageRepositoryContract(name: string, make: () => Promise<ImageRepositoryUnderTest>): void {
  describe(`${name} keeps the contract of an image repository`, () => {
    let place: ImageRepositoryUnderTest;
    beforeEach(async () => {
      place = await make();
      await place.write('image.pkr.hcl', template);
      await place.write('scripts/a.sh', 'echo a\n');
    });
    afterEach(() => place.remove());

    const declared = { secrets: { token: 'env:TOKEN' }, variables: ['region', 'chosen'], packer: { version: '1.14.2' } };
    const discovered = async (requestVariables: Readonly<Record<string, string>> = {}): Promise<Discovery> => {
      const outcome = await place.repository.discover(builder(declared), requestVariables);
      if (!outcome.ok) throw new Error(`${outcome.failure.rule}: ${outcome.failure.message}`);
      return outcome.value;
    };

    it('inputs fit the schema of the manifest and come sorted as the fingerprint sorts them', async () => {
      const { inputs } = await discovered({ region: 'us-east-1' });
      for (const input of inputs) expect(Input.parse(input)).toEqual(input);
      expect(inputs).toEqual(sortInputs(inputs));
      expect(inputs.map(({ kind, name: called }) => `${kind} ${called}`)).toEqual([
        'script scripts/a.sh',
        'template image.pkr.hcl',
        'tool packer',
        'variable password',
        'variable region',
        'variable token',
      ]);
    });

    it('equal files give equal inputs each time, and what is no input is not seen', async () => {
      const before = await discovered();
      await place.write('README.md', 'other');
      await place.write('scripts/b.sh', 'other');
      await place.write('scripts/a.sh', 'echo a\n');
      expect(await discovered()).toEqual(before);
    });

    it('one byte of one script changes the fingerprint and that input alone, and taking it back changes it back', async () => {
      const before = await discovered();
      await place.write('scripts/a.sh', 'echo b\n');
      const { inputs } = await discovered();
      const { added, removed, changed } = compareInputs(before.inputs, inputs);
      expect([added, removed, changed.map((each) => [each.name, each.changed])]).toEqual([[], [], [['scripts/a.sh', ['digest']]]]);
      expect(fingerprintOf(inputs)).not.toBe(fingerprintOf(before.inputs));
      await place.write('scripts/a.sh', 'echo a\n');
      expect((await discovered()).inputs).toEqual(before.inputs);
    });

    it('a variable of the request is an input with its value, and a sensitive one never is, whatever the request says', async () => {
      const { inputs, sensitiveVariables } = await discovered({
        region: 'asked-for',
        password: 'from-the-request',
        token: 'from-the-request',
      });
      expect(inputs.find((input) => input.name === 'region')).toMatchObject({ value: 'asked-for', from: 'request' });
      expect(inputs.flatMap((input) => ('reference' in input ? [[input.name, input.reference]] : []))).toEqual([
        ['password', 'template'],
        ['token', 'env:TOKEN'],
      ]);
      expect(JSON.stringify(inputs)).not.toContain('from-the-request');
      expect(sensitiveVariables).toEqual(['password']);
    });

    it('a file that cannot be found without running packer is told as undeclared, with where it is named', async () => {
      expect((await discovered()).undeclared).toEqual([
        expect.objectContaining({ template: 'image.pkr.hcl', line: 17, reference: 'var.chosen' }),
      ]);
    });

    it('an input that is missing is a failure that names it, not an error', async () => {
      await place.write('image.pkr.hcl', template.replace('scripts/a.sh', 'scripts/gone.sh'));
      expect(await place.repository.discover(builder(declared), {})).toMatchObject({
        ok: false,
        failure: { rule: 'INPUT_UNREADABLE', message: expect.stringContaining('scripts/gone.sh') },
      });
    });

    it('a secret among the inputs is told by file, line and rule, one elsewhere is not, and none by its text', async () => {
      await place.write('scripts/a.sh', `#!/bin/sh\n\ncurl -H 'Authorization: token ${token}'\n`);
      await place.write('scripts/unused.sh', `echo ${token}\n`);
      const found = await place.repository.findSecrets((await discovered()).inputs);
      expect(found).toEqual([{ file: 'scripts/a.sh', line: 3, rule: expect.stringMatching(/./) }]);
      expect(JSON.stringify(found)).not.toContain(token);
      await place.write('scripts/a.sh', 'echo a\n');
      expect(await place.repository.findSecrets((await discovered()).inputs)).toEqual([]);
    });
  });
}
