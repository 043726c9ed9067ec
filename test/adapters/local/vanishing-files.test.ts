import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { repositoryFiles } from '../../../adapters/local/image-repository-files.ts';
import { collectInputFiles } from '../../../adapters/local/input-file-collection.ts';
import { realRoot } from '../../../adapters/local/input-file-place.ts';
import { noSightings } from '../../../adapters/local/input-sightings.ts';
import { discoverTemplate } from '../../../adapters/packer/template/discover-template.ts';
import { type RepositoryFiles } from '../../../adapters/packer/template/repository-files.ts';
import { digestOf } from '../../../core/digest.ts';
import { builder, discover, repository } from '../../fixtures/templates/repository.ts';

/** What a file says, by its digest. */
const named = new Map(['x.sh', 'y.sh'].map((name) => [digestOf(Buffer.from(JSON.stringify(name))), name]));

/** What becomes of inputs where `change` comes after they were found and before they are hashed. */
async function hashedAfter(count: number, change: (file: string) => void): Promise<string> {
  const names = Array.from({ length: count }, (_, n) => `files/${n}`);
  const root = realRoot(repository(Object.fromEntries(names.map((name) => [name, 'text']))));
  const files = collectInputFiles(root, [], { sightings: noSightings(), cache: undefined });
  try {
    const added = files.add('files', 'config', 'a test');
    if (!added.ok) return added.failure.message;
    change(join(root, 'files/0'));
    const hashed = await files.hash();
    return hashed.ok ? `${hashed.value.count} files` : `${hashed.failure.rule}: ${hashed.failure.message}`;
  } finally {
    files.close();
  }
}

describe('a file that is found and then is another', () => {
  const few = 3;
  // So many that a second thread hashes with this one.
  const many = 3000;

  it.each([few, many])('is refused where it vanished, of %i', async (count) => {
    expect(await hashedAfter(count, (file) => rmSync(file))).toBe(
      'INPUT_UNREADABLE: "files/0", named by a test, cannot be read: it is not there (any more)',
    );
  });

  it.each([few, many])('is refused where it became a FIFO, and nobody waits for its writer, of %i', async (count) => {
    const becomeFifo = (file: string): void => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    };
    expect(await hashedAfter(count, becomeFifo)).toMatch(/^INPUT_UNREADABLE: "files\/0", .* it is a FIFO, neither a file nor a folder$/);
  });

  it.each([few, many])('is refused where it became a folder, of %i', async (count) => {
    const becomeFolder = (file: string): void => {
      rmSync(file);
      mkdirSync(file);
    };
    expect(await hashedAfter(count, becomeFolder)).toMatch(
      /^INPUT_UNREADABLE: "files\/0", named by a test, cannot be read: it has become a folder$/,
    );
  });

  it.each([few, many])('is refused where it became a link out of the repository, of %i', async (count) => {
    const becomeLink = (file: string): void => {
      rmSync(file);
      symlinkSync('/etc/hostname', file);
    };
    expect(await hashedAfter(count, becomeLink)).toMatch(/^PATH_OUTSIDE: "files\/0", named by a test, leads out of the repository/);
  });

  it.each([few, many])('counts as what it is when it is hashed, of %i', async (count) => {
    expect(await hashedAfter(count, (file) => appendFileSync(file, 'more'))).toBe(`${count} files`);
  });
});

describe('a template that changes while it is discovered', () => {
  /** A repository that does `change` just before the given file is read. */
  function changing(root: string, path: string, change: () => void): RepositoryFiles {
    const files = repositoryFiles(realRoot(root), [], noSightings());
    return {
      ...files,
      read(name, where, limit) {
        if (name === path) change();
        return files.read(name, where, limit);
      },
    };
  }

  it('is refused where it vanished after it was listed', async () => {
    const root = repository({ 'images/a.pkr.hcl': '', 'images/b.pkr.hcl': '' });
    const files = changing(root, 'images/b.pkr.hcl', () => rmSync(join(root, 'images/b.pkr.hcl')));
    expect(await discoverTemplate(builder({ template: 'images' }), {}, files)).toMatchObject({
      ok: false,
      failure: { rule: 'INPUT_UNREADABLE', message: expect.stringContaining('"images/b.pkr.hcl"') },
    });
  });

  it('tells of paths that a file does not give any more', async () => {
    const template = 'build {\n  provisioner "shell" {\n    script = trimspace(file("name.txt"))\n  }\n}';
    const root = repository({ 'image.pkr.hcl': template, 'name.txt': 'a.sh' });
    const files = changing(root, 'name.txt', () => rmSync(join(root, 'name.txt')));
    const found = await discoverTemplate(builder({}), {}, files);
    expect(found).toMatchObject({ ok: true, value: { open: [{ why: 'file() is known only when the file is read' }], consulted: [] } });
  });

  it('is fingerprinted with what the files that it reads say, or not at all', async () => {
    const template = 'build {\n  provisioner "shell" {\n    script = jsondecode(file("a.json"))\n  }\n}';
    const root = repository({ 'image.pkr.hcl': template, 'a.json': '"x.sh"', 'x.sh': '', 'y.sh': '', 'files/big': '' });
    truncateSync(join(root, 'files/big'), 64 * 1024 * 1024);
    let isDone = false;
    const writing = (async () => {
      for (let at = 0; !isDone; at += 1) {
        writeFileSync(join(root, 'a.json'), at % 2 === 0 ? '"y.sh"' : '"x.sh"');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const answers = new Set<string>();
    for (let at = 0; at < 20; at += 1) {
      const found = await discover(root, { inputs: { configs: ['files/**'] } });
      if (!found.ok) answers.add(found.failure.message.replace(/, named by .*(?=, changed)/, ''));
      else answers.add(found.value.inputs.map(({ name, digest }) => (name === 'a.json' ? named.get(digest) : name)).join(' '));
    }
    isDone = true;
    await writing;
    const allowed = new Set([
      'x.sh files/big x.sh image.pkr.hcl',
      'y.sh files/big y.sh image.pkr.hcl',
      '"a.json", changed while it was read',
    ]);
    expect([...answers].filter((answer) => !allowed.has(answer))).toEqual([]);
    expect(answers).toContain('"a.json", changed while it was read');
  });
});
