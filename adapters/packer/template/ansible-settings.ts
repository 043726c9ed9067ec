import { posix } from 'node:path';

/** What an argument or a setting of Ansible names. */
export interface AnsiblePath {
  readonly path: string;
  /** `variables`: it is read for certain. `secret`: a password may stand in it. */
  readonly holds: 'variables' | 'inventory' | 'code' | 'secret';
}

const options: ReadonlyMap<string, AnsiblePath['holds']> = new Map([
  ...['-e', '--extra-vars'].map((option) => [option, 'variables'] as const),
  ...['-i', '--inventory', '--inventory-file'].map((option) => [option, 'inventory'] as const),
  ...['-M', '--module-path', '--playbook-dir'].map((option) => [option, 'code'] as const),
  ...['--vault-password-file', '--vault-pass-file', '--vault-id'].map((option) => [option, 'secret'] as const),
]);

/** Whether the argument after this one is a path. */
export function expectsPath(argument: string | undefined): boolean {
  return argument !== undefined && options.has(argument) && options.get(argument) !== 'variables';
}

/** What an argument of `ansible-playbook` names, with the one before it. */
export function pathsInArgument(argument: string, before: string | undefined): AnsiblePath[] {
  const written = /^(--[\w-]+)(?:=|\s+)(.+)$/s.exec(argument) ?? /^(-[A-Za-z])\s*([^-\s].*)$/s.exec(argument);
  const [, option = '', value = ''] = written ?? (argument.startsWith('-') ? [] : ['', before, argument]);
  const holds = options.get(option);
  if (holds === undefined) return argument.startsWith('@') ? [{ path: argument.slice(1), holds: 'variables' }] : [];
  switch (holds) {
    case 'variables':
      return value.startsWith('@') ? [{ path: value.slice(1), holds }] : [];
    case 'inventory':
      // A comma makes a list of hosts of it.
      return value.includes(',') ? [] : [{ path: value, holds }];
    case 'code':
      return value.split(':').map((path) => ({ path, holds }));
    case 'secret':
      return [{ path: secretFile(value), holds }];
  }
}

/** What `ansible.cfg` in a folder names, relative to the root, with the line. */
export function pathsInConfiguration(text: string, folder: string): (AnsiblePath & { readonly line: number })[] {
  return text.split('\n').flatMap((line, at) => {
    const [, name = '', whole = ''] = /^(\w+)\s*[=:]\s*(.*?)\s*(?:\s;.*)?$/.exec(line) ?? [];
    const kind = settingKind(name);
    if (kind === undefined) return [];
    const listed = whole.split(kind === 'code' ? ':' : ',').map((path) => (kind === 'secret' ? secretFile(path) : path));
    // `~` and `$HOME` belong to the machine.
    const paths = listed.map((path) => path.trim().replace(/^\{\{\s*CWD\s*\}\}/, '.')).filter((path) => /^[^~$]/.test(path));
    return paths.map((path) => ({ path: posix.isAbsolute(path) ? path : posix.join(folder, path), holds: kind, line: at + 1 }));
  });
}

function settingKind(name: string): AnsiblePath['holds'] | undefined {
  if (name === 'inventory' || name === 'hostfile') return 'inventory';
  if (name === 'vault_password_file' || name === 'vault_identity_list') return 'secret';
  return /^(?:roles_path|collections_paths?|library|module_utils|\w+_plugins)$/.test(name) ? 'code' : undefined;
}

/** Of `label@path` the path. */
function secretFile(value: string): string {
  return value.slice(value.lastIndexOf('@') + 1);
}
