import { posix } from 'node:path';

/**
 * What stands for the repository's folder while paths are resolved: an absolute path that no template can mean, so
 * that discovery gives the same answer wherever the repository lies, and an absolute path of one machine never
 * counts as inside.
 */
export const repositoryRoot = '/\0';

/** A text that a template uses as a path. */
export type TemplatePath =
  /** Below the repository's root; empty for the root itself. */
  | { readonly type: 'inside'; readonly path: string }
  | { readonly type: 'outside' }
  /** A URL or another source that packer fetches. */
  | { readonly type: 'remote' };

/**
 * Where a path of a template leads. `base`, a folder below the root, is what relative ones are relative to: packer's
 * working directory, which is the root (''), for attributes, and the template's folder for functions.
 */
export function resolveTemplatePath(text: string, base: string): TemplatePath {
  const withoutScheme = text.replace(/^file:\/\//i, '');
  // `s3::https://...`, `git::ssh://...`, `https://...`; a Windows drive is an absolute path.
  if (/^[a-z][a-z0-9+.-]+(?:::|:\/\/)/i.test(withoutScheme)) return { type: 'remote' };
  if (/^(?:[A-Za-z]:[\\/]|\\\\|~)/.test(withoutScheme)) return { type: 'outside' };
  const path = toRepositoryPath(posix.resolve(repositoryRoot, base, withoutScheme));
  return path === undefined ? { type: 'outside' } : { type: 'inside', path };
}

/** The path below the root of an absolute symbolic path; '' for the root itself, undefined for one outside. */
export function toRepositoryPath(absolute: string): string | undefined {
  if (absolute === repositoryRoot) return '';
  return absolute.startsWith(`${repositoryRoot}/`) ? absolute.slice(repositoryRoot.length + 1) : undefined;
}

/** The symbolic absolute path of a path below the root. */
export function fromRepositoryPath(path: string): string {
  return path === '' ? repositoryRoot : `${repositoryRoot}/${path}`;
}
