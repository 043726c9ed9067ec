import { execFileSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';

import { discovered, filesOf, refused, repository } from '../../../fixtures/templates/repository.ts';

type Files = Readonly<Record<string, string>>;
type Declared = Readonly<Record<string, unknown>>;

const build = (attributes: string): string => `
variable "use" { default = false }
source "null" "x" { communicator = "none" }
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    ${attributes}
  }
}
`;

/** The files beside the template, of what packer takes too. */
async function taken(files: Files, declared: Declared = {}, selection: readonly string[] = []): Promise<string[]> {
  const root = repository(files);
  const environment = { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_CONFIG_DIR: repository({}) };
  const template = Object.keys(files)[0] ?? '';
  execFileSync(inject('packer').file, ['validate', ...selection, template], { cwd: root, env: environment });
  const discovery = await discovered(root, { template, ...declared });
  expect(discovery.undeclared).toEqual([]);
  return filesOf(discovery).filter((file) => !file.startsWith('template '));
}

describe('a file that is not there', () => {
  it.each([
    ['in a branch that is not taken', 'inline = [var.use ? file("nope") : "true"]', []],
    ['of fileexists()', 'inline = [fileexists("nope") ? file("nope") : "true"]', []],
    ['of try()', 'inline = [try(file("nope"), file("there"))]', ['config there']],
    ['after what try() takes', 'inline = [try(file("there"), file("nope"))]', ['config there']],
    ['of can()', 'inline = [can(file("nope")) ? "false" : "true"]', []],
    ['deep in try()', 'inline = [try(jsondecode(file("nope")).a, "true")]', []],
    ['of an item that a for leaves out', 'inline = [for f in ["nope", "there"] : file(f) if f != "nope"]', ['config there']],
    ['in a directive', 'inline = ["%{ if var.use }${file("nope")}%{ endif }true"]', []],
  ])('fails nothing %s', async (_what, attributes, inputs) => {
    expect(await taken({ 'image.pkr.hcl': build(attributes), there: 'true' })).toEqual(inputs);
  });

  it.each(['file("nope")', 'true || file("nope") == ""', 'try(file("nope"), file("nope"))'])(
    'fails %s, as it fails packer',
    async (text) => {
      const root = repository({ 'image.pkr.hcl': build(`inline = ["\${${text}}"]`) });
      if (text.startsWith('try')) expect((await discovered(root)).undeclared).not.toEqual([]);
      else expect(await refused(root)).toContain('INPUT_UNREADABLE');
    },
  );

  it('decides which of try() a script is', async () => {
    const attributes = 'script = try(jsondecode(file("nope")).script, "s.sh")';
    expect(await taken({ 'image.pkr.hcl': build(attributes), 's.sh': '#!/bin/sh' })).toEqual(['script s.sh']);
  });

  it('is told of, and fails nothing, where it is not known which branch is taken', async () => {
    const root = repository({ 'image.pkr.hcl': build('script = var.other ? file("nope") : "s.sh"'), 's.sh': '' });
    expect((await discovered(root)).undeclared.map(({ why }) => why)).toEqual([
      'its condition is not known: the variable other has no value here',
    ]);
  });
});

describe('a source', () => {
  const file = (name: string, content: string): string =>
    `source "file" "${name}" {\n  content = file("${content}")\n  target  = "out"\n}\n`;
  const template = `
${file('used', 'there')}
${file('other', 'nope')}
build {
  sources = ["source.file.used"]
}
build {
  name = "second"
  source "file.other" {
  }
  provisioner "shell-local" {
    script = "nope.sh"
  }
}
`;
  const files = { 'image.pkr.hcl': template, there: '' };

  it('that no build uses is no input', async () => {
    const unused = `${file('used', 'there')}${file('unused', 'nope')}build {\n  sources = ["source.file.used"]\n}\n`;
    expect(await taken({ 'image.pkr.hcl': unused, there: '' })).toEqual(['config there']);
  });

  it.each([
    { only: ['file.used'] },
    { only: ['file.*'] },
    { except: ['second.file.other'] },
    { except: ['second.*'] },
    { only: ['*.used', 'nothing'] },
  ])('that %j leaves out is no input, nor is a build without sources', async (selection) => {
    const [[name, patterns] = ['only', []]] = Object.entries(selection);
    expect(await taken(files, selection, [`-${name}=${patterns.join(',')}`])).toEqual(['config there']);
  });

  it.each([{}, { only: ['second.*'] }, { except: ['file.other'] }, { only: ['*.?ther'] }, { except: ['{second.*}'] }])(
    'that may run with %j is one',
    async (selection) => {
      expect(await refused(repository(files), selection)).toContain('INPUT_UNREADABLE');
    },
  );

  it.each(['sources = var.sources', 'dynamic "source" {\n    for_each = ["x"]\n    labels = ["file.used"]\n    content {\n    }\n  }'])(
    'is one where it is not known which are used: %s',
    async (sources) => {
      const open = `${file('other', 'nope')}build {\n  ${sources}\n}\n`;
      expect(await refused(repository({ 'image.pkr.hcl': open }))).toContain('INPUT_UNREADABLE');
    },
  );

  it('goes by no prefix where the name of its build is empty', async () => {
    const named = `${file('used', 'there')}${file('other', 'nope')}build {\n  name = ""\n  sources = ["file.used", "file.other"]\n}\n`;
    const selected = { 'image.pkr.hcl': named, there: '' };
    expect(await taken(selected, { only: ['file.used'] }, ['-only=file.used'])).toEqual(['config there']);
  });

  it('of a legacy template is left out by its whole name, not by a pattern', async () => {
    const json = JSON.stringify({ builders: [{ type: 'file', name: 'na', source: 'there', target: 'out' }] });
    expect(await taken({ 'image.json': json, there: '' }, { except: ['n*'] }, ['-except=n*'])).toEqual(['config there']);
  });

  it('of a legacy template goes by its name or its type', async () => {
    const json = JSON.stringify({
      builders: [
        { type: 'null', communicator: 'none' },
        { type: 'file', name: 'other', source: 'nope', target: 'out' },
      ],
      provisioners: [{ type: 'shell-local', script: 's.sh' }],
    });
    const legacy = { 'image.json': json, 's.sh': '#!/bin/sh' };
    for (const [selection, line] of [
      [{ only: ['null'] }, '-only=null'],
      [{ except: ['other'] }, '-except=other'],
    ] as const)
      expect(await taken(legacy, selection, [line])).toEqual(['script s.sh']);
  });
});
