import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { earlierSecrets } from '../../../adapters/local/earlier-template.ts';
import { imageRepository } from '../../../adapters/local/image-repository.ts';
import { compareInputs } from '../../../core/drift.ts';
import { builder, repository, write } from '../../fixtures/templates/repository.ts';
import { gitIn } from '../../fixtures/git.ts';

const template = `local "word" {
  expression = trimspace(file("\${path.root}/secret.txt"))
  sensitive  = true
}
source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    inline = ["echo \${local.word}"]
  }
}
`;

function commit(root: string): void {
  const git = gitIn(root);
  git('init', '-q');
  git('add', '--all');
  git('commit', '-q', '-m', 'then');
}

const inputsOf = async (root: string) => {
  const found = await imageRepository(root).discover(builder({}), {});
  if (!found.ok) throw new Error(found.failure.message);
  return found.value.inputs;
};

/** What was secret before `change`, as it is found after it. */
async function secretsBefore(change: (root: string) => void, files: Readonly<Record<string, string>> = {}) {
  const root = repository({ 'image.pkr.hcl': template, 'secret.txt': 'of then\n', ...files });
  const before = await inputsOf(root);
  commit(root);
  change(root);
  return earlierSecrets(root, builder({}), {}, compareInputs(before, await inputsOf(root)));
}

describe('what the template called secret', () => {
  it('is found in a file that it read, and that has changed since', async () => {
    expect(await secretsBefore((root) => write(root, 'secret.txt', 'of now\n'))).toEqual({ values: ['of then'] });
  });

  it('is found where the template says nothing of it any more, and that file is gone', async () => {
    const found = await secretsBefore((root) => {
      rmSync(`${root}/secret.txt`);
      write(root, 'image.pkr.hcl', template.slice(template.indexOf('source')).replace('${local.word}', 'nothing'));
    });
    expect(found).toEqual({ values: ['of then'] });
  });

  it('is what it is now where nothing has changed', async () => {
    expect(await secretsBefore(() => undefined)).toEqual({ values: ['of then'] });
  });

  it('is not known where git does not have a file that it read', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'secret.txt': 'of then\n' });
    const before = await inputsOf(root);
    write(root, 'secret.txt', 'of now\n');
    commit(root);
    expect(await earlierSecrets(root, builder({}), {}, compareInputs(before, await inputsOf(root)))).toEqual({
      values: null,
      why: 'what secret.txt was then is in no commit that git has here, so nobody knows what the template called a secret',
    });
  });
});
