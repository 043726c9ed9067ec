import { posix } from 'node:path';

import { type Builder } from '../../core/config.ts';
import { type InputDifference } from '../../core/drift.ts';
import { failure, success } from '../../core/failure.ts';
import { type FileInput } from '../../core/input.ts';
import { discoverTemplate } from '../packer/template/discover-template.ts';
import { type RepositoryFiles } from '../packer/template/repository-files.ts';
import { earlierContent } from './git-history.ts';
import { repositoryFiles } from './image-repository-files.ts';
import { realRoot } from './input-file-place.ts';
import { noSightings } from './input-sightings.ts';

/** The values that a template called sensitive at an earlier time, or why they cannot be known. */
export type EarlierSecrets = { readonly values: readonly string[] } | { readonly values: null; readonly why: string };

/** Of a template that read more files which have changed since, what it called secret is not looked for. */
const mostFiles = 100;

/**
 * Reads the template of a builder, and what that reads, as they were, as far as git has their text: a secret that was changed
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
  const before = new Map<string, FileInput>();
  for (const input of [...removed, ...changed.filter((change) => change.changed.includes('digest')).map((change) => change.before)])
    if ('size' in input && input.mode !== '120000') before.set(input.name, input);
  const gone = new Set(added.filter((input) => 'size' in input).map(({ name }) => name));
  // What was a variable file and is none any more is named nowhere now.
  const dropped = removed.flatMap(({ kind, name }) => (kind === 'template' && !/\.pkr\.(?:hcl|json)$/.test(name) ? [name] : []));
  const then = { ...builder, var_files: [...builder.var_files.filter((name) => !gone.has(posix.normalize(name))), ...dropped] };
  const contents = new Map<string, Uint8Array>();
  const now = repositoryFiles(realRoot(root), builder.inputs.exclude, noSightings());
  for (;;) {
    const wanted = new Set<string>();
    const found = await discoverTemplate(then, requestVariables, filesOfThen(now, { before, gone, contents, wanted }));
    if (wanted.size === 0)
      return found.ok ? { values: found.value.sensitiveValues } : unknown('the template cannot be read as it was then');
    if (contents.size + wanted.size > mostFiles) return unknown(`it reads more than ${mostFiles} files that have changed`);
    for (const name of wanted) {
      const input = before.get(name);
      const content = input === undefined ? undefined : await earlierContent(root, input);
      if (content === undefined) return unknown(`what ${name} was then is in no commit that git has here`);
      contents.set(name, content);
    }
  }
}

function unknown(why: string): EarlierSecrets {
  return { values: null, why: `${why}, so nobody knows what the template called a secret` };
}

interface Then {
  /** Files that are gone, or were others. */
  readonly before: ReadonlyMap<string, FileInput>;
  /** Files that were not there. */
  readonly gone: ReadonlySet<string>;
  /** As far as they are known. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Gets those that were asked for and are not known. */
  readonly wanted: Set<string>;
}

/** The files of a repository as they were. */
function filesOfThen(now: RepositoryFiles, { before, gone, contents, wanted }: Then): RepositoryFiles {
  const namesBefore = (folder: string): string[] => {
    const start = folder === '' ? '' : `${folder}/`;
    return [...before.keys()].flatMap((path) => (path.startsWith(start) ? (path.slice(start.length).split('/')[0] ?? []) : []));
  };
  return {
    ...now,
    typeOf(path, where) {
      if (before.has(path)) return success('file');
      if (gone.has(path)) return success('absent');
      return namesBefore(path).length > 0 ? success('folder') : now.typeOf(path, where);
    },
    namesIn(folder, where) {
      const there = now.typeOf(folder, where);
      const names = there.ok && there.value === 'absent' ? success([]) : now.namesIn(folder, where);
      if (!names.ok) return names;
      const kept = names.value.filter((name) => !gone.has(posix.join(folder, name)));
      return success([...new Set([...kept, ...namesBefore(folder)])].toSorted());
    },
    read(path, where, limit) {
      const content = contents.get(path);
      if (content !== undefined) return success(content);
      if (!before.has(path)) return now.read(path, where, limit);
      wanted.add(path);
      return failure('INPUT_UNREADABLE', `${path} is not what it was`, 'take it from git');
    },
  };
}
