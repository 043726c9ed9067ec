import { type Artifact } from '../artifact.ts';
import { type LogLine } from './log-line.ts';
import { type TargetRun } from './target-reader.ts';

/** What a packer log tells of one run, in bounded memory. */
export interface PackerRun {
  /** How many lines the log has. */
  readonly lines: number;
  /** In the order in which they appear. */
  readonly targets: readonly TargetRun[];
  /** What the log lists of all targets, each artifact once. */
  readonly artifacts: readonly Artifact[];
  /** Errors that belong to no target: of the command line, the template, its plugins. */
  readonly errors: readonly LogLine[];
  /** The last other lines that belong to no target. */
  readonly tail: readonly LogLine[];
  /** What CodeBuild's agent said of failed commands and phases. */
  readonly service: readonly LogLine[];
  /** Whether packer came to its end: `Builds finished`, or errors or a clean cancel in its place. */
  readonly ended: boolean;
  /** How many artifacts packer listed at its end. */
  readonly listedArtifacts: number;
  readonly cancelled: { readonly line: LogLine; readonly signal: string | null } | null;
  /** A Go panic of packer or a plugin. */
  readonly crash: LogLine | null;
  /** Whether a line says that a step failed, whatever came after it. */
  readonly failing: boolean;
  readonly version: string | null;
}

/**
 * The union of what packer's output listed and what the manifest post-processors recorded for the same run.
 * Both lose some: the output those of cancelled and failed targets, the record those of parallel writes.
 * A record names a target by its last part; `targets` are the whole names.
 */
export function mergeArtifacts(listed: readonly Artifact[], recorded: readonly Artifact[], targets: readonly string[] = []): Artifact[] {
  const merged = [...listed];
  for (const record of recorded) {
    const at = merged.findIndex((artifact) => isSame(artifact, record));
    const same = merged[at];
    if (same === undefined) merged.push({ ...record, name: targets.find((target) => isNamed(target, record)) ?? record.name });
    else merged[at] = { ...same, type: same.type ?? record.type, files: same.files.length > 0 ? same.files : record.files };
  }
  return merged;
}

function isSame(listed: Artifact, record: Artifact): boolean {
  if (listed.id !== record.id || !isNamed(listed.name, record)) return false;
  return listed.files.length === 0 || record.files.length === 0 || baseNames(listed.files) === baseNames(record.files);
}

/** The record holds no folders where it has `strip_path`. */
function baseNames(files: readonly string[]): string {
  return files
    .map((file) => file.slice(file.lastIndexOf('/') + 1))
    .sort()
    .join('\0');
}

function isNamed(target: string, record: Artifact): boolean {
  return target === record.name || target.endsWith(record.type === null ? `.${record.name}` : `${record.type}.${record.name}`);
}
