import { type Artifact } from './artifact.ts';
import { type Build } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Channel } from './channel.ts';
import { type Builder } from './config.ts';
import { type Tags } from './contract/tags.ts';
import { type Digest } from './digest.ts';
import { type ExitCode } from './exit-code.ts';
import { type Failure, type Outcome } from './failure.ts';
import { type BuildId, type BuilderName, type RunId, type Timestamp } from './identity.ts';
import { type Input, type UndeclaredInput } from './input.ts';
import { type RequestToken } from './request-token.ts';
import { type Bucket, type Lock } from './retention/lifecycle.ts';
import { type RunRecord } from './run-record.ts';
import { type BuildState } from './states.ts';
import { type StrayEvent } from './stray-event.ts';
import { type Variant } from './variant.ts';

/*
 * What the domain asks of the world, in its own words. Each port has one contract suite in `test/contracts/`
 * that every adapter passes. A port throws only where the world fails it (a full disk, no network); the hosts
 * turn that into a failure with the rule STORAGE.
 */

// ---- records -----------------------------------------------------------------------------------------------

/** One document to write, on the condition that its stored version is still `expected` (null: that there is none). */
export type RecordWrite =
  | { readonly type: 'build'; readonly expected: number | null; readonly document: Build }
  | { readonly type: 'builder'; readonly expected: number | null; readonly document: BuilderRecord }
  | { readonly type: 'variant'; readonly expected: number | null; readonly document: Variant }
  | { readonly type: 'channel'; readonly expected: number | null; readonly document: Channel }
  /** Where its `expires_at` has passed it may be gone. */
  | { readonly type: 'request-token'; readonly expected: number | null; readonly document: RequestToken }
  | { readonly type: 'stray-event'; readonly expected: number | null; readonly document: StrayEvent };

/**
 * `absent`: a version was expected and nothing is stored. `exists`: nothing was expected and something is.
 * `changed`: another version is stored.
 */
export type Commit =
  | { readonly committed: true }
  | { readonly committed: false; readonly conflict: 'absent' | 'exists' | 'changed'; readonly type: RecordWrite['type'] };

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; present where there may be more. A page that has one can have fewer items than were asked for, or none. */
  readonly cursor?: string;
}

/** What is known of an open build without reading it. */
export interface OpenBuild {
  readonly build_id: BuildId;
  readonly builder: BuilderName;
}

/**
 * What is known of builders, builds and channels, as whole documents. Each carries a `version` that grows by one with every
 * write. A document of a newer schema is refused wherever it is read, and never overwritten (FailureError RECORD_NEWER).
 */
export interface Records {
  readBuild(id: BuildId): Promise<Build | undefined>;
  readBuilder(name: BuilderName): Promise<BuilderRecord | undefined>;
  /** @param id from `variantIdOf`. */
  readVariant(id: Digest): Promise<Variant | undefined>;
  /** @param id from `channelIdOf`. */
  readChannel(id: Digest): Promise<Channel | undefined>;
  /** @param id from `tokenIdOf`. */
  readRequestToken(id: Digest): Promise<RequestToken | undefined>;
  /** @param id from `eventIdOf`. */
  readStrayEvent(id: Digest): Promise<StrayEvent | undefined>;
  /** Writes all documents or none. A document's own `version` is the one that is stored with it. */
  commit(writes: readonly RecordWrite[]): Promise<Commit>;
  /** Newest first. `limit` is at most 100. */
  listBuilds(builder: BuilderName, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Build>>;
  /**
   * Builds that something is still to be done for (`isOpen` in `build.ts`), oldest first; costs what is open, not what
   * ever was. It may lag behind the documents: a build that was just written may be missing, and one that is done be there. Names alone: one that cannot be read keeps none of the others from being found. `limit` is at most 100.
   */
  listOpenBuilds(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<OpenBuild>>;
  /** By name. */
  listBuilders(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<BuilderRecord>>;
  /** The channels of a builder, by name: every manifest that is published. `limit` is at most 100. */
  listChannels(builder: BuilderName, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Channel>>;
}

// ---- objects -----------------------------------------------------------------------------------------------

export type ReadObject =
  /** `version` names just these bytes, whatever is written under the key later; null where the store keeps no versions. */
  | { readonly state: 'read'; readonly content: Uint8Array; readonly version: string | null }
  | { readonly state: 'absent' }
  /** Larger than the reader allowed; nothing was read. `size` in bytes. */
  | { readonly state: 'too-large'; readonly size: number }
  /** On disk only: something that is not a plain file stands there. */
  | { readonly state: 'not-a-file' };

/**
 * What the dispatcher says to a run. `go`: the records name this run as the attempt, so packer may run. `stop`: end
 * now, and kindly.
 */
export type ControlWord = 'go' | 'stop';

/** Bytes under keys (`core/contract/keys.ts`), with tags. A write is whole or not there at all. */
export interface Objects {
  /** Creates what is not there yet and never overwrites: `same` where equal bytes stand there, else `different`. */
  create(key: string, content: Uint8Array, tags: Tags): Promise<'created' | 'same' | 'different'>;
  /**
   * Puts other bytes and tags in the place of those that stand there, on the condition that these are still the bytes
   * that the caller read (null: that nothing stands there). For the newest-of keys only.
   */
  replace(key: string, content: Uint8Array, tags: Tags, standing: Uint8Array | null): Promise<'replaced' | 'changed'>;
  /**
   * Reads an object of at most so many bytes: what stands there now, or, where `version` is given, what an earlier read gave
   * with that version: `absent` where the store does not have it (any more).
   */
  read(key: string, wanted: { readonly bytes: number; readonly version?: string }): Promise<ReadObject>;
  tags(key: string): Promise<Tags | undefined>;
  /** Keys that begin with the prefix, in order of code units. `limit` is at most 1000. */
  list(prefix: string, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<string>>;
  /** Removes what a run handed over or was told (`incoming/<run>/`, `control/<run>/`); absent keys are no error. */
  removeRun(run: RunId): Promise<void>;
  /** Tells a run something, once: creates `control/<run>/<word>`, and changes nothing where it is there already. */
  tell(run: RunId, word: ControlWord, reason: string): Promise<void>;
}

export type OpenObject =
  /** Its bytes as they come, to be read once and at once: GoneError where they were removed meanwhile. `version` as `read` gives it. */
  | { readonly state: 'open'; readonly content: AsyncIterable<Uint8Array>; readonly version: string | null }
  | Exclude<ReadObject, { readonly state: 'read' }>;

/** What was opened, or read before, does not stand there any more. */
export class GoneError extends Error {}

/** Objects that are too long for memory, in pieces: logs. What is promised of `Objects` holds for them, too. */
export interface LongObjects {
  /** Opens an object of at most so many bytes. What it holds beyond them is not given: reading it throws then. */
  open(key: string, wanted: { readonly bytes: number; readonly version?: string }): Promise<OpenObject>;
  /**
   * Creates an object from pieces, as `Objects.create` does. Where they throw, nothing is written.
   *
   * @returns `size`: how many bytes came.
   */
  createFrom(
    key: string,
    content: AsyncIterable<Uint8Array>,
    tags: Tags,
  ): Promise<{ readonly state: 'created' | 'same' | 'different'; readonly size: number }>;
}

/** An object that a build left, as it was written. */
export interface KeptObject {
  readonly key: string;
  readonly tags: Tags;
  /** Of its bytes. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** What is recorded of an object that was deleted; it outlives the object. */
export interface Deletion extends KeptObject {
  readonly at: Timestamp;
  readonly by: string;
  /** Of the retention policy under which its time was over. */
  readonly policy_digest: Digest;
}

/** The objects of builds where nothing but this program lets them go: on one machine. On AWS the bucket's lifecycle does. */
export interface KeptObjects {
  /** In order of their keys. `limit` is at most 100. */
  listKept(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<KeptObject>>;
  /** An object by its key, whatever stands there now; undefined where none was written, or a crash left open which. */
  findKept(key: string): Promise<KeptObject | undefined>;
  /**
   * Removes an object for good and records that. `absent`: somebody else had removed it before. `altered`: what stands there is
   * not what was written, and it stays. A removal that a crash cut off is finished by the next one.
   */
  remove(deletion: Deletion): Promise<'removed' | 'absent' | 'altered'>;
  /** Gives all that a build left another class, all at once. What is deleted keeps the one it had. */
  giveClass(build: BuildId, retention: string): Promise<void>;
  /** Looks at what stands there: `writable`: it is as it was written, and nothing keeps this user from changing it. */
  inspect(object: KeptObject): Promise<'as-written' | 'writable' | 'altered' | 'absent'>;
  /** What was removed, in that order. `limit` is at most 100. */
  listDeletions(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Deletion>>;
}

/** A version of an object in a bucket, as a listing has it: that shows neither tags nor locks. */
export interface ListedVersion {
  readonly key: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly size: number;
  readonly deleteMarker: boolean;
  /** Whether it is the current one. */
  readonly latest: boolean;
}

/** What a look at one version shows. */
export interface VersionKeeping {
  /** All of them, ours or not. */
  readonly tags: Readonly<Record<string, string>>;
  readonly lock: Lock | null;
  readonly legalHold: boolean;
}

/** The bucket of a deployment, for who wants to know how long it keeps what. */
export interface KeptBucket {
  /** Its rules, versioning and default lock. */
  settings(): Promise<Bucket>;
  /** Every version below a prefix, or of all with an empty one, by key, the newest of each key first. Costs a call a thousand. */
  versions(prefix: string): AsyncIterable<ListedVersion>;
  /** Costs two calls. Undefined where it is gone. */
  look(version: ListedVersion): Promise<VersionKeeping | undefined>;
  /** Gives a version these tags, in the place of all that it had. */
  tag(version: ListedVersion, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Locks a version, or lengthens its lock. A shorter or less firm one is refused. */
  lock(version: ListedVersion, lock: Lock): Promise<void>;
  /** Puts a version under a legal hold, or ends it; the same again changes nothing. */
  setLegalHold(version: ListedVersion, on: boolean): Promise<void>;
}

// ---- the build service -------------------------------------------------------------------------------------

export interface StartRequest {
  /** Equal tokens give the same run, for at least five minutes. */
  readonly token: string;
  readonly builder: BuilderName;
  /** What the attempt finds in its environment; names from `core/contract/variables.ts`. No secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds after which the service ends the run by force. */
  readonly timeLimit: number;
}

export type StartAnswer =
  | { readonly state: 'started'; readonly run: RunId }
  /** As many runs as the service takes are under way; ask again later. */
  | { readonly state: 'full'; readonly message: string }
  /** It will never start this; a person has to mend something. */
  | { readonly state: 'refused'; readonly failure: Failure };

/** Runs the buildspec. Starting is asynchronous: what became of a run is looked up. */
export interface BuildService {
  start(request: StartRequest): Promise<StartAnswer>;
  /** What it knows of at most 100 runs; runs that it does not know, or not yet, are left out. */
  look(runs: readonly RunId[]): Promise<readonly RunRecord[]>;
  /** Ends a run by force. To stop kindly, `Objects.tell` comes first. No error where it has ended. */
  stop(run: RunId): Promise<void>;
  /** What it kept of a run that has ended and was completed may go. */
  forget(run: RunId): Promise<void>;
}

// ---- operators ---------------------------------------------------------------------------------------------

export interface Notice {
  /** Equal keys are one notice, however often they come. */
  readonly key: string;
  readonly builder: BuilderName;
  readonly build: BuildId;
  readonly subject: string;
  readonly message: string;
}

export interface Operators {
  notify(notice: Notice): Promise<void>;
}

// ---- announcements -----------------------------------------------------------------------------------------

/** How a build ended, for whoever wants to go on from there. */
export interface FinalState {
  readonly build_id: BuildId;
  readonly builder: BuilderName;
  readonly state: BuildState;
  readonly exit_code: ExitCode;
  /** The code of the rule that decided. */
  readonly rule: string;
  /** How many attempts were started. */
  readonly attempts: number;
  readonly requested_by: string;
  readonly finished_at: Timestamp;
  readonly result_path: string;
  readonly summary_path: string;
  /** Of a skipped build the one that still holds; null where there is none. */
  readonly manifest_path: string | null;
}

/** Tells the world of each final state, at least once: it may be told again, also late. */
export interface Announcements {
  /** @throws where it cannot be announced: it is tried again. */
  announce(end: FinalState): Promise<void>;
}

// ---- what the dispatcher knows by itself -------------------------------------------------------------------

/**
 * `there`: each artifact is what it is said to be, or nothing is known of such artifacts. `absent`: some do not show, and
 * might yet; all others hold. `false`: what is there is not what was claimed. Each artifact that does not hold is named in the
 * failure's evidence (ARTIFACT_UNCONFIRMED).
 */
export type ArtifactsFound = { readonly state: 'there' } | { readonly state: 'absent' | 'false'; readonly failure: Failure };

/** Looks whether artifacts that an attempt claims are what they are said to be. */
export interface ArtifactCheck {
  /**
   * Looks once, and waits for nothing.
   *
   * @param made `after`: when the attempt began, in milliseconds since 1970; what is older was not made by it. `accounts`: to
   *   whom artifacts may belong beside the account of this deployment.
   * @throws where it cannot be known now: ask again later.
   */
  look(artifacts: readonly Artifact[], made: { readonly after: number; readonly accounts: readonly string[] }): Promise<ArtifactsFound>;
}

/** The place where objects are kept: what it lets go by itself, held against the retention policy. */
export interface RetentionCheck {
  /**
   * @returns RETENTION_UNKEPT where something is kept shorter or longer than the policy says; undefined where all is kept so.
   * @throws where it cannot be known now: ask again later.
   */
  look(): Promise<Failure | undefined>;
}

/** The source that builds are made from, where the dispatcher was deployed with it. */
export interface DeployedSource {
  /**
   * The fingerprint of a builder's inputs with these request variables; null where the dispatcher does not know the source,
   * or cannot derive it for them.
   */
  fingerprint(builder: BuilderName, variables: Readonly<Record<string, string>>): Promise<Digest | null>;
}

// ---- pointers outside --------------------------------------------------------------------------------------

export interface ChannelPointers {
  /**
   * Lets the pointer outside that a channel has show an image, and waits until it does. Doing it again changes nothing.
   *
   * @param channel `parameter`: the pointer's name, in which `{channel}` stands for the channel.
   * @param image the artifact's id, as packer names it.
   */
  point(
    channel: { readonly builder: BuilderName; readonly channel: string; readonly parameter: string },
    image: string,
  ): Promise<Outcome<void>>;
}

// ---- time and ids ------------------------------------------------------------------------------------------

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Ids {
  buildId(): BuildId;
}

/** Random bytes for keys that must not be guessed. */
export interface Randomness {
  bytes(count: number): Uint8Array;
}

// ---- what an attempt asks for ------------------------------------------------------------------------------

/** What a builder's declaration and template show, without running packer. */
export interface Discovery {
  readonly inputs: readonly Input[];
  readonly undeclared: readonly UndeclaredInput[];
  /** Names of the variables that the template calls sensitive. */
  readonly sensitiveVariables: readonly string[];
  /** Literal defaults of sensitive variables: they must be redacted wherever they turn up. */
  readonly sensitiveValues: readonly string[];
  /** Where the template's manifest post-processors write, below the repository's root. */
  readonly manifestOutputs: readonly string[];
  /** Whether `packer init` has plugins to install (HCL2 `required_plugins`). */
  readonly requiresPlugins: boolean;
}

/** Where a secret stands in an input. */
export interface SecretFinding {
  /** Below the repository's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly rule: string;
}

/** The checked-out image repository. */
export interface ImageRepository {
  /** The inputs of a builder, sorted as the fingerprint sorts them. */
  discover(builder: Builder, requestVariables: Readonly<Record<string, string>>): Promise<Outcome<Discovery>>;
  /** Secrets that stand in clear in the files among the inputs; never with their text. @throws FailureError where one cannot be read (any more). */
  findSecrets(inputs: readonly Input[]): Promise<readonly SecretFinding[]>;
}

// ---- what an attempt does ------------------------------------------------------------------------------------

export interface PackerTool {
  /** The executable, absolute. */
  readonly file: string;
  readonly version: string;
}

/** Why an attempt was cut short: an operator's wish, its time limit, or a signal that nobody here asked for. */
export type Interruption = 'stop' | 'time-limit' | 'signal';

export interface PackerJob {
  readonly tool: PackerTool;
  readonly template: string;
  readonly varFiles: readonly string[];
  /** The builds of the template to run; none: all. */
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Reach packer in a private file, never as arguments. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Names that are taken out of packer's environment. */
  readonly hiddenEnvironment: readonly string[];
  /** Where the template's manifest post-processors write. */
  readonly manifestOutputs: readonly string[];
  /** Whether plugins have to be installed first. */
  readonly init: boolean;
}

export interface PackerOutcome {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Artifacts that the manifest post-processors recorded for this run. */
  readonly recorded: readonly Artifact[];
}

export interface Packer {
  find(): Promise<Outcome<PackerTool>>;
  /** The words of the command line that `run` gives to packer; the private file with the secrets by its name alone. */
  commandLine(job: PackerJob): readonly string[];
  /**
   * Runs packer and gives every line of its output, raw, as they come, several at a time. When `interrupt` is aborted packer
   * gets SIGTERM and the time to clean up what it made, and only after that SIGKILL.
   *
   * @param onLines where it gives a promise, packer is not listened to until that is resolved, so that nothing piles up.
   */
  run(job: PackerJob, onLines: (lines: readonly string[]) => Promise<void> | undefined, interrupt: AbortSignal): Promise<PackerOutcome>;
}

export interface LogWriter {
  /**
   * The next piece of the scrubbed log. Where it gives a promise, no more should come before that is resolved: it never
   * fails, since what went wrong shows on closing.
   */
  write(text: string): Promise<void> | undefined;
  /** Makes the log whole and visible under its key. */
  close(): Promise<void>;
}

/** The attempt's side of `control/<run>/`: it reads there, and writes nothing. */
export interface Control {
  /**
   * Waits until the dispatcher has told the run to go.
   *
   * @returns false where it did not within so many milliseconds, or the attempt was interrupted.
   */
  awaitGo(run: RunId, within: number, interrupt: AbortSignal): Promise<boolean>;
}

/** The attempt's side of `incoming/<run>/`: the only place it writes to. */
export interface Handover {
  openLog(run: RunId): Promise<LogWriter>;
  put(key: string, text: string): Promise<void>;
}

/** Resolves the references of `secrets`. */
export interface Secrets {
  read(reference: string): Promise<Outcome<string>>;
}

/** gzip, in a form whose bytes depend on the content alone. */
export interface Compression {
  compress(content: Uint8Array): Uint8Array;
  /** Undefined where it is no gzip, or longer than the limit once expanded. */
  expand(content: Uint8Array, limit: { readonly bytes: number }): Uint8Array | undefined;
  /** What comes, compressed piece by piece. */
  compressing(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** What comes, expanded piece by piece. @throws NoGzipError where it is no gzip, also after pieces that were one. */
  expanding(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

export class NoGzipError extends Error {}

/** A file of an archive. */
export interface ArchivedFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Something in an archive that was found; `content` is null where it is no plain file. */
export interface ArchivedEntry {
  readonly path: string;
  readonly content: Uint8Array | null;
}

/** tar, in a form whose bytes depend on the files alone. */
export interface Archive {
  /** The files in the order given. */
  pack(files: readonly ArchivedFile[]): Promise<Uint8Array>;
  /** In the order found. Undefined where it is no whole archive, or has more entries than the limit. */
  unpack(content: Uint8Array, limit: { readonly entries: number }): Promise<readonly ArchivedEntry[] | undefined>;
}
