import { isUtf8 } from 'node:buffer';
import { posix } from 'node:path';

import { digestOf } from '../../../core/digest.ts';
import { type Expression } from './hcl-document.ts';
import { type HclParser } from './hcl-parser.ts';
import { longestText } from './hcl-value.ts';
import { type ParsedFile } from './read-template.ts';
import { type RepositoryFiles } from './repository-files.ts';

/** A repository of which one discovery reads more than this is no image repository of a person. Bytes. */
const mostBytes = 32 * 1024 * 1024;

/** Each may take a walk through the repository. */
const mostPatterns = 200;

/** What discovery learns from files of the repository beside the templates themselves. */
export interface RepositoryReading {
  /** What was read so far: the answer rests on it. */
  readonly read: readonly ParsedFile[];
  /** Undefined where it is none, cannot be read, is no text or is longer than paths are taken from. */
  text(path: string, where: string): string | undefined;
  /** A file's text as templatefile() takes it; undefined where it is none or cannot be parsed. */
  template(path: string, where: string): Expression | undefined;
  /** Whether a file stands there; undefined where that cannot be told. */
  isFile(path: string, where: string): boolean | undefined;
  isFolder(path: string, where: string): boolean;
  /** Whether a pattern finds files below a folder, but for those that `inputs.exclude` names. Past a bound of patterns: yes. */
  hasFiles(folder: string, pattern: string): boolean;
  /** Whether `inputs.exclude` names the file. */
  isExcluded(path: string): boolean;
}

/** Reads through `files` alone, each file once. */
export function createRepositoryReading(files: RepositoryFiles, parser: HclParser | undefined): RepositoryReading {
  const read: ParsedFile[] = [];
  const texts = new Map<string, string | undefined>();
  const templates = new Map<string, Expression | undefined>();
  const patterns = new Map<string, boolean>();
  let bytes = 0;

  function freshText(path: string, where: string): string | undefined {
    if (bytes > mostBytes || !isFile(path, where)) return undefined;
    const content = files.read(path, where, longestText);
    if (!content.ok || !isUtf8(content.value)) return undefined;
    bytes += content.value.length;
    read.push({ path, digest: digestOf(content.value), where });
    return Buffer.from(content.value).toString('utf8');
  }

  function text(path: string, where: string): string | undefined {
    if (!texts.has(path)) texts.set(path, freshText(path, where));
    return texts.get(path);
  }

  function isFile(path: string, where: string): boolean | undefined {
    const type = files.typeOf(path, where);
    return type.ok ? type.value === 'file' : undefined;
  }

  return {
    read,
    text,
    template(path, where) {
      if (!templates.has(path)) {
        const content = text(path, where);
        const parsed = content === undefined ? undefined : parser?.parseTemplate(content, { file: path, line: 1 }, false);
        templates.set(path, parsed?.ok === true ? parsed.value : undefined);
      }
      return templates.get(path);
    },
    isFile,
    isFolder(path, where) {
      const type = files.typeOf(path, where);
      return type.ok && type.value === 'folder';
    },
    hasFiles(folder, pattern) {
      const key = `${folder}\0${pattern}`;
      if (!patterns.has(key) && patterns.size < mostPatterns) {
        const finds = (each: string): boolean => files.filesIn(folder, each)?.length !== 0;
        patterns.set(key, finds(pattern) || finds(`${pattern}/**`));
      }
      return patterns.get(key) ?? true;
    },
    isExcluded(path) {
      // A name with characters of patterns would stand for others.
      if (/[*?[\]{}()!+@\\]/.test(path)) return false;
      const folder = posix.dirname(path) === '.' ? '' : posix.dirname(path);
      return files.filesIn(folder, posix.basename(path))?.includes(posix.basename(path)) !== true;
    },
  };
}
