import {
  chmodSync,
  cpSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareInputs, differenceLines } from '../../../core/drift.ts';
import { newestManifest } from '../../../core/newest-manifest.ts';
import { type Input } from '../../../core/input.ts';
import { discovered, repository, temporaryFolder, write } from '../../fixtures/templates/repository.ts';
import { debian, sealedChain } from '../../fixtures/sealed-chain.ts';
import { gitIn } from '../../fixtures/git.ts';

/** A repository with a builder that has one of everything, and what a request varied. */
interface Declared {
  readonly root: string;
  readonly builder: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string>>;
}

const template = `variable "region" {
  default = "here"
}
variable "hidden" {
  default   = ""
  sensitive = true
}
source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    script = "scripts/named.sh"
  }
}
`;

/** Files beside the template, by name: a content of its own for each, so that a moved one is told without doubt. */
const generated = fc
  .uniqueArray(
    fc.stringMatching(/^[a-zé ]{1,6}(\/[a-z#'"$-]{1,6})?$/).filter((name) => !/(^|\/)\.\.?(\/|$)/.test(name)),
    { minLength: 1, maxLength: 8 },
  )
  .map((names) => names.filter((name) => !names.some((other) => other !== name && other.startsWith(`${name}/`))))
  .filter((names) => names.length > 0);

function declaredIn(names: readonly string[]): Declared {
  const root = repository({
    'image.pkr.hcl': template,
    'scripts/named.sh': 'echo named\n',
    'one.pkrvars.hcl': '',
    'two.pkrvars.hcl': 'region = "two"\n',
    ...Object.fromEntries(names.map((name) => [`files/${name}`, `the content of ${name}\n`])),
  });
  symlinkSync('one.pkrvars.hcl', join(root, 'link'));
  return {
    root,
    builder: {
      var_files: ['one.pkrvars.hcl', 'two.pkrvars.hcl'],
      only: ['null.x'],
      packer: { version: '1.14.2' },
      inputs: { configs: ['files/**', 'link'] },
      secrets: { token: 'env:TOKEN' },
      variables: ['region'],
    },
    variables: { region: 'there' },
  };
}

/** One thing that can be done to it, and what `drift` is then to say, all of it. */
interface Change {
  readonly what: string;
  readonly edit?: (root: string, file: string) => void;
  readonly redeclare?: (declared: Declared) => Declared;
  readonly told: (file: string) => readonly string[];
}

const changes: readonly Change[] = [
  {
    what: 'content',
    edit: (root, file) => writeFileSync(join(root, file), 'another content\n'),
    told: (file) => [`changed config ${file}: content`],
  },
  {
    what: 'mode',
    edit: (root, file) => chmodSync(join(root, file), 0o755),
    told: (file) => [`changed config ${file}: mode 100644 to 100755`],
  },
  {
    what: 'content, with size and time as they were',
    edit(root, file) {
      const { atime, mtime } = lstatSync(join(root, file));
      writeFileSync(join(root, file), readFileSync(join(root, file), 'utf8').replace('content', 'CONTENT'));
      utimesSync(join(root, file), atime, mtime);
    },
    told: (file) => [`changed config ${file}: content`],
  },
  { what: 'removed', edit: (root, file) => rmSync(join(root, file)), told: (file) => [`removed config ${file}`] },
  { what: 'added', edit: (root, file) => write(root, `${file}.added`, 'new'), told: (file) => [`added config ${file}.added`] },
  {
    what: 'moved',
    edit: (root, file) => renameSync(join(root, file), join(root, `${file}.moved`)),
    told: (file) => [`moved config ${file} to ${file}.moved`],
  },
  {
    what: 'a link turned elsewhere',
    edit(root) {
      rmSync(join(root, 'link'));
      symlinkSync('two.pkrvars.hcl', join(root, 'link'));
    },
    told: () => ['changed config link: content'],
  },
  {
    what: 'a script of the template',
    edit: (root) => writeFileSync(join(root, 'scripts/named.sh'), 'echo otherwise\n'),
    told: () => ['changed script scripts/named.sh: content'],
  },
  {
    what: 'the template',
    edit: (root) => writeFileSync(join(root, 'image.pkr.hcl'), `${template}# more\n`),
    told: () => ['changed template image.pkr.hcl: content'],
  },
  {
    what: 'a request variable',
    redeclare: (declared) => ({ ...declared, variables: { region: 'elsewhere' } }),
    told: () => ['changed variable region: "there" to "elsewhere"'],
  },
  {
    what: 'the pinned packer',
    redeclare: (declared) => ({ ...declared, builder: { ...declared.builder, packer: { version: '1.15.0' } } }),
    told: () => ['changed tool packer: "1.14.2" to "1.15.0"'],
  },
  {
    what: 'the order of the variable files',
    redeclare: (declared) => ({ ...declared, builder: { ...declared.builder, var_files: ['two.pkrvars.hcl', 'one.pkrvars.hcl'] } }),
    told: () => ['changed option var_files: ["one.pkrvars.hcl","two.pkrvars.hcl"] to ["two.pkrvars.hcl","one.pkrvars.hcl"]'],
  },
  {
    what: 'where a secret comes from',
    redeclare: (declared) => ({ ...declared, builder: { ...declared.builder, secrets: { token: 'ssm:/token' } } }),
    told: () => ['changed variable token: env:TOKEN to ssm:/token'],
  },
  {
    what: 'which builds run',
    redeclare: (declared) => ({ ...declared, builder: { ...declared.builder, only: ['null.x', 'null.y'] } }),
    told: () => ['changed option only: ["null.x"] to ["null.x","null.y"]'],
  },
  {
    what: 'which builds do not',
    redeclare: (declared) => ({ ...declared, builder: { ...declared.builder, except: ['null.y'] } }),
    told: () => ['added option except: ["null.y"]'],
  },
];

const untold: readonly Omit<Change, 'told'>[] = [
  { what: 'touched', edit: (root, file) => utimesSync(join(root, file), 1, 1) },
  {
    what: 'written again',
    edit(root, file) {
      const content = readFileSync(join(root, file));
      rmSync(join(root, file));
      writeFileSync(join(root, file), content);
    },
  },
  {
    what: 'the link made again',
    edit(root) {
      const target = readlinkSync(join(root, 'link'));
      rmSync(join(root, 'link'));
      symlinkSync(target, join(root, 'link'));
    },
  },
  {
    what: 'declared in another order',
    redeclare: (declared) => ({ ...declared, builder: Object.fromEntries(Object.entries(declared.builder).toReversed()) }),
  },
  {
    what: 'copied elsewhere',
    redeclare(declared) {
      const root = join(temporaryFolder(), 'a copy');
      cpSync(declared.root, root, { recursive: true, verbatimSymlinks: true });
      return { ...declared, root };
    },
  },
  {
    what: 'checked out with other times',
    redeclare(declared) {
      const git = gitIn(declared.root);
      git('init', '-q');
      git('add', '.');
      git('commit', '-qm', 'images');
      const root = join(temporaryFolder(), 'clone');
      git('clone', '-q', declared.root, root);
      return { ...declared, root };
    },
  },
  { what: 'a file that is no input', edit: (root) => write(root, 'README', 'read me') },
];

async function inputsOf({ root, builder, variables }: Declared): Promise<readonly Input[]> {
  return (await discovered(root, builder, variables)).inputs;
}

/** What `drift` says after a change to a repository whose inputs were sealed. */
async function driftAfter(names: readonly string[], { edit, redeclare }: Omit<Change, 'told'>, file: string): Promise<readonly string[]> {
  const declared = declaredIn(names);
  const chain = await sealedChain(0);
  await chain.seal({ inputs: [...(await inputsOf(declared))] });
  edit?.(declared.root, file);
  const now = await inputsOf(redeclare?.(declared) ?? declared);
  const newest = await newestManifest(chain, debian, {});
  if (!newest.ok || newest.value === null) throw new Error('the manifest is not there');
  return differenceLines(compareInputs(newest.value.manifest.inputs, now));
}

const cases = <T>(among: readonly T[]) =>
  generated.chain((names) => fc.record({ names: fc.constant(names), name: fc.constantFrom(...names), change: fc.constantFrom(...among) }));

describe('drift of a random repository', () => {
  it('names exactly the one thing that was changed', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(cases(changes), async ({ names, name, change }) => {
        seen.add(change.what);
        expect(await driftAfter(names, change, `files/${name}`), change.what).toEqual(change.told(`files/${name}`));
      }),
      { numRuns: 150 },
    );
    expect([...seen].toSorted()).toEqual(changes.map(({ what }) => what).toSorted());
  });

  it('says nothing of what does not shape an image', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(cases(untold), async ({ names, name, change }) => {
        seen.add(change.what);
        expect(await driftAfter(names, change, `files/${name}`), change.what).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect([...seen].toSorted()).toEqual(untold.map(({ what }) => what).toSorted());
  });
});
