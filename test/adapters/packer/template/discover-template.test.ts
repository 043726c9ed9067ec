import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { discovered, exampleRepository, filesOf, refused, repository } from '../../../fixtures/templates/repository.ts';

const shell = (attributes: string): string => `
source "null" "x" { communicator = "none" }
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    ${attributes}
  }
}
`;

/** The files beside the template, without itself. */
async function named(
  files: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, unknown>> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const discovery = await discovered(repository(files), declared, variables);
  expect(discovery.undeclared).toEqual([]);
  return filesOf(discovery).filter((file) => !file.startsWith('template '));
}

/** What cannot be resolved, as `reference @line: why`. */
async function unresolved(
  template: string,
  declared: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const { undeclared } = await discovered(repository({ 'image.pkr.hcl': template, ...files }), declared);
  return undeclared.map(({ reference, line, why }) => `${reference} @${line}: ${why}`);
}

describe('what a template names', () => {
  it('is found in a folder of HCL files with variable files, locals, functions and dynamic blocks', async () => {
    const discovery = await discovered(exampleRepository('debian'), {
      template: 'images/debian-base',
      var_files: ['images/common/common.pkrvars.hcl'],
    });
    expect(filesOf(discovery)).toEqual([
      'config images/debian-base/templates/issue.txt',
      'config images/files/etc/.hidden',
      'config images/files/etc/motd',
      'config images/files/unattend.cfg',
      'config images/http/preseed.cfg',
      'config images/playbooks/roles/base/tasks/main.yml',
      'config images/playbooks/site.yml',
      'script images/scripts/base.sh',
      'script images/scripts/check.sh',
      'script images/scripts/first.sh',
      'script images/scripts/network.sh',
      'script images/scripts/second.sh',
      'template images/common/common.pkrvars.hcl',
      'template images/debian-base/defaults.auto.pkrvars.hcl',
      'template images/debian-base/main.pkr.hcl',
      'template images/debian-base/variables.pkr.hcl',
    ]);
    expect(discovery).toMatchObject({
      undeclared: [],
      sensitiveVariables: ['root_password'],
      sensitiveValues: ['correct-horse-battery'],
      manifestOutputs: ['out/web.json'],
      requiresPlugins: false,
    });
  });

  it('is found in a legacy JSON template, with {{user}}, {{template_dir}} and {{pwd}}', async () => {
    const discovery = await discovered(exampleRepository('legacy'), { template: 'images/ubuntu.json' });
    expect(filesOf(discovery)).toEqual([
      'config images/http/ks.cfg',
      'script images/scripts/after.sh',
      'script images/scripts/base.sh',
      'script images/scripts/disk.sh',
      'script images/scripts/second.sh',
      'script images/scripts/server.sh',
      'template images/ubuntu.json',
    ]);
    expect(discovery).toMatchObject({
      undeclared: [],
      sensitiveVariables: ['token'],
      sensitiveValues: ['tok-1234567890'],
      manifestOutputs: ['packer-manifest.json', 'out/ubuntu.json'],
    });
  });

  it("is found in HCL's JSON notation", async () => {
    const discovery = await discovered(exampleRepository('hcl-json'), { template: 'images/base.pkr.json' });
    expect(filesOf(discovery)).toEqual(['config images/issue.txt', 'script images/base.sh', 'template images/base.pkr.json']);
    expect(discovery).toMatchObject({
      undeclared: [],
      sensitiveVariables: ['key'],
      sensitiveValues: ['s3cret-value'],
      manifestOutputs: ['packer-manifest.json'],
    });
  });

  const captured = readdirSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'templates', 'captured'));
  it.each(captured)('is nothing but itself for %s, which packer has run', async (name) => {
    const discovery = await discovered(exampleRepository('captured'), { template: name });
    expect(filesOf(discovery)).toEqual([`template ${name}`]);
    expect(discovery.undeclared).toEqual([]);
  });

  it('takes paths of attributes from the root and paths of functions from the folder of the template, as packer does', async () => {
    const template = shell(
      'script = "a.sh"\n inline = [file("a.sh"), templatefile("${path.root}/b.tpl", {}), filebase64("${path.cwd}/c")]',
    );
    const files = { 'images/x.pkr.hcl': template, 'a.sh': '', 'images/a.sh': '', 'images/b.tpl': '', c: '' };
    expect(await named(files, { template: 'images/x.pkr.hcl' })).toEqual([
      'config c',
      'config images/a.sh',
      'config images/b.tpl',
      'script a.sh',
    ]);
  });

  it.each([
    ['file', 'source = "a"'],
    ['file', 'sources = ["a"]'],
    ['ansible', 'playbook_file = "a"'],
    ['ansible', 'extra_arguments = ["--extra-vars", "@a"]'],
    ['ansible-local', 'playbook_dir = "a"'],
    ['ansible-local', 'role_paths = ["a"]'],
    ['puppet-masterless', 'manifest_file = "a"'],
    ['chef-solo', 'cookbook_paths = ["a"]'],
    ['salt-masterless', 'local_state_tree = "a"'],
  ])('finds the file of the provisioner %s: %s', async (type, attribute) => {
    const template = `build {\n  provisioner "${type}" {\n    ${attribute}\n  }\n}`;
    expect(await named({ 'image.pkr.hcl': template, a: '' })).toEqual(['config a']);
  });

  it.each([
    'user_data_file = "a"',
    'http_directory = "a"',
    'cd_files = ["a"]',
    'floppy_files = ["?"]',
    'floppy_dirs = ["a/"]',
    'iso_url = "file://./a"',
  ])('finds the file of a builder: %s', async (attribute) => {
    const template = `source "qemu" "x" {\n  ${attribute}\n}\nbuild {\n  source "source.qemu.x" {}\n}`;
    expect(await named({ 'image.pkr.hcl': template, a: '' })).toEqual(['config a']);
  });

  it('is everything below a folder, hidden files and all', async () => {
    const template = 'source "qemu" "x" {\n  http_directory = "www"\n}';
    const files = { 'image.pkr.hcl': template, 'www/a': '', 'www/.b/c': '', 'www/.git/config': '', 'other/d': '' };
    expect(await named(files)).toEqual(['config www/.b/c', 'config www/a']);
  });

  it('is a script where it is one, whatever else names it', async () => {
    const template = `${shell('script = "a.sh"')}\nlocals {\n  a = file("a.sh")\n}`;
    expect(await named({ 'image.pkr.hcl': template, 'a.sh': '' }, { inputs: { configs: ['*.sh', '*.hcl'] } })).toEqual(['script a.sh']);
  });

  it('follows fileset() and for expressions to the files', async () => {
    const template = `${shell('scripts = [for f in fileset("${path.root}/s", "**/*.sh") : "${path.root}/s/${f}"]')}
locals {
  texts = { for n in ["x", "y"] : n => file("\${n}.txt") }
}`;
    const files = { 'image.pkr.hcl': template, 's/a.sh': '', 's/d/b.sh': '', 's/c.txt': '', 'x.txt': '', 'y.txt': '' };
    expect(await named(files)).toEqual(['config x.txt', 'config y.txt', 'script s/a.sh', 'script s/d/b.sh']);
  });

  it('is nothing that packer fetches, downloads or is not told', async () => {
    const template = `
source "qemu" "x" {
  iso_urls = ["https://example.org/a.iso", "s3::https://bucket/a.iso", "/isos/a.iso", "missing.iso"]
  user_data_file = ""
}
build {
  provisioner "file" {
    direction = "download"
    source    = "/var/log/x"
  }
  provisioner "shell" {
    script = null
  }
}`;
    expect(await named({ 'image.pkr.hcl': template })).toEqual([]);
  });
});

describe('the values of variables', () => {
  const template = `variable "name" {\n  type = string\n  default = "default"\n}\n${shell('script = "${var.name}.sh"')}`;
  const files = {
    'images/x.pkr.hcl': template,
    'default.sh': '',
    'auto.sh': '',
    'one.sh': '',
    'two.sh': '',
    'request.sh': '',
    'one.pkrvars.hcl': 'name = "one"',
    'two.pkrvars.json': '{"name": "two"}',
  };
  const auto = { ...files, 'images/a.auto.pkrvars.hcl': 'name = "auto"' };

  it.each([
    ['the default', files, [], {}, 'default'],
    ['an auto var file', auto, [], {}, 'auto'],
    ['a var file over an auto var file', auto, ['one.pkrvars.hcl'], {}, 'one'],
    ['the later var file', auto, ['one.pkrvars.hcl', 'two.pkrvars.json'], {}, 'two'],
    [
      'the later of two var files of a kind',
      { ...auto, 'three.pkrvars.hcl': 'name = "two"' },
      ['one.pkrvars.hcl', 'three.pkrvars.hcl'],
      {},
      'two',
    ],
    ['the request over all', auto, ['one.pkrvars.hcl'], { name: 'request' }, 'request'],
  ])('are those of %s', async (_what, repositoryFiles, varFiles, request, expected) => {
    expect(await named(repositoryFiles, { template: 'images', var_files: varFiles, variables: ['name'] }, request)).toEqual([
      `script ${expected}.sh`,
    ]);
  });

  it('are not guessed where versions of packer differ: 1.6.6 puts JSON last, newer ones keep the order', async () => {
    const { undeclared } = await discovered(repository(auto), { template: 'images', var_files: ['two.pkrvars.json', 'one.pkrvars.hcl'] });
    expect(undeclared.map(({ why }) => why)).toEqual([
      'versions of packer differ in which variable file wins for name: an HCL file comes after a JSON file',
    ]);
  });

  it('are read as expressions where the variable is no text', async () => {
    const list = `variable "names" {\n  type = list(string)\n}\n${shell('scripts = [for n in var.names : "${n}.sh"]')}`;
    expect(await named({ 'image.pkr.hcl': list, 'a.sh': '', 'b.sh': '' }, { variables: ['names'] }, { names: '["a", "b"]' })).toEqual([
      'script a.sh',
      'script b.sh',
    ]);
  });

  it('reads no auto var file beside a template that is named as a file, as packer does not', async () => {
    const discovery = await discovered(repository(auto), { template: 'images/x.pkr.hcl' });
    expect(filesOf(discovery)).toEqual(['script default.sh', 'template images/x.pkr.hcl']);
  });

  it('are secret where the template or hybridcore.yaml says so: their texts are handed on for redaction', async () => {
    const secret =
      'variable "a" {\n  default = "secret-a"\n  sensitive = true\n}\nvariable "b" {\n  sensitive = true\n}\nlocal "c" {\n  expression = "x-${var.a}"\n  sensitive = true\n}\n';
    const discovery = await discovered(
      repository({ 'image.pkr.hcl': secret, 'v.pkrvars.hcl': 'b = ["secret-b", 4711]\na = "secret-a2"' }),
      { var_files: ['v.pkrvars.hcl'] },
    );
    expect(discovery.sensitiveVariables).toEqual(['a', 'b']);
    expect(discovery.sensitiveValues).toEqual(['secret-a', 'secret-a2', 'secret-b', '4711', 'x-secret-a2']);
  });
});

describe('a secret in a file', () => {
  it('is handed on for redaction as the file says it, and without its line feed', async () => {
    const template = 'local "token" {\n  expression = file("token.txt")\n  sensitive = true\n}\n';
    const discovery = await discovered(repository({ 'image.pkr.hcl': template, 'token.txt': 'tok-4711\n' }));
    expect(discovery.sensitiveValues).toEqual(['tok-4711\n', 'tok-4711']);
  });
});

describe('a sensitive value that is not known as a whole', () => {
  const declared = (body: string): string => `variable "p" {\n  ${body}\n  sensitive = true\n}\n`;
  const local = (expression: string): string =>
    `locals {\n  whole = { password = "Correct-Horse-9", card = 1234567890123456 }\n}\nlocal "p" {\n  sensitive  = true\n  expression = ${expression}\n}\n`;

  it.each([
    ['type = map(string)', 'p = { password = "Correct-Horse-9", card = 1234567890123456 }', ['Correct-Horse-9', '1234567890123456']],
    ['default = 1', 'p = 1234567890123456', ['1', '1234567890123456']],
    ['default = -1234567890123456', '', ['1234567890123456']],
  ])('hands on what is known of it: %s', async (body, file, texts) => {
    const root = repository({ 'image.pkr.hcl': declared(body), 'v.pkrvars.hcl': file });
    expect((await discovered(root, { var_files: ['v.pkrvars.hcl'] })).sensitiveValues).toEqual(texts);
  });

  it.each([
    ['local.whole', ['Correct-Horse-9', '1234567890123456']],
    ['local.whole.password', ['Correct-Horse-9', '1234567890123456']],
    ['"Correct-${1234567890123456}"', ['Correct-1234567890123456']],
    ['"https://host/${var.token}/${local.whole.card}"', ['Correct-Horse-9', '1234567890123456']],
    ['var.production ? "Correct-Horse-9" : "Battery-Staple-7"', ['Correct-Horse-9', 'Battery-Staple-7']],
    ['{ (var.name) = "Correct-Horse-9" }', ['Correct-Horse-9']],
    ['[for key in [1234567890123456] : key]', ['1234567890123456']],
    ['jsondecode(file("s.json"))', ['Correct-Horse-9', '12345678901234567890', 'true']],
    ['yamldecode(file("s.yaml"))', ['Correct-Horse-9', '010']],
    ['[file("missing.txt"), env("NAME"), "Correct-Horse-9"]', ['Correct-Horse-9']],
    ['var.name == "image"', []],
    ['local.p', []],
  ])('hands on what is known of it, and no condition, key or path: %s', async (expression, texts) => {
    const root = repository({
      'image.pkr.hcl': local(expression),
      's.json': '{"password": "Correct-Horse-9", "card": 12345678901234567890, "on": true}',
      's.yaml': 'password: Correct-Horse-9\ncode: 010\n',
      'missing.txt': Uint8Array.of(0xff),
    });
    expect((await discovered(root)).sensitiveValues).toEqual(texts);
  });

  it('hands on the numbers of JSON as they are written', async () => {
    const root = repository({
      'image.pkr.hcl': `${declared('type = string')}build {\n  provisioner "shell-local" {\n    script = var.p == "12345678901234567000" ? "a.sh" : "b.sh"\n  }\n}\n`,
      'v.json': '{"p": 12345678901234567890}',
      'a.sh': '',
      'b.sh': '',
    });
    const discovery = await discovered(root, { var_files: ['v.json'] });
    expect(discovery.sensitiveValues).toEqual(['12345678901234567890']);
    expect(discovery.undeclared).not.toEqual([]);
  });
});

describe('what cannot be resolved', () => {
  it.each([
    ['script = "scripts/${var.os}.sh"', '"scripts/${var.os}.sh" @6: the variable os has no value here'],
    ['script = env("SCRIPT")', 'env("SCRIPT") @6: env() is known only while packer runs: it is read from the environment'],
    ['script = "${data.x.y.z}"', '"${data.x.y.z}" @6: data.x is known only while packer runs'],
    [
      'script = build.ID == "" ? "a.sh" : "b.sh"',
      'build.ID == "" ? "a.sh" : "b.sh" @6: its condition is not known: build.ID is known only while packer runs',
    ],
    ['script = "a-{{ .Vars }}.sh"', '"a-{{ .Vars }}.sh" @6: packer fills in {{...}} while it builds'],
    ['inline = [file(var.os)]', 'var.os @6: the variable os has no value here'],
    ['scripts = ["x.sh", local.none]', 'local.none @6: the template has no local none'],
  ])('is named with its line and the reason: %s', async (attribute, expected) => {
    expect(await unresolved(shell(attribute), {}, { 'x.sh': '' })).toEqual([expected]);
  });

  it('is a fileset() over a folder that may not be read', async () => {
    const root = repository({ 'image.pkr.hcl': shell('scripts = fileset("out", "*.sh")') });
    symlinkSync('/etc', join(root, 'out'));
    const why = 'the folder of fileset() cannot be read';
    expect((await discovered(root)).undeclared.map((each) => each.why)).toEqual([why, why]);
  });

  it('is a secret too', async () => {
    expect(await unresolved(shell('script = "${var.token}.sh"'), { secrets: { token: 'env:TOKEN' } })).toEqual([
      '"${var.token}.sh" @6: the value of the variable token is a secret',
    ]);
  });

  it('is no undeclared input where a glob finds all that it may become', async () => {
    const template = shell('script = "${path.root}/scripts/${var.os}.sh"');
    const files = { 'scripts/a.sh': '', 'scripts/.b.sh': '' };
    for (const glob of ['scripts/**', 'scripts/*.sh', '**', 'scripts'])
      expect(await unresolved(template, { inputs: { scripts: [glob] } }, files)).toEqual([]);
    for (const glob of ['scripts/*.py', 'other/**', 'scripts/a.sh'])
      expect(await unresolved(template, { inputs: { scripts: [glob] } }, files)).toHaveLength(1);
    expect(await unresolved(template, { inputs: { scripts: ['scripts/**'], exclude: ['**/*.sh'] } }, files)).toHaveLength(1);
  });

  it('needs globs for each branch of a conditional', async () => {
    const template = shell('script = var.big ? "a.sh" : "b/c.sh"');
    const files = { 'a.sh': '', 'b/c.sh': '' };
    expect(await unresolved(template, { inputs: { scripts: ['a.sh', 'b/**'] } }, files)).toEqual([]);
    expect(await unresolved(template, { inputs: { scripts: ['a.sh'] } }, files)).toHaveLength(1);
  });

  it('is covered by no glob where it could lie anywhere', async () => {
    expect(await unresolved(shell('script = "../${var.os}.sh"'), { inputs: { scripts: ['**'] } })).toHaveLength(1);
  });

  it('is a file that an earlier step of the build makes', async () => {
    const template = 'build {\n  provisioner "file" {\n    generated = true\n    source = "out.txt"\n  }\n}';
    expect(await unresolved(template)).toEqual(['"out.txt" @4: an earlier step of the build makes it']);
  });

  it('says so in a legacy template as well', async () => {
    const json = '{"builders": [],\n "provisioners": [{"type": "shell",\n "script": "{{env `X`}}.sh"}]}';
    const { undeclared } = await discovered(repository({ 'image.json': json }), { template: 'image.json' });
    expect(undeclared).toEqual([
      { reference: '{{env `X`}}.sh', template: 'image.json', line: 3, why: 'packer fills in {{env `X`}} while it builds' },
    ]);
  });

  it('goes through a dynamic block whose items are not known', async () => {
    const template =
      'build {\n  dynamic "provisioner" {\n    for_each = var.steps\n    labels = ["shell"]\n    content {\n      script = "a.sh"\n    }\n  }\n}';
    // Without its labels the block's type would not be known: they do not depend on the items here.
    expect(filesOf(await discovered(repository({ 'image.pkr.hcl': template, 'a.sh': '' })))).toEqual([
      'script a.sh',
      'template image.pkr.hcl',
    ]);
    const unlabelled = template.replace('["shell"]', '[provisioner.value]').replace('script = "a.sh"', '');
    expect(await unresolved(unlabelled)).toEqual(['[provisioner.value] @4: what provisioner goes through is not known']);
    expect(await unresolved(template.replace('"a.sh"', 'provisioner.value'))).toEqual([
      'provisioner.value @6: what provisioner goes through is not known',
    ]);
  });
});

describe('a template that cannot be read', () => {
  it.each([
    ['image.pkr.hcl', 'build {\n', 'TEMPLATE_INVALID: image.pkr.hcl:1: here "}" is missing'],
    ['image.pkr.hcl', 'a = "\0"', 'TEMPLATE_INVALID: image.pkr.hcl:1: this is not text in UTF-8'],
    ['image.pkr.json', '{\n"a": [1,]\n}', 'TEMPLATE_INVALID: image.pkr.json:2: here a value is missing, so it is not valid JSON'],
    ['image.json', '{\n"a": 1\n', 'TEMPLATE_INVALID: image.json:3: here "," is missing, so it is not valid JSON'],
    ['image.json', '[]', 'TEMPLATE_INVALID: image.json:1: a legacy template is a JSON object'],
    ['image.json', '['.repeat(100_000), 'TEMPLATE_INVALID: image.json:1: this is nested deeper than 100 levels'],
    ['image.pkr.json', '{"locals": {\n"a": "${file("}}', 'TEMPLATE_INVALID: image.pkr.json:2: from here on it is not valid HCL'],
    ['image.hcl', 'build {}', 'TEMPLATE_INVALID: image.hcl:1: here a value is missing, so it is not valid JSON'],
  ])('is refused with its place: %s', async (name, text, message) => {
    expect(await refused(repository({ [name]: text }), { template: name })).toBe(message);
  });

  it('is refused where it is a binary file', async () => {
    expect(await refused(repository({ 'image.pkr.hcl': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]) }))).toBe(
      'TEMPLATE_INVALID: image.pkr.hcl:1: this is not text in UTF-8',
    );
  });

  it('is refused where a variable file is broken', async () => {
    const root = repository({ 'image.pkr.hcl': '', 'v.pkrvars.hcl': 'a = 1\nb = [1, 2' });
    expect(await refused(root, { var_files: ['v.pkrvars.hcl'] })).toBe('TEMPLATE_INVALID: v.pkrvars.hcl:2: here "]" is missing');
  });

  it('is TEMPLATE_MISSING where it is not there, with the nearest name', async () => {
    const root = repository({ 'images/debian-base/main.pkr.hcl': '', 'images/empty/x.txt': '' });
    expect(await refused(root, { template: 'images/debain-base' })).toBe(
      'TEMPLATE_MISSING: the template "images/debain-base" is not there; there is "images/debian-base"',
    );
    expect(await refused(root, { template: 'image/debian-base/main.pkr.hcl' })).toBe(
      'TEMPLATE_MISSING: the template "image/debian-base/main.pkr.hcl" is not there; there is "images"',
    );
    expect(await refused(root, { template: 'zzzzzzzzzzzz' })).toBe('TEMPLATE_MISSING: the template "zzzzzzzzzzzz" is not there');
    expect(await refused(root, { template: 'images/empty' })).toBe(
      'TEMPLATE_MISSING: the template folder "images/empty" has no *.pkr.hcl and no *.pkr.json',
    );
  });

  it('takes plugins for required where the template says so', async () => {
    const needs = 'packer {\n  required_plugins {\n    amazon = {\n      version = ">= 1.2.0"\n    }\n  }\n}';
    expect(await discovered(repository({ 'image.pkr.hcl': needs }))).toMatchObject({ requiresPlugins: true });
    expect(
      await discovered(repository({ 'image.pkr.hcl': 'packer {\n  required_plugins {\n  }\n  required_version = ">= 1.6"\n}' })),
    ).toMatchObject({ requiresPlugins: false });
  });
});
