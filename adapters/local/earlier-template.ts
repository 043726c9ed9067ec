import { posix } from 'node:path';

import { type Builder } from '../../core/config.ts';
import { type InputDifference } from '../../core/drift.ts';
import { success } from '../../core/failure.ts';
import { type FileInput, type Input } from '../../core/input.ts';
import { discoverTemplate } from '../packer/template/discover-template.ts';
import { type RepositoryFiles } from '../packer/template/repository-files.ts';
import { earlierContent } from './git-history.ts';
import { repositoryFiles } from './image-repository-files.ts';
import { realRoot } from './input-file-place.ts';
import { noSightings } from './input-sightings.ts';

/** The values that a template called sensitive at an earlier time, or why they cannot be known. */
export type EarlierSecrets = { readonly values: readonly string[] } | { readonly values: null; readonly why: string };

/**
 * Reads the template and the variable files of a builder as they were, as far as git has their text: a secret that was changed
 * since stands in what is no longer there.
 *
 * @param difference from then to now
 */
export async function earlierSecrets(
  root: string,
  builder: Builder,
  requestVariables: Readonly<Record<string, string>>,
  { added, removed, changed }: InputDifference,
): Promise<EarlierSecrets> {
  const before = [...removed, ...changed.filter((change) => change.changed.includes('digest')).map((change) => change.before)];
  const earlier = new Map<string, Uint8Array>();
  for (const input of before.filter(isTemplate)) {
    const content = await earlierContent(root, input);
    if (content === undefined) return unknown(`what ${input.name} was then is in no commit that git has here`);
    earlier.set(input.name, content);
  }
  if (earlier.size === 0) return { values: [] };
  const gone = new Set(added.filter(isTemplate).map(({ name }) => name));
  // What was a variable file and is none any more is named nowhere now.
  const dropped = removed.filter(isTemplate).flatMap(({ name }) => (/\.pkr\.(?:hcl|json)$/.test(name) ? [] : [name]));
  const then = { ...builder, var_files: [...builder.var_files.filter((name) => !gone.has(posix.normalize(name))), ...dropped] };
  const files = filesWith(repositoryFiles(realRoot(root), builder.inputs.exclude, noSightings()), earlier, gone);
  const found = await discoverTemplate(then, requestVariables, files);
  return found.ok ? { values: found.value.sensitiveValues } : unknown('the template cannot be read as it was then');
}

function unknown(why: string): EarlierSecrets {
  return { values: null, why: `${why}, so nobody knows what it called a secret` };
}

function isTemplate(input: Input): input is FileInput {
  return input.kind === 'template';
}

/** The files of a repository with some in the place of what stands there, and without some. */
function filesWith(files: RepositoryFiles, instead: ReadonlyMap<string, Uint8Array>, without: ReadonlySet<string>): RepositoryFiles {
  const namesOfInstead = (folder: string): string[] => {
    const start = folder === '' ? '' : `${folder}/`;
    return [...instead.keys()].flatMap((path) => (path.startsWith(start) ? (path.slice(start.length).split('/')[0] ?? []) : []));
  };
  return {
    ...files,
    typeOf(path, where) {
      if (instead.has(path)) return success('file');
      if (without.has(path)) return success('absent');
      return namesOfInstead(path).length > 0 ? success('folder') : files.typeOf(path, where);
    },
    namesIn(folder, where) {
      const there = files.typeOf(folder, where);
      const names = there.ok && there.value === 'absent' ? success([]) : files.namesIn(folder, where);
      if (!names.ok) return names;
      const kept = names.value.filter((name) => !without.has(posix.join(folder, name)));
      return success([...new Set([...kept, ...namesOfInstead(folder)])].toSorted());
    },
    read(path, where, limit) {
      const content = instead.get(path);
      return content === undefined ? files.read(path, where, limit) : success(content);
    },
  };
}
