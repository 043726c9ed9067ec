import { type Artifact } from '../artifact.ts';
import { ArtifactReader } from './artifact-reader.ts';
import { ErrorBlock } from './error-block.ts';
import { LastLines } from './last-lines.ts';
import { BaseImageReader } from './base-image-reader.ts';
import { type ArtifactPart } from './packer-event.ts';
import { type LogLine } from './log-line.ts';

/** What became of one target of the template. */
export interface TargetRun {
  readonly name: string;
  /** `unknown`: the log ends before the target did. */
  readonly outcome: 'finished' | 'errored' | 'cancelled' | 'unknown';
  /** Packer's own final errors, each text once, with all its lines. */
  readonly errors: readonly LogLine[];
  /** Whether a final error came after the run was told to stop. */
  readonly erroredAfterCancel: boolean;
  /** What the target printed with the level `error` (steps of packer as well as stderr of scripts), the last lines. */
  readonly errorOutput: readonly LogLine[];
  /**
   * The last lines of the newest provisioning step, oldest first; where the target failed, those up to the failure.
   * Marked ones were printed as `==> name:`.
   */
  readonly step: readonly (LogLine & { readonly marked: boolean })[];
  /** Nothing of a person's can have run yet: the log has the target's beginning, and it neither reached a guest nor began a step. */
  readonly untouched: boolean;
  readonly artifacts: readonly Artifact[];
  /** Ids of images that this run created itself. */
  readonly made: readonly string[];
  /** What the image is made from, as far as the builder says what it found. */
  readonly base: readonly string[];
}

// What a target prints where a step begins that runs a person's code (packer/provisioner.go and the provisioners' own first lines).
const stepBegins =
  /^(?:Provisioning with |Running local shell script|Executing Ansible|Executing local command|Running post-processor|Restarting Machine|Retrieving ISO)/;

// Where something of a person's may run from: in the guest, once a builder reaches it (sdk communicator/step_connect.go), or before on
// the machine that builds, as `pre_mount_commands` of amazon-chroot.
const mayRunSomething =
  /^(?:Executing |Running |Provisioning |Calling |Mounting |Starting docker |Restarting Machine|Connected to |Using \S{1,30} communicator)/;

// builder run: sdk multistep/commonsteps/step_provision.go:113; -on-error: sdk multistep/basic_runner.go.
const stepFailed = /^(?:Provisioning step had errors: |Step "[^"]{1,100}" failed)/;

// amazon plugin: common/step_create_ami.go and step_ami_region_copy.go.
const imageMade = /^(?:AMI: |Copying AMI [^\n]{0,100}\bto |Registered AMI: |Image ID: )\W?((?:ami|snap)-[0-9a-f]{8,17})/;

/** Folds what one target says. */
export class TargetReader {
  readonly #name: string;
  #outcome: TargetRun['outcome'] = 'unknown';
  readonly #errors = new ErrorBlock(80);
  #erroredAfterCancel = false;
  readonly #errorOutput = new LastLines(60);
  readonly #step = new LastLines<LogLine & { marked: boolean }>(60);
  #failed = false;
  #untouched = false;
  readonly #artifacts = new ArtifactReader();
  readonly #made = new Set<string>();
  readonly #base = new BaseImageReader();

  constructor(name: string) {
    this.#name = name;
  }

  /** Whether a text of packer says that a step failed. */
  static saysFailing(text: string): boolean {
    return stepFailed.test(text);
  }

  /** The target is announced: the log has its beginning. */
  begin(): void {
    this.#untouched = this.#step.lines().length === 0;
  }

  takeOutput(line: LogLine, marked: boolean, isError: boolean): void {
    if (isError) this.#errorOutput.push(line);
    if (this.#failed) return;
    if (marked && stepFailed.test(line.text)) {
      this.#failed = true;
      return;
    }
    if (marked && mayRunSomething.test(line.text)) this.#untouched = false;
    if (marked && stepBegins.test(line.text)) {
      this.#step.clear();
      this.#base.close();
    }
    this.#base.take(line.text, marked);
    const [, made] = imageMade.exec(line.text) ?? [];
    if (made !== undefined && this.#made.size < 100) this.#made.add(made);
    if (line.text.trim() !== '') this.#step.push({ ...line, marked });
  }

  /** Takes a final error and returns where its further lines go. */
  fail(line: LogLine, afterCancel: boolean): ErrorBlock {
    if (this.#outcome !== 'errored') this.#erroredAfterCancel = afterCancel;
    this.#outcome = 'errored';
    this.#failed = true;
    this.#errors.begin(line);
    return this.#errors;
  }

  finish(afterCancel: boolean): void {
    if (this.#outcome === 'unknown') this.#outcome = afterCancel ? 'cancelled' : 'finished';
    this.#step.clear();
  }

  takeArtifact(index: number, part: ArtifactPart): void {
    this.#artifacts.take(index, part);
  }

  end(): TargetRun {
    const artifacts: Artifact[] = this.#artifacts.end(this.#name);
    return {
      name: this.#name,
      // Only a finished target's artifacts are listed, also where its `finished` line was lost.
      outcome: this.#outcome === 'unknown' && artifacts.length > 0 ? 'finished' : this.#outcome,
      errors: this.#errors.lines(),
      erroredAfterCancel: this.#erroredAfterCancel,
      errorOutput: this.#errorOutput.lines(),
      step: this.#step.lines(),
      untouched: this.#untouched,
      artifacts,
      made: [...this.#made],
      base: this.#base.end(artifacts),
    };
  }
}
