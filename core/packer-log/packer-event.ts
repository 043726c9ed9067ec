import { withoutCarriers } from './carriers.ts';
import { plainText, withoutLostColours } from './plain-text.ts';
import { type UiMeaning, meaningOf } from './ui-text.ts';

export type UiLevel = 'say' | 'message' | 'error';

/** What a machine-readable `artifact` line tells of one artifact. */
export type ArtifactPart =
  | { readonly part: 'builder-id' | 'id' | 'string'; readonly text: string }
  | { readonly part: 'files-count'; readonly count: number }
  | { readonly part: 'file'; readonly file: string }
  | { readonly part: 'nil' | 'end' }
  | { readonly part: 'other'; readonly name: string; readonly data: readonly string[] };

/**
 * One line of a packer log: of `-machine-readable` output, of what a person sees, of a `PACKER_LOG` file, or
 * of a build service's log around packer.
 */
export type PackerEvent =
  /** `level` is null where the line does not tell it: in what a person sees. `text` is decoded and free of terminal escapes. */
  | { readonly type: 'ui'; readonly level: UiLevel | null; readonly text: string; readonly meaning: UiMeaning }
  | { readonly type: 'error-count'; readonly count: number }
  /** Packer's own final error of a target. */
  | { readonly type: 'error'; readonly target: string; readonly text: string }
  | { readonly type: 'artifact-count'; readonly target: string; readonly count: number }
  | { readonly type: 'artifact'; readonly target: string; readonly index: number; readonly detail: ArtifactPart }
  | { readonly type: 'version'; readonly version: string }
  /** A Go panic of packer or a plugin. */
  | { readonly type: 'crash'; readonly text: string }
  /** A line of CodeBuild's agent: `[Container] date time text`. */
  | { readonly type: 'service'; readonly text: string }
  /** What packer or a plugin wrote for its developers under `PACKER_LOG`. */
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'other'; readonly target: string; readonly name: string; readonly data: readonly string[] };

/** UTF-16 code units of a line that are read: of a longer one the beginning, which says what it is, and the end, where errors stand. */
const longestLine = 32_768;
const lineEnding = 8192;

// Source of both formats: packer/ui.go:224-255 (machine-readable), packer/ui.go NewLogger lines (PACKER_LOG).
const machineLine = /^\s{0,20}\d{9,20},([^,]*),([a-z][a-z0-9-]*)(?:,([\s\S]*))?$/;
const logLine = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?=(\S[\s\S]*)$)/;
const loggedMachineLine = /^machine readable: (?:(.*),)?([a-z-]+) \[\]string\{(.*)\}$/;
const loggedUi = /^ui( error)?: ?([\s\S]*)$/;
const agentLine = /^\s{0,40}\[(?:Container|Instance)\] \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? ([\s\S]*)$/;
const panicLine = /^(?:[\w./-]{1,200}(?: plugin)?: )?panic: |^!+ PACKER CRASH !+/;

/** Reads one line, without its line end. Takes any text and never throws; what it cannot place is `ui` text or `other`. */
export function parseLine(line: string): PackerEvent {
  const text = plainText(line.length > longestLine ? shortened(line) : line);
  const machine = parseMachineLine(text);
  if (machine !== undefined) return machine;
  const carried = withoutCarriers(withoutLostColours(text));
  return (carried === text ? undefined : parseMachineLine(carried)) ?? parseCarried(carried);
}

function shortened(line: string): string {
  return `${line.slice(0, longestLine - lineEnding - 3)} … ${line.slice(-lineEnding)}`.toWellFormed();
}

/** What a person should see of a line, free of terminal escapes; null where a line is not meant for people. */
export function renderLine(event: PackerEvent): string | null {
  switch (event.type) {
    case 'ui':
    case 'crash':
    case 'service':
      return event.text;
    case 'error':
    case 'error-count':
    case 'artifact-count':
    case 'artifact':
    case 'version':
    case 'log':
    case 'other':
      return null;
  }
}

function parseMachineLine(text: string): PackerEvent | undefined {
  const [matched, target, name, data] = machineLine.exec(text) ?? [];
  if (matched === undefined || target === undefined || name === undefined) return undefined;
  return machineEvent(target, name, data === undefined ? [] : data.split(',').map(decode));
}

/** Lossy by packer's making: a literal backslash-n is not escaped. */
function decode(data: string): string {
  if (!data.includes('%') && !data.includes('\\')) return data;
  return plainText(data.replaceAll('%!(PACKER_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r'));
}

function machineEvent(target: string, name: string, data: readonly string[]): PackerEvent {
  const [first = '', ...rest] = data;
  switch (name) {
    case 'ui':
      if (first === 'say' || first === 'message' || first === 'error') return uiEvent(first, rest.join(','));
      break;
    case 'error':
      return { type: 'error', target, text: data.join(',').trim() };
    case 'error-count':
      return { type: 'error-count', count: countOf(first) };
    case 'artifact-count':
      return { type: 'artifact-count', target, count: countOf(first) };
    case 'artifact':
      return { type: 'artifact', target, index: countOf(first), detail: artifactPart(rest) };
    case 'version':
      return { type: 'version', version: first };
    default:
      break;
  }
  return { type: 'other', target, name, data };
}

function artifactPart([name = '', ...data]: readonly string[]): ArtifactPart {
  switch (name) {
    case 'builder-id':
    case 'id':
    case 'string':
      return { part: name, text: data.join(',') };
    case 'files-count':
      return { part: name, count: countOf(data[0] ?? '') };
    case 'file':
      return { part: name, file: data.slice(1).join(',') };
    case 'nil':
    case 'end':
      return { part: name };
    default:
      return { part: 'other', name, data };
  }
}

function countOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function parseCarried(text: string): PackerEvent {
  const [, agent] = agentLine.exec(text) ?? [];
  if (agent !== undefined) return { type: 'service', text: agent };
  const [, logged] = logLine.exec(text.trimStart()) ?? [];
  if (logged === undefined) return panicLine.test(text) ? { type: 'crash', text } : uiEvent(null, text);
  const [, level, said] = loggedUi.exec(logged) ?? [];
  if (said !== undefined) return uiEvent(level === undefined ? 'say' : 'error', said);
  // With -machine-readable, PACKER_LOG holds the line itself behind its time.
  const machine = parseMachineLine(logged);
  if (machine !== undefined) return machine;
  const [, target, name, data] = loggedMachineLine.exec(logged) ?? [];
  if (name !== undefined) return machineEvent(target ?? '', name, goStrings(data ?? ''));
  return { type: panicLine.test(logged) ? 'crash' : 'log', text: logged };
}

/** The strings of a Go slice as `%#v` prints it. */
function goStrings(text: string): string[] {
  return [...text.matchAll(/(?:^|, ?)"((?:[^"\\]|\\.)*)"/gy)].map(([, quoted]) =>
    (quoted ?? '').replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped === 't' ? '\t' : escaped)),
  );
}

function uiEvent(level: UiLevel | null, text: string): PackerEvent {
  const untimed = text.replace(/^\s{0,4}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d): /, '');
  return { type: 'ui', level, text, meaning: meaningOf(untimed) };
}
