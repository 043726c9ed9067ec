import { describe, expect, it } from 'vitest';

import { discovered, filesOf, repository } from '../../../fixtures/templates/repository.ts';

type Files = Readonly<Record<string, string>>;

const shell = (attributes: string): string => `build {\n  provisioner "shell" {\n    ${attributes}\n  }\n}\n`;

/** The files beside `image.pkr.hcl`, and what could not be resolved as `reference @file:line: why`. */
async function found(files: Files, declared: Readonly<Record<string, unknown>> = {}): Promise<{ inputs: string[]; open: string[] }> {
  const discovery = await discovered(repository(files), declared);
  return {
    inputs: filesOf(discovery).filter((file) => !file.startsWith('template ')),
    open: discovery.undeclared.map(({ reference, template, line, why }) => `${reference} @${template}:${line}: ${why}`),
  };
}

describe('a file that the template reads', () => {
  it('gives the paths that are taken from it', async () => {
    const template = `
locals {
  list   = jsondecode(file("list.json"))
  groups = yamldecode(file("list.yaml")).groups
  name   = trimspace(file("name.txt"))
}
${shell('scripts = concat(local.list.scripts, [for g in local.groups : "s/${g.name}.sh"], ["s/${local.name}.sh"])')}`;
    const files = {
      'image.pkr.hcl': template,
      'list.json': '{"scripts": ["s/a.sh"]}',
      'list.yaml': 'groups:\n  - name: b\n',
      'name.txt': 'c\n',
      's/a.sh': '',
      's/b.sh': '',
      's/c.sh': '',
    };
    expect(await found(files)).toEqual({
      inputs: ['config list.json', 'config list.yaml', 'config name.txt', 'script s/a.sh', 'script s/b.sh', 'script s/c.sh'],
      open: [],
    });
  });

  it('decides what fileexists() is asked', async () => {
    const template = shell('script = fileexists("${path.root}/mine.sh") ? "mine.sh" : "default.sh"');
    expect(await found({ 'image.pkr.hcl': template, 'default.sh': '' })).toEqual({ inputs: ['script default.sh'], open: [] });
    expect(await found({ 'image.pkr.hcl': template, 'default.sh': '', 'mine.sh': '' })).toEqual({ inputs: ['script mine.sh'], open: [] });
  });

  it('tells of a path that it does not give', async () => {
    const template = shell('script = jsondecode(file("list.json")).script');
    expect(await found({ 'image.pkr.hcl': template, 'list.json': 'no JSON' })).toEqual({
      inputs: ['config list.json'],
      open: ['jsondecode(file("list.json")).script @image.pkr.hcl:3: jsondecode() is evaluated by packer'],
    });
  });
});

describe('a template that templatefile() renders', () => {
  const builder = (attribute: string): string => `source "qemu" "x" {\n  ${attribute}\n}\n`;

  it('is followed to what its own text reads, with the values that it is given', async () => {
    const files = {
      'images/x.pkr.hcl': builder(
        'cd_content = { "user-data" = templatefile("${path.root}/user.tpl", { name = "keys", parts = ["a", "b"], secret = env("X") }) }',
      ),
      'images/user.tpl':
        'a: ${file("${name}.pub")}\n%{ for at, part in parts ~}\n${indent(2, file("${part}.txt"))}\n%{ endfor ~}\n%{ if secret != "" }${file("${path.root}/if.txt")}%{ endif }\n$${not.read}\n',
      'images/keys.pub': '',
      'images/a.txt': '',
      'images/b.txt': '',
      'images/if.txt': '',
    };
    expect(await found(files, { template: 'images' })).toEqual({
      inputs: ['config images/a.txt', 'config images/b.txt', 'config images/if.txt', 'config images/keys.pub', 'config images/user.tpl'],
      open: [],
    });
  });

  it('tells with its own line what packer alone knows', async () => {
    const files = {
      'image.pkr.hcl': builder('user_data = templatefile("user.tpl", { name = env("NAME") })'),
      'user.tpl': 'a\n${file("keys/${name}.pub")}\n',
    };
    const why = 'what name goes through is not known';
    expect(await found(files)).toEqual({ inputs: ['config user.tpl'], open: [`"keys/\${name}.pub" @user.tpl:2: ${why}`] });
    expect((await found(files, { inputs: { configs: ['keys/**'] } })).open).toEqual([]);
  });

  it('tells where it cannot be read as a template and may read files; a file that reads none is no gap', async () => {
    const template = builder('user_data = templatefile("user.tpl", {})');
    expect(await found({ 'image.pkr.hcl': template, 'user.tpl': '${file("a")} ${broken' })).toEqual({
      inputs: ['config user.tpl'],
      open: ['templatefile("user.tpl", {}) @image.pkr.hcl:2: the file cannot be read as a template, and it may read others'],
    });
    expect((await found({ 'image.pkr.hcl': template, 'user.tpl': 'echo ${X:-y}' })).open).toEqual([]);
  });

  it('ends where templates render each other', async () => {
    const files = {
      'image.pkr.hcl': builder('user_data = templatefile("a.tpl", {})'),
      'a.tpl': '${templatefile("b.tpl", {})}${file("x.txt")}',
      'b.tpl': '${templatefile("a.tpl", {})}',
      'x.txt': '',
    };
    expect(await found(files)).toEqual({ inputs: ['config a.tpl', 'config b.tpl', 'config x.txt'], open: [] });
  });
});

describe('a playbook', () => {
  const template = 'build {\n  provisioner "ansible" {\n    playbook_file = "ansible/site.yml"\n  }\n}\n';

  it('leads to what Ansible reads beside it, and to the files that it names', async () => {
    const files = {
      'image.pkr.hcl': template,
      'ansible.cfg': '',
      'ansible/site.yml':
        '- import_playbook: more/other.yml\n- hosts: all\n  vars_files: ["../vars/all.yml"] # or ../vars/none.yml\n  tasks:\n    - copy:\n        src: ./motd\n        dest: ./unrelated.txt\n',
      'ansible/more/other.yml': '- hosts: all\n  tasks:\n    - include_tasks: deep.yml\n',
      'ansible/more/deep.yml': '- script: run.sh\n',
      'ansible/more/run.sh': '',
      'ansible/roles/base/tasks/main.yml': '',
      'ansible/collections/x/y.yml': '',
      'ansible/motd': '',
      'ansible/unrelated.txt': '',
      'vars/all.yml': '',
      'vars/none.yml': '',
    };
    expect(await found(files)).toEqual({
      inputs: [
        'config ansible.cfg',
        'config ansible/collections/x/y.yml',
        'config ansible/more/deep.yml',
        'config ansible/more/other.yml',
        'config ansible/more/run.sh',
        'config ansible/motd',
        'config ansible/roles/base/tasks/main.yml',
        'config ansible/site.yml',
        'config vars/all.yml',
      ],
      open: [],
    });
  });

  it('leads to roles by their paths, to folders, and to what lies beside a playbook that it imports', async () => {
    const files = {
      'image.pkr.hcl': template,
      'ansible/site.yml': [
        '- import_playbook: ../other/second.yml',
        '- hosts: all',
        '  roles:',
        '  - web',
        '  - ../shared/db',
        '  - role: ../shared/cache',
        '  - {role: ../shared/log, x: y}',
        '  tasks:',
        '  - name: ../shared/none',
        '    include_role:',
        '      name: ../shared/web',
        '  - include_role: {name: ../shared/mail}',
        '  - copy:',
        '      src: ../payload/app/',
        '      dest: ../payload/none',
        '  - include_vars: {dir: "{{ playbook_dir }}/more"}',
        '  - copy: src={{ item }} dest=/etc',
        '    with_fileglob: "../globbed/*.conf"',
        '  - command: ls ../ansible ..',
      ].join('\n'),
      'other/second.yml': '',
      'other/roles/x/tasks/main.yml': '',
      'shared/db/a': '',
      'shared/cache/a': '',
      'shared/log/a': '',
      'shared/web/a': '',
      'shared/mail/a': '',
      'shared/none/a': '',
      'payload/app/bin': '',
      'payload/none/a': '',
      'ansible/more/x.yml': '',
      'globbed/a.conf': '',
      'ansible/unrelated.txt': '',
    };
    expect(await found(files)).toEqual({
      inputs: [
        'config ansible/more/x.yml',
        'config ansible/site.yml',
        'config globbed/a.conf',
        'config other/roles/x/tasks/main.yml',
        'config other/second.yml',
        'config payload/app/bin',
        'config shared/cache/a',
        'config shared/db/a',
        'config shared/log/a',
        'config shared/mail/a',
        'config shared/web/a',
      ],
      open: [],
    });
  });

  it('tells of paths that Ansible fills in, with its own line', async () => {
    const playbook = [
      '- hosts: all',
      '  vars_files: ["../vars/{{ env }}.yml"]',
      '  tasks:',
      '  - ansible.builtin.include_tasks: "{{ ansible_distribution }}.yml"',
      '  - template:',
      '      src: "{{ name }}.j2"',
      '  - copy: {src: "{{ a }}/b", dest: "{{ c }}"}',
      '  - import_role: {name: "../{{ r }}"}',
    ].join('\n');
    const files = { 'image.pkr.hcl': template, 'ansible/site.yml': playbook, 'vars/x.yml': '' };
    const why = 'Ansible fills in {{...}} while it runs';
    const { inputs, open } = await found(files);
    expect(inputs).toEqual(['config ansible/site.yml']);
    expect(open).toEqual([
      `../vars/{{ env }}.yml @ansible/site.yml:2: ${why}`,
      `{{ ansible_distribution }}.yml @ansible/site.yml:4: ${why}`,
      `{{ name }}.j2 @ansible/site.yml:6: ${why}`,
      `{{ a }}/b @ansible/site.yml:7: ${why}`,
      `../{{ r }} @ansible/site.yml:8: ${why}`,
    ]);
    expect((await found(files, { inputs: { configs: ['vars/*', 'ansible/**', '*'] } })).open).toEqual([]);
  });

  it('tells nothing of values that are no paths of this machine, or that a loop over literal ones gives', async () => {
    const playbook = [
      '- hosts: "{{ hosts }}"',
      '  roles: ["{{ role }}"]',
      '  tasks:',
      '  - copy: {src: "{{ item }}", dest: "/{{ x }}"}',
      '    loop: [a.conf, b.conf]',
      '  - template:',
      '      src: "{{ item.src }}"',
      '    with_items:',
      '    - {src: a.conf}',
      '  - copy:',
      '      src: "{{ x }}"',
      '      remote_src: true',
      '  - file: {src: "{{ x }}", dest: /y, state: link}',
      '  - unarchive: src=https://example.org/{{ x }}.tgz dest=/opt/{{ x }}',
      '  - fetch:',
      '      src: "{{ x }}"',
      '  - copy: {src: "/opt/{{ x }}"}',
      '  - shell: cat {{ x }}/y.yml',
    ].join('\n');
    expect((await found({ 'image.pkr.hcl': template, 'ansible/site.yml': playbook })).open).toEqual([]);
  });

  it('is found by its configuration: roles, inventory and plugins, and a password is told', async () => {
    const cfg =
      '[defaults]\nroles_path = cfg-roles:~/roles:/etc/roles\n# library = no\ninventory=inv/hosts\nvault_password_file = vault.txt\n';
    const files = { 'ansible/site.yml': '', 'cfg-roles/a': '', 'inv/hosts': '', 'inv/group_vars/all.yml': '', 'no/a': '', 'vault.txt': '' };
    const secret = 'a password may stand in it, of which a digest would tell';
    const inputs = [
      'config ansible.cfg',
      'config ansible/site.yml',
      'config cfg-roles/a',
      'config inv/group_vars/all.yml',
      'config inv/hosts',
    ];
    expect(await found({ 'image.pkr.hcl': template, 'ansible.cfg': cfg, ...files })).toEqual({
      inputs,
      open: [`vault.txt @ansible.cfg:5: ${secret}`],
    });
    const env = template.replace('\n  }', '\n    ansible_env_vars = ["ANSIBLE_CONFIG=conf/my.cfg"]\n  }');
    const other = cfg.replaceAll(/(?=cfg-roles|inv\/|vault.txt)/g, '../');
    const own = await found({ 'image.pkr.hcl': env, 'conf/my.cfg': other, ...files }, { inputs: { exclude: ['vault.txt'] } });
    expect(own).toEqual({ inputs: [...inputs.slice(1, 3), 'config conf/my.cfg', ...inputs.slice(3)], open: [] });
  });

  it.each([
    ['"-i", "f/a"', 'f/a'],
    ['"--inventory=f"', 'f/a'],
    ['"-e", "@f/a"', 'f/a'],
    ['"-e @f/a"', 'f/a'],
    ['"--extra-vars=@f/a"', 'f/a'],
    ['"--extra-vars", "@f/a", "-vv", "--become"', 'f/a'],
    ['"--module-path", "f:/usr/share"', 'f/a'],
    ['"-Mf"', 'f/a'],
  ])('is given files by arguments: %s', async (given, expected) => {
    const text = template.replace('\n  }', `\n    extra_arguments = [${given}]\n  }`);
    expect(await found({ 'image.pkr.hcl': text, 'ansible/site.yml': '', 'f/a': '' })).toEqual({
      inputs: ['config ansible/site.yml', `config ${expected}`],
      open: [],
    });
  });

  it.each([
    ['"-i", "localhost,", "--limit", "f", "-e", "x=${var.v}", "--vault-id", "dev@prompt", "-vvv"', []],
    ['"-i", "made.ini"', ['made.ini @image.pkr.hcl:4: it is not there, so an earlier step of the build must make it']],
    ['"--vault-id=dev@f/a"', ['f/a @image.pkr.hcl:4: a password may stand in it, of which a digest would tell']],
    ['"--inventory", var.v', ['var.v @image.pkr.hcl:4: the variable v has no value here']],
  ])('is given what is told, or nothing, by arguments: %s', async (given, open) => {
    const text = `${template.replace('\n  }', `\n    extra_arguments = [${given}]\n  }`)}variable "v" {}\n`;
    expect(await found({ 'image.pkr.hcl': text, 'ansible/site.yml': '', 'f/a': '' })).toEqual({
      inputs: ['config ansible/site.yml'],
      open,
    });
  });

  it('ends where playbooks name each other', async () => {
    expect(await found({ 'image.pkr.hcl': template, 'ansible/site.yml': '- a.yml', 'ansible/a.yml': '- ./site.yml\n- ./a.yml' })).toEqual({
      inputs: ['config ansible/a.yml', 'config ansible/site.yml'],
      open: [],
    });
  });
});

describe('components beside the usual ones', () => {
  it.each([
    ['data "external" "x" {\n  program = ["python3", "a"]\n}', 'script a'],
    ['source "docker" "x" {\n  build {\n    path = "a"\n  }\n}', 'config a'],
    ['build {\n  post-processor "utm-vagrant" {\n    vagrantfile_template = "a"\n  }\n}', 'config a'],
    [
      'build {\n  provisioner "ansible" {\n    ansible_env_vars = ["ANSIBLE_FORCE_COLOR=a", "ANSIBLE_ROLES_PATH=/etc/ansible:a:none"]\n  }\n}',
      'config a',
    ],
    ['build {\n  provisioner "ansible" {\n    command = "./a"\n  }\n}', 'script a'],
    ['source "amazon-chroot" "x" {\n  pre_mount_commands = ["./a"]\n}', 'script a'],
    ['build {\n  provisioner "testinfra" {\n    test_files = ["a"]\n  }\n}', 'config a'],
    ['build {\n  error-cleanup-provisioner "shell-local" {\n    script = "a"\n  }\n}', 'script a'],
    ['build {\n  provisioner "shell" {\n    inline = ["true"]\n    override = {\n      x = { script = "a" }\n    }\n  }\n}', 'script a'],
    [
      'build {\n  post-processor "vagrant" {\n    override = {\n      virtualbox = { vagrantfile_template = "a" }\n    }\n  }\n}',
      'config a',
    ],
    [
      'locals {\n  o = { x = { script = "a" } }\n}\nbuild {\n  provisioner "shell" {\n    inline = ["true"]\n    override = local.o\n  }\n}',
      'script a',
    ],
    ['build {\n  source "source.qemu.x" {\n    http_directory = "a"\n  }\n}', 'config a'],
    ['build {\n  post-processors {\n    post-processor "shell-local" {\n      scripts = ["a"]\n    }\n  }\n}', 'script a'],
    ['source "qemu" "x" {\n  http_content = {\n    "/a" = file("a")\n  }\n}', 'config a'],
    ['source "qemu" "x" {\n  efi_firmware_vars = "a"\n  efi_firmware_code = "/usr/share/OVMF.fd"\n}', 'config a'],
    ['source "qemu" "x" {\n  efi_firmware_code = "a"\n  firmware = "bios.bin"\n}', 'config a'],
    ['source "qemu" "x" {\n  firmware = "a"\n}', 'config a'],
    ['source "qemu" "x" {\n  iso_checksum = "file:a"\n}', 'config a'],
    ['source "qemu" "x" {\n  iso_checksum = "file:file://${path.cwd}/a"\n}', 'config a'],
    ['source "proxmox-iso" "x" {\n  boot_iso {\n    iso_checksum = "file:./a"\n  }\n}', 'config a'],
    ['source "vagrant" "x" {\n  checksum = "file:a"\n  source_path = "hashicorp/bionic64"\n}', 'config a'],
    ['source "amazon-chroot" "x" {\n  copy_files = ["/etc/resolv.conf", "a"]\n}', 'config a'],
    ['source "yandex" "x" {\n  metadata_from_file = {\n    user-data = "a"\n  }\n}', 'config a'],
    ['source "vmware-iso" "x" {\n  vmx_disk_template_path = "a"\n}', 'config a'],
    ['source "virtualbox-iso" "x" {\n  guest_additions_url = "a"\n  guest_additions_path = "none"\n}', 'config a'],
    ['source "hyperv-vmcx" "x" {\n  clone_from_vmcx_path = "a"\n}', 'config a'],
    ['source "googlecompute" "x" {\n  image_signatures_db = ["a"]\n}', 'config a'],
    ['source "vagrant" "x" {\n  template = "a"\n}', 'config a'],
    ['build {\n  provisioner "terraform" {\n    code_path = "a"\n  }\n}', 'config a'],
    ['build {\n  provisioner "inspec" {\n    attributes_directory = "a"\n  }\n}', 'config a'],
    ['source "qemu" "x" {\n  user_data = <<-EOT\n    ${file("a")}\n  EOT\n}', 'config a'],
    ['data "amazon-ami" "x" {\n  filters = jsondecode(file("a"))\n}', 'config a'],
  ])('are looked through: %s', async (template, expected) => {
    expect(await found({ 'image.pkr.hcl': template, a: '{}' })).toEqual({ inputs: [expected], open: [] });
  });

  it("are looked through in HCL's JSON notation, nested attributes and all", async () => {
    const json = JSON.stringify({
      source: { qemu: { x: { cd_content: { a: '${file("a")}' }, cd_files: ['b/*'] } } },
      build: [
        {
          sources: ['source.qemu.x'],
          provisioner: [{ file: [{ sources: ['${path.root}/c'] }] }, { 'shell-local': { inline: ['./d.sh'] } }],
          'post-processors': [{ 'post-processor': { vagrant: { include: ['e'] } } }],
        },
      ],
    });
    expect(await found({ 'image.pkr.json': json, a: '', 'b/1': '', c: '', 'd.sh': '', e: '' }, { template: 'image.pkr.json' })).toEqual({
      inputs: ['config a', 'config b/1', 'config c', 'config e', 'script d.sh'],
      open: [],
    });
  });
});

describe('firmware', () => {
  it("that is the machine's own in each branch of a conditional is nothing", async () => {
    const qemu = (own: string): Files => ({
      'image.pkr.hcl': `variable "v" {}\nsource "qemu" "x" {\n  efi_firmware_code = var.v ? "/usr/share/a.fd" : ${own}\n}\n`,
    });
    expect((await found(qemu('"/opt/b.fd"'))).open).toEqual([]);
    expect((await found(qemu('null'))).open).toEqual([]);
    expect((await found(qemu('"b.fd"'))).open).toHaveLength(1);
  });
});

describe('a checksum', () => {
  const qemu = (checksum: string): Files => ({
    'image.pkr.hcl': `variable "v" {}\nsource "qemu" "x" {\n  iso_checksum = ${checksum}\n}\n`,
    'sums/a': '',
  });

  it.each(['"none"', '"sha256:abc"', '"file:https://example.org/SHA256SUMS"', '"sha256:${var.v}"', '"file:https://example.org/${var.v}"'])(
    'that is no local file is nothing: %s',
    async (checksum) => {
      expect(await found(qemu(checksum))).toEqual({ inputs: [], open: [] });
    },
  );

  it('that may become a file is told, and settled by a glob', async () => {
    const files = qemu('"file:sums/${var.v}"');
    expect((await found(files)).open).toEqual(['"file:sums/${var.v}" @image.pkr.hcl:3: the variable v has no value here']);
    expect((await found(files, { inputs: { configs: ['sums/*'] } })).open).toEqual([]);
    expect((await found(qemu('var.v'))).open).toHaveLength(1);
  });
});

describe('blocks within a block in JSON', () => {
  const iso = { cd_files: ['b/*'], unmount: true };
  const files = { a: '', 'b/1': '', c: '' };

  it("are looked through in HCL's notation, dynamic ones too", async () => {
    const json = JSON.stringify({
      source: {
        'proxmox-iso': {
          x: {
            additional_iso_files: [iso],
            dynamic: { additional_iso_files: { for_each: ['a'], content: { cd_files: ['${additional_iso_files.value}'] } } },
          },
        },
      },
    });
    expect(await found({ 'image.pkr.json': json, ...files }, { template: 'image.pkr.json' })).toEqual({
      inputs: ['config a', 'config b/1'],
      open: [],
    });
  });

  it('are looked through in a legacy template, and maps with free names are not', async () => {
    const json = JSON.stringify({
      builders: [
        { type: 'proxmox-iso', additional_iso_files: [iso], tags: { cd_files: 'none', user_data_file: 'none' } },
        { type: 'docker', build: { path: 'a' } },
      ],
      provisioners: [{ type: 'chef-solo', json: { roles_path: 'none' } }],
      'post-processors': [{ type: 'vagrant', override: { virtualbox: { include: ['c'] } } }],
    });
    expect(await found({ 'image.json': json, ...files }, { template: 'image.json' })).toEqual({
      inputs: ['config a', 'config b/1', 'config c'],
      open: [],
    });
  });
});

describe('a legacy template', () => {
  const legacy = (parts: object): string => JSON.stringify(parts);

  it('takes a text with commas for a list, where a list is wanted', async () => {
    const json = legacy({ builders: [{ type: 'qemu', floppy_files: 'a,b', user_data_file: 'c,d' }] });
    expect((await found({ 'image.json': json, a: '', b: '', 'c,d': '' }, { template: 'image.json' })).inputs).toEqual([
      'config a',
      'config b',
      'config c,d',
    ]);
  });

  it('takes null in a variable file for the empty text, and in the template for a value that must be given', async () => {
    const json = legacy({ variables: { f: null }, builders: [{ type: 'amazon-ebs', user_data_file: '{{user `f`}}' }] });
    const files = { 'image.json': json, 'v.json': '{"f": null}' };
    expect((await found(files, { template: 'image.json' })).open).toEqual(['{{user `f`}} @image.json:1: the variable f has no value here']);
    expect(await found(files, { template: 'image.json', var_files: ['v.json'] })).toEqual({ inputs: [], open: [] });
  });
});

describe('variables of a legacy template', () => {
  it('refer to each other in the template, in variable files and in a request, as real packer takes them', async () => {
    const json = JSON.stringify({
      variables: { os: 'debian', script: '', other: '{{user `folder`}}/{{user `os`}}.cfg' },
      builders: [{ type: 'qemu', floppy_files: ['{{user `other`}}'] }],
      provisioners: [{ type: 'shell', script: '{{user `script`}}' }],
    });
    const root = repository({
      'image.json': json,
      'v.json': JSON.stringify({ script: '{{user `folder`}}/{{user `os`}}.sh', folder: 'images' }),
      'images/debian.sh': '',
      'images/debian.cfg': '',
      'images/ubuntu.cfg': '',
      'other/ubuntu.sh': '',
    });
    const declared = { template: 'image.json', var_files: ['v.json'], variables: ['os', 'script'] };
    expect(filesOf(await discovered(root, declared)).filter((file) => !file.startsWith('template '))).toEqual([
      'config images/debian.cfg',
      'script images/debian.sh',
    ]);
    const request = { os: 'ubuntu', script: 'other/{{user `os`}}.sh' };
    expect(filesOf(await discovered(root, declared, request)).filter((file) => !file.startsWith('template '))).toEqual([
      'config images/ubuntu.cfg',
      'script other/ubuntu.sh',
    ]);
  });
});

describe('what may become of an expression', () => {
  const files = { 'scripts/a.sh': '', 'other/b.sh': '' };
  const template = (local: string): string => `variable "os" {}\nlocals {\n  scripts = ${local}\n}\n${shell('scripts = local.scripts')}`;

  it.each([
    'var.os == "a" ? ["scripts/a.sh"] : ["scripts/${var.os}.sh", "scripts/c.sh"]',
    'try(var.os, "scripts/a.sh") == "b" ? null : ["scripts/a.sh"]',
    '[for s in ["a"] : "scripts/${s}.sh"][0] == var.os ? [] : ["scripts/a.sh"]',
  ])('is covered by a glob through locals, lists and conditionals: %s', async (local) => {
    const given = { 'image.pkr.hcl': template(local), ...files };
    expect((await found(given)).open).toHaveLength(1);
    expect((await found(given, { inputs: { scripts: ['scripts/**'] } })).open).toEqual([]);
    expect((await found(given, { inputs: { scripts: ['other/**'] } })).open).toHaveLength(1);
  });

  it('is nothing where packer fetches it, whatever is filled in', async () => {
    const json = JSON.stringify({
      variables: { url: 'https://{{env `CHANNEL`}}.example.org/a.iso', file: '{{env `CHANNEL`}}.iso' },
      builders: [{ type: 'qemu', iso_urls: ['{{user `url`}}', '{{user `file`}}'] }],
    });
    const { open } = await found({ 'image.json': json }, { template: 'image.json' });
    expect(open).toEqual(['{{user `file`}} @image.json:1: packer fills in {{env `CHANNEL`}} while it builds']);
  });
});
