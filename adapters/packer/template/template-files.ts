import { posix } from 'node:path';

import { type Failure, type Outcome, failure, success } from '../../../core/failure.ts';
import { type RepositoryFiles } from './repository-files.ts';

/** The files that packer reads for a template, in its order. */
export interface TemplateFiles {
  readonly notation: 'hcl' | 'legacy-json';
  /** The template's folder below the root: `path.root`. */
  readonly folder: string;
  readonly templates: readonly string[];
  /** `*.auto.pkrvars.hcl` and then `*.auto.pkrvars.json`; only a folder has them. */
  readonly autoVariables: readonly string[];
}

/** What hybridcore.yaml calls the template, as a path below the root. */
export function normalizedPath(declared: string): string {
  const path = posix.normalize(declared).replace(/\/+$/, '');
  return path === '.' ? '' : path;
}

/**
 * Which files packer reads (hcl2template `GetHCL2Files`, command `GetConfigType`): of a folder the `*.pkr.hcl` and the
 * `*.pkr.json` in it, of a file named so that one, and any other file is a legacy JSON template. TEMPLATE_MISSING where
 * there is none.
 */
export function templateFiles(declared: string, files: RepositoryFiles): Outcome<TemplateFiles> {
  const path = normalizedPath(declared);
  const where = 'hybridcore.yaml (template)';
  const type = files.typeOf(path, where);
  if (!type.ok) return type;
  switch (type.value) {
    case 'absent':
      return missing(path, files);
    case 'file': {
      const notation = /\.pkr\.(?:hcl|json)$/.test(path) ? 'hcl' : 'legacy-json';
      const folder = normalizedPath(posix.dirname(path));
      return success({ notation, folder, templates: [path], autoVariables: [] });
    }
    case 'folder':
      return folderFiles(path, where, files);
  }
}

function folderFiles(folder: string, where: string, files: RepositoryFiles): Outcome<TemplateFiles> {
  const names = files.namesIn(folder, where);
  if (!names.ok) return names;
  const failures: Failure[] = [];
  const paths = names.value
    .filter((name) => /\.pkr\.(?:hcl|json)$|\.auto\.pkrvars\.(?:hcl|json)$/.test(name))
    .map((name) => posix.join(folder, name))
    .filter((path) => {
      const type = files.typeOf(path, where);
      if (!type.ok) failures.push(type.failure);
      // A link that leads nowhere is no folder: packer tries to read it, so it is named here too.
      return type.ok && type.value !== 'folder';
    });
  const [first] = failures;
  if (first !== undefined) return { ok: false, failure: first };
  const ending = (suffix: string): string[] => paths.filter((path) => path.endsWith(suffix));
  const templates = [...ending('.pkr.hcl'), ...ending('.pkr.json')];
  if (templates.length === 0) {
    return failure(
      'TEMPLATE_MISSING',
      `the template folder ${JSON.stringify(folder === '' ? '.' : folder)} has no *.pkr.hcl and no *.pkr.json`,
      'name the folder or the file of a template under `template` in hybridcore.yaml; a legacy JSON template is named by its file',
    );
  }
  return success({ notation: 'hcl', folder, templates, autoVariables: [...ending('.auto.pkrvars.hcl'), ...ending('.auto.pkrvars.json')] });
}

function missing(path: string, files: RepositoryFiles): Outcome<never> {
  const near = files.nearest(path);
  return failure(
    'TEMPLATE_MISSING',
    `the template ${JSON.stringify(path)} is not there${near === undefined ? '' : `; there is ${JSON.stringify(near)}`}`,
    'mend `template` in hybridcore.yaml, or put the template there',
  );
}
