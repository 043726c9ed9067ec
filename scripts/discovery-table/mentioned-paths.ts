import { posix } from 'node:path';

/**
 * The paths that stand in a template's text and are there, found without any knowledge of HCL: quoted texts and words,
 * taken from the root and from the template's folder. What discovery is held against: it must not miss one of these
 * without a reason.
 */
export function mentionedPaths(text: string, folder: string, isThere: (path: string) => boolean): string[] {
  const found = new Set<string>();
  const withoutComments = text.replaceAll(/^\s*(?:#|\/\/).*$/gm, '');
  for (const [, quoted = ''] of withoutComments.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)) {
    for (const word of [quoted, ...quoted.split(/[\s=,;'()<>|&]+/)]) {
      const path = word
        .replaceAll(/\$\{\s*(?:path\.root|abspath\(path\.root\))\s*\}|\{\{\s*template_dir\s*\}\}/g, '\0')
        .replaceAll(/\$\{\s*path\.cwd\s*\}|\{\{\s*pwd\s*\}\}/g, '.')
        .replace(/^@/, '');
      if (!/[/.]/.test(path) && !path.startsWith('\0')) continue;
      if (path.includes('${') || path.includes('{{')) continue;
      const candidates = path.includes('\0') ? [path.replace('\0', folder)] : [path, posix.join(folder, path)];
      for (const candidate of candidates) {
        const below = posix.normalize(candidate).replace(/^\/+|\/+$/g, '');
        if (below !== '' && below !== '.' && !candidate.startsWith('/') && isThere(below)) found.add(below);
      }
    }
  }
  return [...found].toSorted();
}
