import { type FileKind } from '../../../core/input.ts';

/** What a block of a template is to packer. */
export type ComponentRole = 'builder' | 'provisioner' | 'post-processor' | 'data';

/** An attribute whose value is a path, or a list or map of paths, that packer reads on the machine it runs on. */
export interface FileAttribute {
  readonly role: ComponentRole;
  /** The types of component that have it; absent: every type may. */
  readonly types?: readonly string[];
  readonly names: readonly string[];
  readonly kind: Exclude<FileKind, 'template'>;
  /**
   * `pattern`: `*`, `?` and `[...]` in it stand for several files. `arguments`: those of `ansible-playbook`.
   * `environment`: `NAME=path`, for the names by which a tool is told of files. `checksum`: only `file:path` names one.
   */
  readonly form?: 'pattern' | 'arguments' | 'environment' | 'checksum' | undefined;
  /** What is not there is no error: packer or the tool goes on without it. */
  readonly optional?: true;
  /** A base image that a checksum in the template pins: it counts as a file only where it lies in the repository. */
  readonly outside?: 'allowed';
}

const uefiDatabases = ['image_platform_key', 'image_key_exchange_key', 'image_signatures_db', 'image_forbidden_signatures_db'];

/**
 * Which attributes name files. Keys and certificates by which packer reaches machines are not here: they do not shape
 * the image, and their digests would tell of secrets.
 */
export const fileAttributes: readonly FileAttribute[] = [
  { role: 'provisioner', names: ['script', 'scripts'], kind: 'script' },
  { role: 'post-processor', names: ['script', 'scripts'], kind: 'script' },
  { role: 'provisioner', types: ['file'], names: ['source', 'sources'], kind: 'config' },
  {
    role: 'provisioner',
    types: ['ansible', 'ansible-local'],
    names: [
      'playbook_file',
      'playbook_files',
      'playbook_dir',
      'playbook_paths',
      'galaxy_file',
      'inventory_file',
      'inventory_directory',
      'role_paths',
      'collection_paths',
      'group_vars',
      'host_vars',
    ],
    kind: 'config',
  },
  // The folder to which ansible-galaxy installs: there beforehand only where roles are kept in the repository.
  { role: 'provisioner', types: ['ansible'], names: ['roles_path', 'collections_path'], kind: 'config', optional: true },
  { role: 'provisioner', types: ['ansible', 'ansible-local'], names: ['extra_arguments'], kind: 'config', form: 'arguments' },
  // Ansible has machine-wide places among its paths, and goes on without one that is not there.
  {
    role: 'provisioner',
    types: ['ansible'],
    names: ['ansible_env_vars'],
    kind: 'config',
    form: 'environment',
    optional: true,
    outside: 'allowed',
  },
  {
    role: 'provisioner',
    types: ['puppet-masterless'],
    names: ['manifest_file', 'manifest_dir', 'module_paths', 'hiera_config_path'],
    kind: 'config',
  },
  {
    role: 'provisioner',
    types: ['chef-solo', 'chef-client'],
    names: ['cookbook_paths', 'roles_path', 'data_bags_path', 'environments_path', 'config_template'],
    kind: 'config',
  },
  {
    role: 'provisioner',
    types: ['salt-masterless'],
    names: ['local_state_tree', 'local_pillar_roots', 'minion_config', 'grains_file'],
    kind: 'config',
  },
  { role: 'provisioner', types: ['dsc'], names: ['manifest_file', 'manifest_dir', 'module_paths', 'configuration_file'], kind: 'config' },
  // `source` is that of its `module_dirs`.
  { role: 'provisioner', types: ['converge'], names: ['module', 'source'], kind: 'config' },
  { role: 'provisioner', types: ['inspec'], names: ['profile', 'attributes', 'attributes_directory'], kind: 'config' },
  { role: 'provisioner', types: ['terraform'], names: ['code_path'], kind: 'config' },
  { role: 'provisioner', types: ['cnspec', 'mondoo'], names: ['policybundle'], kind: 'config' },
  { role: 'provisioner', types: ['goss'], names: ['tests', 'vars_file'], kind: 'config' },
  { role: 'provisioner', types: ['testinfra'], names: ['test_files'], kind: 'config' },
  { role: 'provisioner', types: ['rsync'], names: ['source', 'sources'], kind: 'config' },
  { role: 'builder', names: ['startup_script_file', 'windows_startup_script_file'], kind: 'script' },
  {
    role: 'builder',
    names: [
      'user_data_file',
      'vsi_user_data_file',
      'custom_data_file',
      'http_directory',
      'metadata_files',
      'metadata_from_file',
      'vagrantfile_template',
      'windows_sysprep_file',
    ],
    kind: 'config',
  },
  // The machine's own `/etc/resolv.conf` is the usual one.
  { role: 'builder', names: ['copy_files'], kind: 'config', outside: 'allowed' },
  // Certificates for UEFI that become a part of the image.
  { role: 'builder', types: ['googlecompute'], names: uefiDatabases, kind: 'config' },
  { role: 'post-processor', types: ['googlecompute-import'], names: uefiDatabases, kind: 'config' },
  // A Dockerfile and the folder that it is built in.
  { role: 'builder', types: ['docker'], names: ['path', 'build_dir'], kind: 'config' },
  { role: 'builder', names: ['cd_files', 'floppy_files', 'floppy_dirs'], kind: 'config', form: 'pattern' },
  { role: 'builder', types: ['libvirt'], names: ['files'], kind: 'config', form: 'pattern' },
  {
    role: 'builder',
    names: [
      'iso_url',
      'iso_urls',
      'secondary_iso_images',
      'iso_checksum_url',
      'guest_additions_url',
      'tools_source_path',
      'source_image_path',
      'ipsw_url',
      'ipsw_urls',
      'from_ipsw',
      'from_iso',
      'installer',
      'installer_app',
      'file_urls',
      'file_checksum_url',
    ],
    kind: 'config',
    optional: true,
    outside: 'allowed',
  },
  { role: 'builder', names: ['iso_checksum', 'ipsw_checksum'], kind: 'config', form: 'checksum', outside: 'allowed' },
  {
    role: 'builder',
    types: ['virtualbox-ovf', 'vagrant'],
    names: ['checksum'],
    kind: 'config',
    form: 'checksum',
    outside: 'allowed',
  },
  {
    role: 'builder',
    types: ['virtualbox-ovf', 'vmware-vmx', 'parallels-pvm', 'parallels-macvm', 'utm-utm', 'xenserver-xva', 'vagrant'],
    names: ['source_path'],
    kind: 'config',
    optional: true,
    outside: 'allowed',
  },
  // Qemu looks for a bare name among its own files.
  {
    role: 'builder',
    types: ['qemu'],
    names: ['firmware', 'efi_firmware_code', 'efi_firmware_vars'],
    kind: 'config',
    optional: true,
    outside: 'allowed',
  },
  // In others this is a place in the machine that is built.
  {
    role: 'builder',
    types: ['hyperv-iso', 'hyperv-vmcx'],
    names: ['guest_additions_path', 'clone_from_vmcx_path'],
    kind: 'config',
    optional: true,
    outside: 'allowed',
  },
  { role: 'builder', types: ['vagrant'], names: ['template', 'output_vagrantfile', 'package_include'], kind: 'config' },
  { role: 'builder', types: ['oracle-classic'], names: ['attributes_file'], kind: 'config' },
  { role: 'builder', types: ['kubevirt-iso'], names: ['media_files'], kind: 'config' },
  // The image of packer's own `file` builder is this very file.
  { role: 'builder', types: ['file'], names: ['source'], kind: 'config' },
  { role: 'builder', types: ['vmware-iso', 'vmware-vmx'], names: ['vmx_template_path', 'vmx_disk_template_path'], kind: 'config' },
  { role: 'builder', types: ['lxc'], names: ['config_file'], kind: 'config' },
  // Not of `vagrant` alone: `utm-vagrant` and others have them too.
  { role: 'post-processor', names: ['vagrantfile_template', 'include'], kind: 'config' },
  // A program of the machine, or one of the repository with what it is given.
  { role: 'data', types: ['external', 'external-raw'], names: ['program'], kind: 'script', optional: true, outside: 'allowed' },
];

/**
 * What Ansible reads from beside a playbook without being told (Ansible's "playbook-relative" search paths), of
 * `playbook_file` of the `ansible` provisioner and the playbooks that it imports.
 */
export const besidePlaybooks: readonly string[] = [
  'roles',
  'collections',
  'group_vars',
  'host_vars',
  'tasks',
  'handlers',
  'vars',
  'files',
  'templates',
  'library',
  'module_utils',
  'action_plugins',
  'filter_plugins',
  'lookup_plugins',
];

const byRole: Readonly<Record<ComponentRole, readonly FileAttribute[]>> = {
  builder: fileAttributes.filter(({ role }) => role === 'builder'),
  provisioner: fileAttributes.filter(({ role }) => role === 'provisioner'),
  'post-processor': fileAttributes.filter(({ role }) => role === 'post-processor'),
  data: fileAttributes.filter(({ role }) => role === 'data'),
};

/** The row of the table for an attribute of a component, where it has one. */
export function fileAttribute(role: ComponentRole, type: string, name: string): FileAttribute | undefined {
  return byRole[role].find((row) => row.names.includes(name) && (row.types === undefined || row.types.includes(type)));
}
