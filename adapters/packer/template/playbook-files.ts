import { posix } from 'node:path';

import { type RepositoryReading } from './repository-reading.ts';
import { resolveTemplatePath } from './template-path.ts';

/** A playbook that leads to more files than this is followed no further. */
const most = 500;

/** What a task makes, calls itself or tells is no file that it reads. */
const readsNothing = /^\s*(?:-\s*)?(?:dest|path|name|msg|register|become_user|chdir|creates)\s*:/;

/**
 * The files that stand in a playbook and in the files of YAML that it leads to (`import_playbook`, `vars_files`,
 * `include_tasks`, `src`), relative to the file or to the playbook, as Ansible looks for them. What is not there is
 * nothing: the words of a playbook are mostly no paths.
 */
export function filesInPlaybook(playbook: string, where: string, reading: RepositoryReading): string[] {
  const found = new Set<string>([playbook]);
  const folder = folderOf(playbook);
  for (const file of found) {
    if (found.size > most) break;
    const text = /\.ya?ml$/.test(file) ? reading.text(file, where) : undefined;
    for (const line of text?.split('\n') ?? []) {
      if (readsNothing.test(line)) continue;
      for (const [word] of line.replace(/(?:^|\s)#.*$/, '').matchAll(/[\w@%+~./-]*[./][\w@%+~./-]+/g)) {
        for (const base of new Set([folderOf(file), folder])) {
          const path = resolveTemplatePath(word, base);
          if (path.type === 'inside' && path.path !== '' && !found.has(path.path) && reading.isFile(path.path, where) === true)
            found.add(path.path);
        }
      }
    }
  }
  found.delete(playbook);
  return [...found];
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}
