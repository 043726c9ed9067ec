import { ErrorBlock } from './error-block.ts';
import { type PackerEvent, type UiLevel, parseLine } from './packer-event.ts';
import { LastLines } from './last-lines.ts';
import { type LogLine, cutLine } from './log-line.ts';
import { type PackerRun } from './packer-run.ts';
import { TargetReader } from './target-reader.ts';
import { type UiMeaning } from './ui-text.ts';

/** Reads a packer log line by line in constant memory. */
export interface PackerRunReader {
  /** Takes the next line, without its line end. Never throws. Returns what it was. */
  line(text: string): PackerEvent;
  /** What the lines so far tell. */
  end(): PackerRun;
}

interface UnplacedLine extends LogLine {
  readonly target: string;
  readonly isError: boolean;
}

/** More targets than this have never been seen in one template; the lines of further ones count as belonging to none. */
const mostTargets = 500;

// Where one of these begins a line that belongs to no target, an error text begins (command/build.go, hcl2template, packer/core.go).
const errorHeading =
  /^(?:Error: |Errors? validating |Template validation failed|Failed (?:to (?:parse|initialize|prepare|load)|getting|installing) |Error initializing core|flag provided but not defined|Usage: packer |invalid command-line|An error occurred \(|\d{1,6} error\(?s?\)? occurred)/;

// command/init.go, since 1.7.
const pluginInstalled = /^Installed plugin ([\w.-]+(?:\/[\w.-]+){1,15}) v(\d[\w.+-]{0,60}) in "/;
const mostPlugins = 100;

export function packerRunReader(): PackerRunReader {
  const reader = new Reader();
  return {
    line: (text) => reader.line(text),
    end: () => reader.end(),
  };
}

/** Reads a whole log. */
export function readPackerRun(lines: Iterable<string>): PackerRun {
  const reader = packerRunReader();
  for (const line of lines) reader.line(line);
  return reader.end();
}

class Reader {
  #number = 0;
  readonly #targets = new Map<string, TargetReader>();
  readonly #errors = new ErrorBlock(200);
  readonly #tail = new LastLines(60);
  readonly #service = new LastLines(20);
  /** What a command of the build printed that failed first: CodeBuild runs later phases all the same, and what they print is no cause. */
  #printedByFailed: readonly LogLine[] | null = null;
  #ended = false;
  #listedArtifacts = 0;
  #forPeople = true;
  readonly #unheaded = new ErrorBlock(60);
  /** Lines that look like a target's before anything said that there is one: a person's copy often lacks its beginning. */
  readonly #unplaced = new LastLines<UnplacedLine>(60);
  /** CodeBuild fetches the source: no command has run, and what stands there by itself are its own words. */
  #fetchingSource = false;
  #cancelled: { line: LogLine; signal: string | null } | null = null;
  #crash: LogLine | null = null;
  #failing = false;
  #version: string | null = null;
  readonly #plugins = new Map<string, string>();
  /** What `-->` lines are, as the last heading said. */
  #summaries: 'errors' | 'artifacts' | null = null;
  /** The text that goes on in lines of their own: only in logs for people, where a text is not one line. */
  #open: ErrorBlock | null = null;

  line(text: string): PackerEvent {
    this.#number += 1;
    const event = parseLine(text);
    this.#take(event);
    return event;
  }

  end(): PackerRun {
    const targets = [...this.#targets.values()].map((target) => target.end());
    return {
      lines: this.#number,
      targets,
      artifacts: targets.flatMap((target) => target.artifacts),
      errors: this.#errors.lines(),
      tail: this.#printedByFailed ?? this.#tail.lines(),
      service: this.#service.lines(),
      ended: this.#ended,
      listedArtifacts: this.#listedArtifacts,
      forPeople: this.#forPeople,
      unheaded: this.#unheaded.lines(),
      cancelled: this.#cancelled,
      crash: this.#crash,
      failing: this.#failing,
      version: this.#version,
      plugins: Object.fromEntries(this.#plugins),
    };
  }

  #lineOf(text: string): LogLine {
    return { number: this.#number, text: cutLine(text) };
  }

  #target(name: string): TargetReader | undefined {
    const known = this.#targets.get(name);
    if (known !== undefined || this.#targets.size >= mostTargets) return known;
    const target = new TargetReader(name);
    this.#targets.set(name, target);
    for (const { target: its, isError, ...line } of this.#unplaced.lines()) if (its === name) target.takeOutput(line, false, isError);
    return target;
  }

  #take(event: PackerEvent): void {
    switch (event.type) {
      case 'ui':
        this.#takeMeaning(event.meaning, event.level);
        return;
      case 'error':
        this.#target(event.target)?.fail(this.#lineOf(event.text), this.#cancelled !== null);
        return;
      case 'artifact':
        if (event.detail.part === 'end') this.#takeArtifactEnd();
        this.#target(event.target)?.takeArtifact(event.index, event.detail);
        return;
      case 'version':
        this.#version = event.version;
        return;
      case 'crash':
        this.#crash ??= this.#lineOf(event.text);
        return;
      case 'service':
        this.#open = null;
        this.#takeService(event.text);
        return;
      case 'error-count':
      case 'artifact-count':
      case 'log':
      case 'other':
        return;
    }
  }

  #takeMeaning(meaning: UiMeaning, level: UiLevel | null): void {
    if (level !== null) this.#forPeople = false;
    if (meaning.means === 'text' || (meaning.means === 'output' && !meaning.marked && !this.#targets.has(meaning.target))) {
      if (meaning.means === 'output')
        this.#unplaced.push({ ...this.#lineOf(meaning.text), target: meaning.target, isError: level === 'error' });
      this.#takeText(meaning.means === 'text' ? meaning.text : `${meaning.target}: ${meaning.text}`, level);
      return;
    }
    this.#open = null;
    switch (meaning.means) {
      case 'output':
        if (TargetReader.saysFailing(meaning.text)) this.#failing = true;
        this.#target(meaning.target)?.takeOutput(this.#lineOf(meaning.text), meaning.marked, level === 'error');
        return;
      case 'announced':
        this.#target(meaning.target)?.begin();
        return;
      case 'build-errored':
        this.#fail(meaning.target, meaning.text, level);
        return;
      case 'build-finished':
        this.#target(meaning.target)?.finish(this.#cancelled !== null);
        return;
      case 'summary':
        this.#takeSummary(meaning.target, meaning.text, level);
        return;
      case 'errors-follow':
        this.#ended = true;
        this.#summaries = 'errors';
        return;
      case 'builds-finished':
        this.#ended = true;
        this.#summaries = meaning.artifacts ? 'artifacts' : null;
        return;
      case 'cancelling':
        this.#cancelled ??= {
          line: this.#lineOf(`Cancelling build after receiving ${meaning.signal ?? 'a signal'}`),
          signal: meaning.signal,
        };
        return;
      case 'cancelled':
        this.#ended = true;
        this.#cancelled ??= { line: this.#lineOf('Cleanly cancelled builds after being interrupted.'), signal: null };
        return;
      case 'wait-completed':
        return;
    }
  }

  #fail(name: string, text: string, level: UiLevel | null): void {
    const block = this.#target(name)?.fail(this.#lineOf(text), this.#cancelled !== null);
    if (level === null) this.#open = block ?? null;
  }

  #takeSummary(name: string, text: string, level: UiLevel | null): void {
    if (this.#summaries === 'artifacts') this.#listedArtifacts += 1;
    if (this.#summaries === 'errors') this.#fail(name, text, level);
    if (this.#ended) return;
    this.#unheaded.begin(this.#lineOf(text));
    if (level === null) this.#open = this.#unheaded;
  }

  #takeText(text: string, level: UiLevel | null): void {
    // Before there is a target nothing of a person's has run.
    const [, plugin, version] = this.#targets.size === 0 && this.#plugins.size < mostPlugins ? (pluginInstalled.exec(text) ?? []) : [];
    if (plugin !== undefined && version !== undefined) this.#plugins.set(plugin, version);
    if (TargetReader.saysFailing(text)) this.#failing = true;
    if (level === 'error' || (this.#open === null && errorHeading.test(text))) {
      this.#errors.begin(this.#lineOf(text));
      // A person's log tells no levels and breaks a text into lines.
      this.#open = level === null ? this.#errors : null;
      return;
    }
    if (level === null && this.#open !== null && this.#open.goOn(this.#lineOf(text))) return;
    this.#open = null;
    if (this.#fetchingSource && level === null) this.#service.push(this.#lineOf(text));
    if (text !== '') this.#tail.push(this.#lineOf(text));
  }

  /** Packer lists artifacts only once all builds are done. */
  #takeArtifactEnd(): void {
    this.#ended = true;
    this.#listedArtifacts += 1;
  }

  #takeService(text: string): void {
    this.#fetchingSource = /^Waiting for DOWNLOAD_SOURCE\b/.test(text);
    if (text.startsWith('Running command ')) this.#tail.clear();
    if (text.startsWith('Command did not exit successfully ')) this.#printedByFailed ??= this.#tail.lines();
    if (/^Command did not exit successfully |^Phase context status code: \S/.test(text)) this.#service.push(this.#lineOf(text));
    if (/^Phase complete: \w+ (?:State: FAILED|Success: false)/.test(text)) this.#failing = true;
  }
}
