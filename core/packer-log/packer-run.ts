import { type Artifact } from '../artifact.ts';
import { type Digest, digestOf } from '../digest.ts';
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
  /** Whether it is a log for people as a whole: no line is machine-readable. */
  readonly forPeople: boolean;
  /** Lines of a summary that no heading says to be errors or artifacts, where the log was cut before it. */
  readonly unheaded: readonly LogLine[];
  readonly cancelled: { readonly line: LogLine; readonly signal: string | null } | null;
  /** A Go panic of packer or a plugin. */
  readonly crash: LogLine | null;
  /** Whether a line says that a step failed, whatever came after it. */
  readonly failing: boolean;
  readonly version: string | null;
  /** Versions of the plugins that `packer init` installed, by their sources. */
  readonly plugins: Readonly<Record<string, string>>;
}

/**
 * The union of what packer's output listed and what the manifest post-processors recorded for the same run.
 * Both lose some: the output those of cancelled and failed targets, the record those of parallel writes.
 * A record names a target by its last part; `targets` are the whole names.
 */
export function mergeArtifacts(listed: readonly Artifact[], recorded: readonly Artifact[], targets: readonly string[] = []): Artifact[] {
  const merged: Merged[] = [];
  const byId = new Map<string, Merged[]>();
  const add = (artifact: Artifact) => {
    const one = { artifact, names: baseNames(artifact.files) };
    merged.push(one);
    const equal = byId.get(artifact.id);
    if (equal === undefined) byId.set(artifact.id, [one]);
    else equal.push(one);
  };
  for (const artifact of listed) add(artifact);
  for (const record of recorded) {
    const names = baseNames(record.files);
    const same = byId.get(record.id)?.find((one) => isSame(one, record, names));
    if (same === undefined) add({ ...record, name: targets.find((target) => isNamed(target, record)) ?? record.name });
    else same.artifact = { ...same.artifact, type: same.artifact.type ?? record.type, ...filesOf(same, record, names) };
  }
  return merged.map(({ artifact }) => artifact);
}

/** An artifact with what its files are compared by, which is computed once: both lists come from an attempt, and may be long. */
interface Merged {
  artifact: Artifact;
  names: Digest | null;
}

function isSame({ artifact, names }: Merged, record: Artifact, recordNames: Digest | null): boolean {
  return isNamed(artifact.name, record) && (names === null || recordNames === null || names === recordNames);
}

function filesOf(same: Merged, record: Artifact, names: Digest | null): Pick<Artifact, 'files'> {
  if (same.names !== null) return { files: same.artifact.files };
  same.names = names;
  return { files: record.files };
}

/** The digest of the names without their folders, which a record does not hold where it has `strip_path`; null where there are no files. */
function baseNames(files: readonly string[]): Digest | null {
  if (files.length === 0) return null;
  const names = files.map((file) => file.slice(file.lastIndexOf('/') + 1)).sort();
  return digestOf(names.join('\0'));
}

function isNamed(target: string, record: Artifact): boolean {
  return target === record.name || target.endsWith(record.type === null ? `.${record.name}` : `${record.type}.${record.name}`);
}
