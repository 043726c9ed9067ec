import { join } from 'node:path';

import { type PackerJob } from '../../core/ports.ts';

/** What the file with the secrets is called, in the private folder that it stands in. */
export const privateVarFileName = 'secrets.pkrvars.json';

/**
 * The arguments of `packer build` or `packer validate`. The template is named by its whole path: `file()` and its
 * sisters take a relative path from the template's folder (packer's hcl2template/functions.go, `basedir`), so with a
 * relative one `file("${path.root}/x")` would look for `template/template/x`.
 *
 * @param privateVarFile holds the secrets; null where there are none.
 */
export function packerArguments(command: 'build' | 'validate', root: string, job: PackerJob, privateVarFile: string | null): string[] {
  return [
    command,
    '-machine-readable',
    ...(command === 'build' ? ['-color=false', '-on-error=cleanup'] : []),
    ...(job.only.length === 0 ? [] : [`-only=${job.only.join(',')}`]),
    ...(job.except.length === 0 ? [] : [`-except=${job.except.join(',')}`]),
    ...job.varFiles.map((file) => `-var-file=${file}`),
    ...(privateVarFile === null ? [] : [`-var-file=${privateVarFile}`]),
    ...Object.entries(job.variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]),
    join(root, job.template),
  ];
}
